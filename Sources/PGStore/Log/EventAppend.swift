package import Hotel
package import Ports
package import Shared

/// An event on its way into the log, with what the log keeps beside its payload.
package struct EventEntry: Sendable {
    package var draft: EventDraft
    package var entity: EntityReference
    /// The people of whom the draft's personal tellings speak, and whose wish erases these. Where there are none, nothing is
    /// kept apart: prices are nobody's.
    package var people: [UInt128]
    package var property: PropertyID?
    package var businessDate: CalendarDate?
    package var causation: CorrelationID?
    /// What was edited; of personal fields only the names are kept.
    package var changes: [FieldChange]

    package init(
        _ draft: EventDraft, of entity: EntityReference, people: [UInt128], property: PropertyID? = nil,
        businessDate: CalendarDate? = nil, causation: CorrelationID? = nil, changes: [FieldChange] = []
    ) {
        self.draft = draft
        self.entity = entity
        self.people = people
        self.property = property
        self.businessDate = businessDate
        self.causation = causation
        self.changes = changes
    }
}

/// The last statement of a command's transaction: appends events and audit rows, moves the heads, and stores what a repetition
/// of the command is answered.
///
/// To be committed in the same go as it is sent: it locks the streams' heads. What it gave is news only after the commit.
package struct EventAppend: Sendable {
    package let query: PGQuery
    private let drafts: [EventDraft]

    /// - Parameters:
    ///   - origin: the transaction must have been told its tenant.
    ///   - result: stored with the command's operation, if it has one: it must have been begun in this transaction.
    package init(
        _ origin: CommandOrigin, events: [EventEntry], audit: [AuditRow], result: [UInt8]? = nil
    ) {
        let home = EventStream(of: origin.tenant)
        var streams: [EventStream] = []
        for stream in events.map(\.draft.stream) + audit.map({ $0.chain ?? home }) where !streams.contains(stream) {
            streams.append(stream)
        }
        var projections: [[UInt8]?] = []
        for event in events {
            let texts = event.draft.projections
            precondition((1...LoggedEvent.mostProjections).contains(texts.count), "an event has one to four tellings")
            projections += texts + Array(repeating: nil, count: LoggedEvent.mostProjections - texts.count)
        }
        let columns = OriginColumns(origin)
        let eventRows = JSONWriter.text { writer in
            writer.array { writer in
                for event in events { writer.object { event.write(columns, to: &$0) } }
            }
        }
        let auditRows = JSONWriter.text { writer in
            writer.array { writer in
                for row in audit { writer.object { row.write(columns, home: home, to: &$0) } }
            }
        }
        self.drafts = events.map(\.draft)
        self.query = PGQuery(
            """
            SELECT ordinal, stream, seq, recorded_at, epoch \
            FROM bellhop.append_events($1, $2, $3, $4, $5, $6, $7, $8)
            """,
            .uuids(streams.map(\.raw)), .jsonb(eventRows),
            .byteas(self.drafts.map { EventTargets.encoded($0.targets) }), .byteas(projections), .jsonb(auditRows),
            .uuid(OriginColumns.operator(of: origin)), .id(origin.operation?.id), .bytea(result))
    }

    /// Reads the statement's answer.
    ///
    /// - Returns: what to tell of each stream, once the transaction is committed.
    package func read(_ rows: PGRows) throws(StoreError) -> [StreamNews] {
        guard rows.count == self.drafts.count else {
            throw .refused(code: "XX000", message: "\(rows.count) of \(self.drafts.count) events were appended")
        }
        var order: [EventStream] = []
        var told: [EventStream: (epoch: Epoch, events: [LoggedEvent])] = [:]
        for row in rows {
            let (ordinal, raw, seq, recordedAt, epoch) = try row.read(
                Int.self, UInt128.self, Int64.self, Timestamp.self, Int64.self)
            guard self.drafts.indices.contains(ordinal - 1) else {
                throw .refused(code: "XX000", message: "event \(ordinal) was not asked for")
            }
            let draft = self.drafts[ordinal - 1]
            let stream = EventStream(raw: raw)
            let event = LoggedEvent(
                seq: seq, recordedAt: recordedAt, id: draft.id, name: draft.name, targets: draft.targets,
                projections: draft.projections)
            if told[stream] == nil { order.append(stream) }
            told[stream, default: (Epoch(raw: epoch), [])].events.append(event)
        }
        return order.compactMap { stream in
            told[stream].map { StreamNews(stream: stream, epoch: $0.epoch, events: $0.events) }
        }
    }
}

/// A command's origin in the columns of the log and of the audit.
struct OriginColumns: Sendable {
    let origin: CommandOrigin
    /// A guest's name is personal data, which these tables never give back.
    let actor: JSONValue

    init(_ origin: CommandOrigin) {
        let actor = origin.actor
        var object: JSONObject = ["type": .string(actor.kind.rawValue), "id": JSONValue(id: actor.id)]
        object["name"] = actor.kind == .resident ? .null : .string(actor.name)
        object["role"] = JSONValue(actor.roleCode)
        self.origin = origin
        self.actor = .object(object)
    }

    /// Under whose id a command's operation is recorded; what the system does is nobody's.
    static func `operator`(of origin: CommandOrigin) -> UInt128? {
        origin.operation == nil ? nil : origin.actor.id ?? 0
    }

    fileprivate func writeShared(to writer: inout JSONWriter) {
        writer.member("actor", self.actor)
        writer.member("device_id", self.origin.device?.description)
        writer.member("op_id", self.origin.operation?.id.description)
        writer.member("correlation_id", self.origin.correlation.description)
    }
}

extension EventEntry {
    fileprivate func write(_ columns: OriginColumns, to writer: inout JSONWriter) {
        columns.writeShared(to: &writer)
        writer.member("source", columns.origin.source.rawValue)
        writer.member("stream", JSONValue(id: self.draft.stream.raw))
        writer.member("id", self.draft.id.description)
        writer.member("tenant_id", JSONValue(id: self.tenant(columns.origin)))
        writer.member("property_id", self.property?.description)
        writer.member("name", self.draft.name)
        writer.member("entity_type", self.entity.type)
        writer.member("entity_id", JSONValue(id: self.entity.id))
        writer.member("entity_version", self.entity.version)
        writer.member("occurred_at", self.draft.occurredAt.description)
        writer.member("business_date", self.businessDate?.description)
        writer.member("causation_id", self.causation?.description)
        writer.member("changes", self.changes.isEmpty ? .null : FieldChange.list(self.changes, showingPersonal: false))
        writer.member("projections", self.draft.projections.count)
        guard !self.people.isEmpty, !self.draft.personal.isEmpty else { return }
        writer.array("personal") { writer in for index in self.draft.personal { writer.int(index) } }
        writer.array("guests") { writer in for person in self.people { writer.value(JSONValue(id: person)) } }
    }

    /// A tenant's stream holds what is about the tenant; the platform's also what is about the command's.
    private func tenant(_ origin: CommandOrigin) -> UInt128 {
        switch self.draft.stream {
        case .tenant(let tenant): tenant.raw
        case .system: origin.tenant?.raw ?? 0
        }
    }
}

extension AuditRow {
    func write(_ columns: OriginColumns, home: EventStream, to writer: inout JSONWriter) {
        columns.writeShared(to: &writer)
        writer.member("stream", JSONValue(id: (self.chain ?? home).raw))
        writer.member("ip", columns.origin.address)
        writer.member("property_id", self.property?.description)
        writer.member("action", self.action)
        writer.member("entity_type", self.entity?.type)
        writer.member("entity_id", JSONValue(id: self.entity?.id))
        writer.member("outcome", self.outcome.rawValue)
        // Left out, not null: a JSON null would be a value of the column.
        if let before = self.before { writer.member("before", before) }
        if let after = self.after { writer.member("after", after) }
        writer.member("reason", self.reason)
        writer.member("effective_at", self.effectiveAt?.description)
        writer.member("event_id", self.event?.description)
    }
}

extension EventStream {
    /// The stream of a tenant; the platform's where there is none.
    init(of tenant: TenantID?) { self = tenant.map { .tenant($0) } ?? .system }
}
