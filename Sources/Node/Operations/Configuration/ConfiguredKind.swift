internal import Hotel
internal import Ports
internal import Shared

/// A kind of thing that people configure: how it is shown, compared, told and audited. Stated once for each kind.
struct ConfiguredKind<Record: Sendable>: Sendable {
    /// As in its events' names: `room_type`.
    let name: String
    let shape: JSONShape<Record>
    let reference: @Sendable (Record) -> EntityReference
    /// Members that only REST shows: free settings may hold what is nobody else's business.
    var untold: Set<String> = []

    /// What changes with every change, and says nothing.
    private static var bookkeeping: Set<String> { ["version", "created_at", "updated_at"] }

    /// A record as REST shows it.
    func json(_ record: Record) -> JSONObject {
        guard case .object(let object)? = try? JSONValue(parsing: self.shape.text(of: record)) else {
            preconditionFailure("\(self.name) is not shown as an object")
        }
        return object
    }

    /// What of a record others are told than those who ask for it.
    func told(_ shown: JSONObject) -> JSONObject {
        var told = shown
        for name in self.untold { told[name] = nil }
        return told
    }

    /// Where two records differ, in the order in which they are shown.
    func changes(from before: Record, to after: Record) -> [FieldChange] {
        let old = self.json(before)
        return self.json(after).members.compactMap { member in
            let from = old[member.name] ?? .null
            guard !Self.bookkeeping.contains(member.name), from != member.value else { return nil }
            return FieldChange(
                member.name, from: from, to: member.value, isPersonal: self.untold.contains(member.name))
        }
    }

    /// Refuses an edit that is based on another version than holds.
    func check(_ expected: Int64?, against record: Record) throws(Refusal) {
        let reference = self.reference(record)
        guard let expected, let version = reference.version, expected != version else { return }
        throw Refusal(
            .versionConflict,
            current: ["version": .number(JSONNumber(version)), self.name: .object(self.json(record))])
    }
}

extension ConfiguredKind where Record: ConfiguredRecord {
    /// The record as it is to be, a version further if it differs.
    func edited(_ record: Record, by edits: Edits<Record>, at now: Timestamp) -> Record {
        self.touched(edits.applied(to: record), from: record, at: now)
    }

    func touched(_ after: Record, from before: Record, at now: Timestamp) -> Record {
        guard !self.changes(from: before, to: after).isEmpty else { return before }
        var after = after
        after.version = before.version + 1
        after.updatedAt = now
        return after
    }
}

/// To whom a change of something configured is told, and on which day.
struct ConfiguredPlace {
    let addressees: Addressees
    let property: PropertyID?
    let businessDate: CalendarDate?

    /// Something of a property.
    init(_ rules: PropertyRules, of tenant: TenantID) {
        self.addressees = Addressees(tenant: tenant, property: rules.id, departments: rules.departments)
        self.property = rules.id
        self.businessDate = rules.businessDate
    }

    /// A property itself.
    init(_ property: PropertyRecord, of tenant: TenantID) {
        self.addressees = Addressees(tenant: tenant, property: property.id)
        self.property = property.id
        self.businessDate = property.businessDate
    }
}

/// What was done to something configured.
enum ConfiguredDeed: String {
    case created, updated, archived, retired
}

extension CommandDecision {
    /// A change of something configured: one event, one row of the audit; where nothing differs, the row alone.
    ///
    /// - Parameter before: `nil` if it is new.
    init<Record>(
        _ deed: ConfiguredDeed, _ kind: ConfiguredKind<Record>, action: String, from before: Record?,
        to after: Record, at place: ConfiguredPlace, now: Timestamp
    ) {
        let reference = kind.reference(after)
        let shown = kind.json(after)
        let changes = before.map { kind.changes(from: $0, to: after) } ?? []
        var row = AuditRow(action, .applied, on: reference, property: place.property, effectiveAt: now)
        let told = kind.told(shown)
        if before == nil { row.after = .object(told) }
        if deed == .retired { row.before = .object(told) }
        if !changes.isEmpty {
            var old = JSONObject()
            var new = JSONObject()
            for change in changes {
                // The chain is never changed: of what nobody is told it keeps only that it changed.
                old[change.field] = change.isPersonal ? "…" : change.from
                new[change.field] = change.isPersonal ? "…" : change.to
            }
            (row.before, row.after) = (.object(old), .object(new))
        }
        var events: [DecidedEvent] = []
        if before == nil || deed == .retired || !changes.isEmpty {
            let event = DomainEvent.configured(
                "\(kind.name):\(deed.rawValue)", told.members.map { .open($0.name, $0.value) }, changes: changes,
                for: place.addressees)
            var decided = DecidedEvent(event, of: reference, occurredAt: now)
            decided.property = place.property
            decided.businessDate = place.businessDate
            decided.changes = changes
            row.event = decided.id
            events = [decided]
        }
        self.init(
            events: events, audit: [row],
            answer: CommandAnswer(
                .applied, entity: JSONValue.object(shown).serialized, version: reference.version))
    }
}

extension Refusal {
    /// It cannot go while others need it.
    ///
    /// - Parameter users: what needs it: counts, or the first of their names.
    static func inUse(_ users: JSONObject) -> Refusal {
        var current: JSONObject = ["state": "in_use", "allowed": []]
        for member in users.members { current[member.name] = member.value }
        return Refusal(.transitionNotAllowed, params: ["reason": "in_use"], current: current)
    }

    /// Nothing can be done at a property that is over.
    static var archivedProperty: Refusal {
        .transition(from: PropertyStatus.archived.rawValue, allowed: [], because: "property_archived")
    }
}

extension PropertySite {
    /// Refuses what is to be configured here by somebody who may not, or when it is too late.
    ///
    /// Who does not see the property learns nothing of it, not even that it is there.
    func check(_ permission: Permission, of actor: Actor, in tenant: TenantID) throws(Refusal) {
        guard actor.sees(self.id, of: tenant) else { throw Refusal(.notFound) }
        try actor.require(permission, at: .property(self.id, of: tenant))
        guard self.status != .archived else { throw .archivedProperty }
    }
}
