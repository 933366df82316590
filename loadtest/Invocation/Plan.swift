/// One run as the command line asked for it; coordinator and workers read the same one.
struct Plan: Equatable, Sendable {
    var scenario: Scenario
    /// Sockets are spread over these in turn.
    var targets: [Endpoint] = []
    /// Each event is posted to all of these; in the hotel, each command to one of them.
    var publishers: [Endpoint] = []
    /// How to come into the hotel, if the run is about one.
    var hotel: HotelAccess?
    var pids: [Int32] = []
    var sockets: Int
    var seconds: Double
    var rate: Double
    var burst = 1
    var messageBytes = 300
    var closesAtOnce = false
    /// Connects per second; `nil`: as fast as they go.
    var connectsPerSecond: Double?
    var connectsInFlight = 100
    var warmupSeconds: Double
    var graceSeconds = 5.0
    var connectSeconds = 10.0
    /// `nil`: as many as the descriptors ask for.
    var workers: Int?
    var sources: [String] = []
    var jsonFile: String?
    var plotFile: String?
    var pageFile: String?
    /// Empty: the defaults of ``Verdict``.
    var thresholds: [Threshold] = []
    var showsProgress = true

    init(_ scenario: Scenario) {
        self.scenario = scenario
        self.sockets = scenario.defaults.sockets
        self.seconds = scenario.defaults.seconds
        self.rate = scenario.defaults.rate
        self.warmupSeconds = scenario.defaults.warmupSeconds
    }

    /// How many deliveries the servers owe, by what was sent and who listened.
    func expectedDeliveries(_ figures: Figures) -> UInt64 {
        self.hotel == nil ? self.scenario.expectedDeliveries(figures) : figures[.owed]
    }

    /// The share of one of `count` workers when something is dealt out in turn.
    static func share(of total: Int, worker: Int, of count: Int) -> Int {
        total / count + (worker < total % count ? 1 : 0)
    }

    /// How many processes it takes to hold the sockets.
    ///
    /// - Parameter descriptors: how many a process may have; some are needed for other things.
    func workerCount(descriptors: Int) -> Int {
        let capacity = max(1, min(18_000, descriptors - 64))
        let held = self.closesAtOnce ? min(self.sockets, self.connectsInFlight) : self.sockets
        let needed = (held + capacity - 1) / capacity
        return max(needed, min(self.workers ?? 1, self.sockets))
    }
}
