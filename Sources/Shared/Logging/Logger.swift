/// Where finished log lines go.
public protocol LogSink: Sendable {
    /// Takes one line, its newline included. Called from any thread, also from event loops: it must not block.
    func write(_ line: [UInt8], level: LogLevel)
}

/// Writes events with fields: dotted static names, one line each, no payloads, tokens or people's names.
///
///     log.info("conn.closed", ["conn": .id(id), "code": .int(4008)])
///
/// Names are static text and values are escaped, so no input of a peer can forge a line. A line below the threshold costs
/// one comparison: its fields are not even made.
public struct Logger: Sendable {
    private let sink: any LogSink
    private var style: LogStyle
    @usableFromInline let threshold: LogLevel

    /// - Parameter threshold: the least level that is written.
    public init(to sink: any LogSink, style: LogStyle, threshold: LogLevel) {
        self.sink = sink
        self.style = style
        self.threshold = threshold
    }

    /// Drops everything: for those that need a logger and are not asked what happened.
    public static var silent: Logger {
        Logger(to: Nowhere(), style: LogStyle(.text), threshold: .error)
    }

    /// A logger whose lines carry these fields too.
    public func adding(_ fields: KeyValuePairs<StaticString, LogValue>) -> Logger {
        var copy = self
        copy.style.add(fields)
        return copy
    }

    /// Whether lines of this level are written: to be asked before work that is done only for a line.
    @inlinable
    public func writes(_ level: LogLevel) -> Bool { level >= self.threshold }

    /// Someone must act.
    @inlinable
    public func error(_ event: StaticString, _ fields: @autoclosure () -> KeyValuePairs<StaticString, LogValue> = [:]) {
        if self.writes(.error) { self.emit(.error, event, fields()) }
    }

    /// Degraded, and healing by itself.
    @inlinable
    public func warning(
        _ event: StaticString, _ fields: @autoclosure () -> KeyValuePairs<StaticString, LogValue> = [:]
    ) {
        if self.writes(.warning) { self.emit(.warning, event, fields()) }
    }

    /// Start, stop and what an operator did.
    @inlinable
    public func notice(
        _ event: StaticString, _ fields: @autoclosure () -> KeyValuePairs<StaticString, LogValue> = [:]
    ) {
        if self.writes(.notice) { self.emit(.notice, event, fields()) }
    }

    /// One connection's life.
    @inlinable
    public func info(_ event: StaticString, _ fields: @autoclosure () -> KeyValuePairs<StaticString, LogValue> = [:]) {
        if self.writes(.info) { self.emit(.info, event, fields()) }
    }

    /// Steps inside one connection.
    @inlinable
    public func debug(_ event: StaticString, _ fields: @autoclosure () -> KeyValuePairs<StaticString, LogValue> = [:]) {
        if self.writes(.debug) { self.emit(.debug, event, fields()) }
    }

    @usableFromInline
    func emit(_ level: LogLevel, _ event: StaticString, _ fields: KeyValuePairs<StaticString, LogValue>) {
        self.sink.write(self.style.line(level, event, fields), level: level)
    }

    private struct Nowhere: LogSink {
        func write(_ line: [UInt8], level: LogLevel) {}
    }
}
