package import Shared

/// One thing of the hotel, as the log and the audit name it.
package struct EntityReference: Hashable, Sendable {
    /// As in an event's name: `room`, `user`, `room_type`.
    package let type: String
    package let id: UInt128
    /// Which version of it this speaks of; `nil` where it has none.
    package let version: Int64?

    package init(_ type: String, _ id: UInt128, version: Int64? = nil) {
        self.type = type
        self.id = id
        self.version = version
    }

    package init<Subject>(_ type: String, _ id: ID<Subject>, version: Int64? = nil) {
        self.init(type, id.raw, version: version)
    }
}

/// What the audit keeps of one thing that was done, tried or refused (`domain.md` 11.6). Who did it, from where and within
/// which command is its ``CommandOrigin``'s to say.
///
/// Whoever makes one leaves secrets and personal data out: the chain is never changed.
package struct AuditRow: Sendable {
    package enum Outcome: String, CaseIterable, Sendable { case applied, superseded, rejected, duplicate }

    /// In whose chain it stands; `nil` for the command's own tenant's.
    package var chain: EventStream?
    /// `entity:action`, like an event's name where there is one.
    package var action: String
    package var outcome: Outcome
    package var entity: EntityReference?
    package var property: PropertyID?
    package var before: JSONValue?
    package var after: JSONValue?
    package var reason: String?
    /// `nil`: when it is written.
    package var effectiveAt: Timestamp?
    /// The event that told of it.
    package var event: EventID?

    package init(
        _ action: String, _ outcome: Outcome = .applied, on entity: EntityReference? = nil,
        property: PropertyID? = nil, before: JSONValue? = nil, after: JSONValue? = nil, reason: String? = nil,
        effectiveAt: Timestamp? = nil, event: EventID? = nil, chain: EventStream? = nil
    ) {
        self.action = action
        self.outcome = outcome
        self.entity = entity
        self.property = property
        self.before = before
        self.after = after
        self.reason = reason
        self.effectiveAt = effectiveAt
        self.event = event
        self.chain = chain
    }
}
