package import Shared

/// Where the audit is read and checked.
package protocol AuditDirectory: Sendable {
    /// Rows of a chain, the latest first, with the position of the stream, which is read before them.
    func rows(_ wanted: Found<AuditSelection>) async throws(StoreError) -> (StreamHead, [AuditEntry])

    /// Recomputes a part of a chain; `nil` if there is no such chain.
    func verify(_ part: AuditPart) async throws(StoreError) -> AuditCheck?
}

/// A part of a chain. One object for the reason that ``CodeSelection`` is one.
package final class AuditPart: Sendable {
    package let chain: EventStream
    /// The first row to look at.
    package let first: Int64
    /// The last one; `nil` for the last there is.
    package let last: Int64?
    /// So many rows at most, however many were asked for.
    package let most: Int64

    package init(of chain: EventStream, from first: Int64, through last: Int64?, most: Int64) {
        self.chain = chain
        self.first = first
        self.last = last
        self.most = most
    }
}

/// What of a chain somebody may see.
package struct AuditScope: Equatable, Sendable {
    /// Everything, also what belongs to no property.
    package var isWhole = false
    /// Everything at these.
    package var properties: [PropertyID] = []
    /// What is about finance, wherever it is.
    package var isAllFinance = false
    /// What is about finance, at these.
    package var financeProperties: [PropertyID] = []

    package init() {}

    /// Entities that are about finance (`domain.md` 2.5), as the audit names them.
    package static let finance = ["charge", "deposit", "folio", "invoice", "invoice_line", "payment", "refund"]

    package var isEmpty: Bool { self == AuditScope() }
}

/// Which rows of a chain a list shows.
package struct AuditSelection: Sendable {
    package let chain: EventStream
    package var scope: AuditScope
    package var property: PropertyID?
    package var entityType: String?
    package var entity: UInt128?
    package var actor: UInt128?
    package var action: String?
    /// Recorded then or later.
    package var from: Timestamp?
    /// Recorded before.
    package var to: Timestamp?
    /// Only what came before this row.
    package var before: Int64?
    package var limit: Int

    package init(of chain: EventStream, scope: AuditScope, limit: Int) {
        self.chain = chain
        self.scope = scope
        self.limit = limit
    }
}

/// A row of the audit as it is read. A class because there are many columns.
package final class AuditEntry: Sendable {
    package let seq: Int64
    package let at: Timestamp
    package let property: PropertyID?
    /// `{type, id, name, role}`
    package let actor: [UInt8]
    package let address: String?
    package let device: DeviceID?
    package let action: String
    package let entityType: String?
    package let entity: UInt128?
    package let outcome: AuditRow.Outcome
    package let before: [UInt8]?
    package let after: [UInt8]?
    package let reason: String?
    package let effectiveAt: Timestamp
    package let operation: OperationID?
    package let event: EventID?
    package let correlation: CorrelationID
    package let isClockUntrusted: Bool
    package let hash: [UInt8]

    package init(
        seq: Int64, at: Timestamp, property: PropertyID?, actor: [UInt8], address: String?, device: DeviceID?,
        action: String, entityType: String?, entity: UInt128?, outcome: AuditRow.Outcome, before: [UInt8]?,
        after: [UInt8]?, reason: String?, effectiveAt: Timestamp, operation: OperationID?, event: EventID?,
        correlation: CorrelationID, isClockUntrusted: Bool, hash: [UInt8]
    ) {
        self.seq = seq
        self.at = at
        self.property = property
        self.actor = actor
        self.address = address
        self.device = device
        self.action = action
        self.entityType = entityType
        self.entity = entity
        self.outcome = outcome
        self.before = before
        self.after = after
        self.reason = reason
        self.effectiveAt = effectiveAt
        self.operation = operation
        self.event = event
        self.correlation = correlation
        self.isClockUntrusted = isClockUntrusted
        self.hash = hash
    }
}

/// What came of looking at a part of a chain. A class for the reason that `ShownRoom` is one.
package final class AuditCheck: Sendable {
    /// The last row that was looked at; below the first one if there is none.
    package let through: Int64
    /// The last row of the chain.
    package let last: Int64
    /// The first row that is missing or not what it was.
    package let brokenAt: Int64?

    package init(through: Int64, last: Int64, brokenAt: Int64?) {
        self.through = through
        self.last = last
        self.brokenAt = brokenAt
    }
}
