internal import Glibc
internal import Reactor

/// Why a socket never opened, coarse enough to be counted.
enum ConnectFailure: Error, Hashable, Sendable {
    /// The kernel's error number.
    case system(CInt)
    case timedOut
    /// The peer closed before it answered.
    case hungUp
    /// An HTTP answer other than 101.
    case status(Int)
    /// An answer that is no valid WebSocket handshake.
    case malformed
    /// An answer to another request that is no HTTP, or does not say what it has to.
    case unreadable
    /// The HTTP status with which a channel's signature was refused.
    case authorisation(Int)
    /// The status with which a subscription was refused.
    case subscription(Int)
    /// The code with which the server closed before the socket had its channel.
    case closed(Int)

    init(_ reason: CloseReason) {
        switch reason {
        case .failed(errno: ETIMEDOUT), .lingerTimedOut: self = .timedOut
        case .failed(let number): self = .system(number)
        case .closedHere, .closedByPeer, .slowConsumer, .loopStopped: self = .hungUp
        }
    }

    /// A word without spaces for the link between processes.
    var encoded: String {
        switch self {
        case .system(let number): "errno-\(number)"
        case .timedOut: "timeout"
        case .hungUp: "hangup"
        case .status(let code): "http-\(code)"
        case .malformed: "malformed"
        case .unreadable: "unreadable"
        case .authorisation(let code): "auth-\(code)"
        case .subscription(let code): "subscription-\(code)"
        case .closed(let code): "close-\(code)"
        }
    }

    init?(encoded: some StringProtocol) {
        let parts = encoded.split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
        switch (String(parts[0]), parts.count) {
        case ("timeout", 1): self = .timedOut
        case ("hangup", 1): self = .hungUp
        case ("malformed", 1): self = .malformed
        case ("unreadable", 1): self = .unreadable
        case ("errno", 2):
            guard let number = CInt(parts[1]) else { return nil }
            self = .system(number)
        case ("http", 2), ("auth", 2), ("subscription", 2), ("close", 2):
            guard let code = Int(parts[1]) else { return nil }
            switch parts[0] {
            case "http": self = .status(code)
            case "auth": self = .authorisation(code)
            case "subscription": self = .subscription(code)
            default: self = .closed(code)
            }
        default: return nil
        }
    }

    /// For people.
    var explanation: String {
        switch self {
        case .system(ECONNREFUSED): "connection refused: nobody listens there"
        case .system(EADDRNOTAVAIL): "no local port left: give more --source addresses"
        case .system(EMFILE): "no file descriptor left: give more --workers"
        case .system(ECONNRESET): "connection reset by the server"
        case .system(let number): String(cString: strerror(number))
        case .timedOut: "no answer in time"
        case .hungUp: "the server closed before it answered"
        case .status(let code): "HTTP \(code) instead of 101 Switching Protocols"
        case .malformed: "the answer is no WebSocket handshake"
        case .unreadable: "the answer cannot be read"
        case .authorisation(let code): "HTTP \(code) from /broadcasting/auth"
        case .subscription(let code): "the subscription is refused with status \(code)"
        case .closed(let code): "the server closed with \(code) before the channel was there"
        }
    }
}

/// How often each failure happened; adds up over processes.
struct FailureCounts: Equatable, Sendable {
    private(set) var counts: [ConnectFailure: UInt64] = [:]

    init() {}

    mutating func add(_ failure: ConnectFailure) { self.counts[failure, default: 0] += 1 }

    mutating func merge(_ other: FailureCounts) { self.counts.merge(other.counts, uniquingKeysWith: &+) }

    /// The most frequent first.
    var sorted: [(failure: ConnectFailure, count: UInt64)] {
        self.counts.map { (failure: $0.key, count: $0.value) }
            .sorted { ($1.count, $0.failure.encoded) < ($0.count, $1.failure.encoded) }
    }

    /// One word: `errno-111=5,timeout=1`; `-` if there are none.
    var encoded: String {
        self.counts.isEmpty
            ? "-" : self.sorted.map { "\($0.failure.encoded)=\($0.count)" }.joined(separator: ",")
    }

    /// Reads ``encoded``; `nil` for anything else.
    init?(encoded: some StringProtocol) {
        guard encoded != "-" else { return }
        for pair in encoded.split(separator: ",", omittingEmptySubsequences: false) {
            let parts = pair.split(separator: "=", omittingEmptySubsequences: false)
            guard parts.count == 2, let failure = ConnectFailure(encoded: parts[0]), let count = UInt64(parts[1])
            else { return nil }
            self.counts[failure] = count
        }
    }
}
