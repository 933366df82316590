/// What a field of a log line may hold.
///
/// Never payloads, tokens, queries or people's names: ids, counts, codes and durations.
public enum LogValue: Sendable {
    /// Text, escaped when it is written; past ``maximumBytes`` it is cut.
    case string(String)
    /// A whole number.
    case int(Int)
    /// A number with a fraction.
    case double(Double)
    /// True or false.
    case bool(Bool)
    /// A span of time, written in milliseconds: the field's name ends in `_ms`.
    case milliseconds(Duration)
    /// Something that must not be read in a log: written as `redacted`.
    case redacted

    /// Longest text that one field shows.
    package static let maximumBytes = 512

    /// An id, or anything else that knows how to describe itself.
    public static func id(_ value: some CustomStringConvertible) -> LogValue {
        .string(value.description)
    }

    /// A failure, as it describes itself.
    public static func error(_ error: any Error) -> LogValue {
        .string(String(describing: error))
    }

    /// A secret, whose presence may be told but not its value: written as `redacted`.
    public static func secret<Value: ~Copyable>(_: borrowing Value) -> LogValue {
        .redacted
    }
}
