/// What a worker process is in its run: one of those that hold sockets, or the one that publishes.
struct WorkerRole: Equatable, Sendable {
    static let command = "worker"
    static let argumentCount = 3

    enum Duty: String, Sendable { case sockets, publisher }

    let duty: Duty
    /// Among those with the same duty.
    let index: Int
    let count: Int
    /// Marks the messages of this run.
    let run: UInt64

    init(_ duty: Duty, index: Int, count: Int, run: UInt64) {
        (self.duty, self.index, self.count, self.run) = (duty, index, count, run)
    }

    /// Reads ``arguments`` without the command; `nil` for anything else.
    init?(_ arguments: [String]) {
        guard arguments.count == Self.argumentCount, let duty = Duty(rawValue: arguments[0]),
            let run = UInt64(arguments[2], radix: 16)
        else { return nil }
        let place = arguments[1].split(separator: "/").compactMap { Int($0) }
        guard place.count == 2, place[0] >= 0, place[0] < place[1] else { return nil }
        self.init(duty, index: place[0], count: place[1], run: run)
    }

    /// How the coordinator says it to the process.
    var arguments: [String] {
        [Self.command, self.duty.rawValue, "\(self.index)/\(self.count)", String(self.run, radix: 16)]
    }
}
