/// How lines are made: their format, the clock they are stamped with and the fields that each of them carries.
public struct LogStyle: Sendable {
    private let format: LogFormat
    private let clock: @Sendable () -> Timestamp
    /// Rendered once: a logger is copied often and its own fields never change.
    private var fixedFields: [UInt8] = []

    /// - Parameters:
    ///   - fields: carried by every line, after `ts`, `level` and `event`.
    ///   - clock: asked once per line.
    public init(
        _ format: LogFormat, fields: KeyValuePairs<StaticString, LogValue> = [:],
        clock: @escaping @Sendable () -> Timestamp = { SystemClock.now }
    ) {
        self.format = format
        self.clock = clock
        self.add(fields)
    }

    mutating func add(_ fields: KeyValuePairs<StaticString, LogValue>) {
        for (name, value) in fields { self.format.append(name, value, to: &self.fixedFields) }
    }

    /// One whole line, its newline included.
    func line(_ level: LogLevel, _ event: StaticString, _ fields: KeyValuePairs<StaticString, LogValue>) -> [UInt8] {
        var line: [UInt8] = []
        line.reserveCapacity(128 + self.fixedFields.count + 32 * fields.count)
        self.format.open(&line, time: self.clock(), level: level, event: event)
        line += self.fixedFields
        for (name, value) in fields { self.format.append(name, value, to: &line) }
        self.format.close(&line)
        return line
    }
}
