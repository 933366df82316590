@testable import Shared

/// Keeps lines for a test to look at.
final class LogLines: LogSink {
    private let kept = Locked<[String]>([])

    func write(_ line: [UInt8], level: LogLevel) {
        self.kept.withLock { $0.append(String(decoding: line, as: UTF8.self)) }
    }

    var all: [String] { self.kept.withLock { $0 } }

    /// A logger into these lines whose clock stands still.
    func logger(
        _ format: LogFormat, threshold: LogLevel = .debug, fields: KeyValuePairs<StaticString, LogValue> = [:]
    ) -> Logger {
        let style = LogStyle(format, fields: fields) { Timestamp(milliseconds: 1_767_323_045_678) }
        return Logger(to: self, style: style, threshold: threshold)
    }
}
