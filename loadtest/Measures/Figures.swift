/// What is counted, by the name that the link between processes uses for it.
enum Figure: String, CaseIterable, Sendable {
    /// Sockets whose handshake was accepted.
    case opened
    /// Sockets that never opened.
    case failed
    /// Sockets that ended without our closing them.
    case dropped
    /// Sockets that were open when traffic began: each is owed every event.
    case watching
    /// Events or replies that came, each counted once per socket.
    case deliveries
    case duplicates
    /// Deliveries that came after a newer one.
    case disorder
    /// Messages that are not of this run, or are damaged.
    case strangers
    /// Requests or publications that were sent.
    case sent
    /// Publications that the server confirmed.
    case accepted
    /// Publications or commands that the server refused or never answered.
    case refused
    /// Commands that were sent once more, because nobody knew what had become of them.
    case retries
    /// Commands of whose acceptance a worker with sockets knows: once for each such worker.
    case confirmed
    /// What the confirmed commands owe the sockets of a worker.
    case owed
    /// Events of others who work in the same hotel.
    case foreign
}

/// A count for each ``Figure``; adds up over processes.
struct Figures: Equatable, Sendable {
    private var values = InlineArray<15, UInt64>(repeating: 0)

    init() {}

    subscript(_ figure: Figure) -> UInt64 {
        get { self.values[figure.place] }
        set { self.values[figure.place] = newValue }
    }

    mutating func merge(_ other: Figures) {
        for place in self.values.indices { self.values[place] &+= other.values[place] }
    }

    static func == (left: Figures, right: Figures) -> Bool {
        left.values.indices.allSatisfy { left.values[$0] == right.values[$0] }
    }

    /// One word: `opened=5,failed=0,…`, without those that are 0; `-` if all are.
    var encoded: String {
        let pairs = Figure.allCases.filter { self[$0] > 0 }.map { "\($0.rawValue)=\(self[$0])" }
        return pairs.isEmpty ? "-" : pairs.joined(separator: ",")
    }

    /// Reads ``encoded``; `nil` for anything else.
    init?(encoded: some StringProtocol) {
        guard encoded != "-" else { return }
        for pair in encoded.split(separator: ",", omittingEmptySubsequences: false) {
            let parts = pair.split(separator: "=", omittingEmptySubsequences: false)
            guard parts.count == 2, let figure = Figure(rawValue: String(parts[0])), let value = UInt64(parts[1])
            else { return nil }
            self[figure] = value
        }
    }
}

extension Figure {
    fileprivate var place: Int {
        switch self {
        case .opened: 0
        case .failed: 1
        case .dropped: 2
        case .watching: 3
        case .deliveries: 4
        case .duplicates: 5
        case .disorder: 6
        case .strangers: 7
        case .sent: 8
        case .accepted: 9
        case .refused: 10
        case .retries: 11
        case .confirmed: 12
        case .owed: 13
        case .foreign: 14
        }
    }
}
