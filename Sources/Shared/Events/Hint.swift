/// News of a commit as it travels between nodes: the events of one stream that one transaction appended, whole.
///
/// Which stream it is says the channel on which it comes. A hint may be lost, repeated or late; whoever gets one compares its
/// numbers with what was delivered before anything in it is copied. Numbers are big-endian:
///
///     bytes   what
///     1       version of this format: 1
///     8       epoch of the stream, below 2^48
///     8       seq of the first event, at least 1; the others follow without a gap
///     2       n: number of events, at least 1
///     then for each event
///     8       recorded_at in milliseconds since 1970
///     16      event id
///     1, n    length of the canonical name, at least 1; the name in UTF-8
///     1       p: number of projections, at most 4
///     4 × p   length of each projection
///     …       targets, as `EventTargets` describes them
///     …       the projections, one after the other
///
/// Decoding checks every length, never traps, and accepts no bytes that are left over. It does not look into projections.
package struct Hint {
    package static let version: UInt8 = 1
    /// A transaction with more is told in several hints.
    package static let mostEvents = Int(UInt16.max)
    /// A hint is closed when it is this long, so that one message never holds up the bus.
    package static let usualBytes = 256 << 10

    package let epoch: Epoch
    package let firstSeq: Int64
    package let count: Int
    /// When the first event was recorded; one transaction records all of its events at one moment.
    package let recordedAt: Timestamp
    private let body: UnsafeRawBufferPointer

    package var lastSeq: Int64 { self.firstSeq + Int64(self.count) - 1 }

    /// Reads the fixed header, and when it was. What is behind it is not looked at yet; the bytes must stay valid as long as the hint is used.
    package init(_ bytes: UnsafeRawBufferPointer) throws(HintError) {
        var input = HintBytes(bytes)
        let version = try input.take(UInt8.self)
        guard version == Self.version else { throw .version(version) }
        let epoch = try input.take(Int64.self)
        let firstSeq = try input.take(Int64.self)
        let count = Int(try input.take(UInt16.self))
        guard epoch >= 0, epoch < 1 << 48, firstSeq >= 1, firstSeq <= .max - Int64(count), count >= 1 else {
            throw .malformed
        }
        self.epoch = Epoch(raw: epoch)
        self.firstSeq = firstSeq
        self.count = count
        self.body = input.rest
        var first = input
        self.recordedAt = Timestamp(milliseconds: try first.take(Int64.self))
    }

    /// The events behind a position, copied out of the message; those at or before it are checked but not copied.
    package func events(after seq: Int64 = 0) throws(HintError) -> [LoggedEvent] {
        var input = HintBytes(self.body)
        var events: [LoggedEvent] = []
        for index in 0..<self.count {
            let number = self.firstSeq + Int64(index)
            if let event = try Self.takeEvent(number, from: &input, isWanted: number > seq) { events.append(event) }
        }
        try input.mustBeEmpty()
        return events
    }

    private static func takeEvent(
        _ seq: Int64, from input: inout HintBytes, isWanted: Bool
    ) throws(HintError) -> LoggedEvent? {
        let recordedAt = try input.take(Int64.self)
        let id = try input.take(UInt128.self)
        let nameBytes = Int(try input.take(UInt8.self))
        guard nameBytes >= 1 else { throw .malformed }
        let name = try input.take(bytes: nameBytes)
        let projectionCount = Int(try input.take(UInt8.self))
        guard projectionCount <= LoggedEvent.mostProjections else { throw .malformed }
        var lengths = InlineArray<4, Int>(repeating: 0)
        for index in 0..<projectionCount { lengths[index] = Int(try input.take(UInt32.self)) }
        let targets = try EventTargets.take(from: &input, projections: projectionCount)
        var projections: [[UInt8]] = []
        for index in 0..<projectionCount {
            let bytes = try input.take(bytes: lengths[index])
            if isWanted { projections.append(Array(bytes)) }
        }
        guard isWanted else { return nil }
        guard let text = String(validating: name, as: UTF8.self) else { throw .malformed }
        return LoggedEvent(
            seq: seq, recordedAt: Timestamp(milliseconds: recordedAt), id: EventID(raw: id), name: text,
            targets: targets, projections: projections)
    }
}

extension Hint {
    /// What to publish of a commit: usually one message, several if it is long.
    ///
    /// - Parameter events: of one stream, without a gap; each keeps to the bounds above.
    package static func messages(
        of events: [LoggedEvent], epoch: Epoch, usualBytes: Int = Hint.usualBytes
    ) -> [[UInt8]] {
        var messages: [[UInt8]] = []
        var start = 0
        while start < events.count {
            var message = Self.header(epoch, firstSeq: events[start].seq)
            var end = start
            repeat {
                precondition(events[end].seq == events[start].seq + Int64(end - start), "a commit has a gap")
                Self.append(events[end], to: &message)
                end += 1
            } while end < events.count && end - start < Self.mostEvents && message.count < usualBytes
            let count = UInt16(end - start)
            message[Self.countOffset] = UInt8(count >> 8)
            message[Self.countOffset + 1] = UInt8(count & 0xFF)
            messages.append(message)
            start = end
        }
        return messages
    }

    private static let countOffset = 17

    private static func header(_ epoch: Epoch, firstSeq: Int64) -> [UInt8] {
        var bytes = [Self.version]
        bytes.append(bigEndian: epoch.raw)
        bytes.append(bigEndian: firstSeq)
        bytes.append(bigEndian: UInt16(0))
        return bytes
    }

    private static func append(_ event: LoggedEvent, to output: inout [UInt8]) {
        precondition((1...255).contains(event.name.utf8.count), "an event's name is 1 to 255 bytes")
        precondition(event.projections.count <= LoggedEvent.mostProjections, "an event has too many projections")
        output.append(bigEndian: event.recordedAt.milliseconds)
        output.append(bigEndian: event.id.raw)
        output.append(UInt8(event.name.utf8.count))
        output.append(contentsOf: event.name.utf8)
        output.append(UInt8(event.projections.count))
        for projection in event.projections { output.append(bigEndian: UInt32(projection.count)) }
        EventTargets.append(event.targets, to: &output)
        for projection in event.projections { output.append(contentsOf: projection) }
    }
}
