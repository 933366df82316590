/// How much a log line matters, from least to most.
public enum LogLevel: String, CaseIterable, Comparable, Sendable {
    /// For whoever looks for a fault: steps inside one connection.
    case debug
    /// One connection's life.
    case info
    /// Start, stop and what an operator did.
    case notice
    /// Degraded, and healing by itself.
    case warning
    /// Someone must act.
    case error

    /// Orders by importance.
    @inlinable
    public static func < (left: LogLevel, right: LogLevel) -> Bool { left.rank < right.rank }

    @usableFromInline
    var rank: UInt8 {
        switch self {
        case .debug: 0
        case .info: 1
        case .notice: 2
        case .warning: 3
        case .error: 4
        }
    }
}
