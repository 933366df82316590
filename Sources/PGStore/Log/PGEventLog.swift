package import Shared

/// The event log in PostgreSQL, as those read it who deliver it.
///
/// Delivery is on nobody's behalf: these functions of the schema cross tenants, and say nothing but what subscribers are told.
package struct PGEventLog: EventStore {
    private let database: PGDatabase

    package init(_ database: PGDatabase) { self.database = database }

    package func heads(of streams: [EventStream]) async throws(StoreError) -> [EventStream: StreamHead] {
        let rows = try await self.database.read(
            "SELECT stream, epoch, seq, last_at FROM bellhop.stream_heads($1)", .uuids(streams.map(\.raw)))
        var heads: [EventStream: StreamHead] = [:]
        heads.reserveCapacity(rows.count)
        for row in rows {
            let (stream, epoch, seq, lastAt) = try row.read(UInt128.self, Int64.self, Int64.self, Timestamp.self)
            heads[EventStream(raw: stream)] = StreamHead(epoch: Epoch(raw: epoch), seq: seq, lastAt: lastAt)
        }
        return heads
    }

    package func events(
        of stream: EventStream, after: Int64, through: Int64, limit: Int, notBefore: Timestamp?
    ) async throws(StoreError) -> [LoggedEvent] {
        let rows = try await self.database.read(
            "SELECT seq, recorded_at, id, name, targets, projections FROM bellhop.stream_events($1, $2, $3, $4, $5)",
            .uuid(stream.raw), .int8(after), .int8(through), .int4(Int32(clamping: limit)), .timestamptz(notBefore))
        var events: [LoggedEvent] = []
        events.reserveCapacity(rows.count)
        for row in rows { events.append(try LoggedEvent(row)) }
        return events
    }

    package func renewEpoch(
        of stream: EventStream, delivered: StreamHead
    ) async throws(StoreError) -> StreamHead? {
        let renew = PGQuery(
            "SELECT epoch, seq FROM bellhop.renew_epoch($1, $2, $3)", .uuid(stream.raw), .int8(delivered.epoch.raw),
            .int8(delivered.seq))
        // It does nothing to an epoch that has been renewed already: an unknown outcome is settled by doing it again.
        let rows = try await self.database.transaction(settlesItself: true) { transaction throws(StoreError) in
            try await transaction.run([renew])[0]
        }
        guard let row = rows.first else { return nil }
        let (epoch, seq) = try row.read(Int64.self, Int64.self)
        return StreamHead(epoch: Epoch(raw: epoch), seq: seq)
    }
}

extension LoggedEvent {
    /// Reads a row of `bellhop.stream_events`.
    ///
    /// A projection that was erased comes as NULL: whoever would be told it is told nothing of this event any more.
    fileprivate init(_ row: PGRow) throws(StoreError) {
        let (seq, recordedAt, id, name, targets, projections) = try row.read(
            Int64.self, Timestamp.self, EventID.self, String.self, [UInt8].self, [[UInt8]?].self)
        let decoded = targets.withUnsafeBytes { try? EventTargets.decode($0, projections: projections.count) }
        guard let decoded else {
            // Only a fault of ours or of the disk writes what cannot be read; passing over it would break a promise in silence.
            throw .refused(code: "XX001", message: "the targets of event \(seq) cannot be read")
        }
        self.init(
            seq: seq, recordedAt: recordedAt, id: id, name: name,
            targets: decoded.filter { projections[Int($0.projection)] != nil },
            projections: projections.map { $0 ?? [] })
    }
}
