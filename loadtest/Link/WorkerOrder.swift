/// What the coordinator tells a worker: one line of text on its standard input. The end of that input ends the worker.
enum WorkerOrder: Equatable, Sendable {
    /// Open the sockets; the first is due at this monotonic nanosecond.
    case ramp(start: UInt64)
    /// Before the ramp: who the worker is in the hotel.
    case enter(HotelBrief)
    /// The cluster has accepted a command.
    case confirmed(Confirmation)
    /// Let traffic flow.
    case run(Window)
    /// End the window at this instant.
    case cut(at: UInt64)
    /// Send the result, close the sockets, end.
    case finish

    var line: String {
        switch self {
        case .ramp(let start): "ramp \(start)"
        case .enter(let brief): "enter \(brief.encoded)"
        case .confirmed(let confirmation): "confirmed \(confirmation.encoded)"
        case .run(let window): "run \(window.begin) \(window.from) \(window.end)"
        case .cut(let instant): "cut \(instant)"
        case .finish: "finish"
        }
    }

    init?(line: String) {
        let parts = line.split(separator: " ", maxSplits: 1, omittingEmptySubsequences: false)
        if parts.count == 2, parts[0] == "enter" {
            guard let brief = HotelBrief(encoded: parts[1]) else { return nil }
            self = .enter(brief)
            return
        }
        if parts.count == 2, parts[0] == "confirmed" {
            guard let confirmation = Confirmation(encoded: parts[1]) else { return nil }
            self = .confirmed(confirmation)
            return
        }
        let words = line.split(separator: " ", omittingEmptySubsequences: false)
        let numbers = words.dropFirst().compactMap { UInt64($0) }
        guard let verb = words.first, numbers.count == words.count - 1 else { return nil }
        switch (verb, numbers.count) {
        case ("ramp", 1): self = .ramp(start: numbers[0])
        case ("run", 3): self = .run(Window(begin: numbers[0], from: numbers[1], end: numbers[2]))
        case ("cut", 1): self = .cut(at: numbers[0])
        case ("finish", 0): self = .finish
        default: return nil
        }
    }
}
