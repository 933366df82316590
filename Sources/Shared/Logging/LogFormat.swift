/// How a log line looks.
public enum LogFormat: String, CaseIterable, Sendable {
    /// One JSON object per line, for machines.
    case json
    /// `key=value` pairs (logfmt), for people at a terminal.
    case text

    func open(_ line: inout [UInt8], time: Timestamp, level: LogLevel, event: StaticString) {
        switch self {
        case .json:
            line += "{\"ts\":\"".utf8
            time.append(to: &line)
            line += "\",\"level\":\"".utf8
            line += level.rawValue.utf8
            line += "\",\"event\":\"".utf8
            line.append(event)
            line.append(UInt8(ascii: "\""))
        case .text:
            line += "ts=".utf8
            time.append(to: &line)
            line += " level=".utf8
            line += level.rawValue.utf8
            line += " event=".utf8
            line.append(event)
        }
    }

    func append(_ name: StaticString, _ value: LogValue, to line: inout [UInt8]) {
        assert(Self.isFieldName(name), "not a name for a log field: \(name)")
        switch self {
        case .json:
            line += [UInt8(ascii: ","), UInt8(ascii: "\"")]
            line.append(name)
            line += [UInt8(ascii: "\""), UInt8(ascii: ":")]
        case .text:
            line.append(UInt8(ascii: " "))
            line.append(name)
            line.append(UInt8(ascii: "="))
        }
        self.append(value, to: &line)
    }

    func close(_ line: inout [UInt8]) {
        switch self {
        case .json: line += [UInt8(ascii: "}"), UInt8(ascii: "\n")]
        case .text: line.append(UInt8(ascii: "\n"))
        }
    }

    private func append(_ value: LogValue, to line: inout [UInt8]) {
        switch value {
        case .string(let text): self.append(text: text, to: &line)
        case .int(let number): line += String(number).utf8
        case .double(let number):
            // RFC 8259 6: JSON has no number for infinity or NaN.
            if number.isFinite { line += number.description.utf8 } else { self.append(text: "\(number)", to: &line) }
        case .bool(let flag): line += (flag ? "true" : "false").utf8
        case .milliseconds(let duration): line += Self.milliseconds(duration).utf8
        case .redacted: self.append(text: "redacted", to: &line)
        }
    }

    private func append(text: String, to line: inout [UInt8]) {
        switch self {
        case .json: LogText.appendQuoted(text, to: &line)
        case .text: LogText.appendBareOrQuoted(text, to: &line)
        }
    }

    /// Whole microseconds, written as milliseconds: `12.345`.
    private static func milliseconds(_ duration: Duration) -> String {
        let (seconds, attoseconds) = duration.components
        let value = Double(seconds) * 1_000 + Double(attoseconds / 1_000_000_000_000) / 1_000
        return value.description
    }

    /// The names that the line itself uses are taken.
    static func isFieldName(_ name: StaticString) -> Bool {
        let text = name.description
        guard !["ts", "level", "event"].contains(text), !text.isEmpty else { return false }
        return text.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
            case UInt8(ascii: "_"), UInt8(ascii: "."): true
            default: false
            }
        }
    }
}

extension [UInt8] {
    fileprivate mutating func append(_ text: StaticString) {
        text.withUTF8Buffer { self.append(contentsOf: $0) }
    }
}
