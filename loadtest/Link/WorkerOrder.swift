/// What the coordinator tells a worker: one line of text on its standard input. The end of that input ends the worker.
enum WorkerOrder: Equatable, Sendable {
    /// Open the sockets; the first is due at this monotonic nanosecond.
    case ramp(start: UInt64)
    /// Let traffic flow.
    case run(Window)
    /// End the window at this instant.
    case cut(at: UInt64)
    /// Send the result, close the sockets, end.
    case finish

    var line: String {
        switch self {
        case .ramp(let start): "ramp \(start)"
        case .run(let window): "run \(window.begin) \(window.from) \(window.end)"
        case .cut(let instant): "cut \(instant)"
        case .finish: "finish"
        }
    }

    init?(line: String) {
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
