internal import Hotel
package import Ports
package import Shared

/// The audit as it is read and checked, under the row-level security of whose chain it is.
package struct PGAuditDirectory: AuditDirectory {
    private let database: PGDatabase

    package init(_ database: PGDatabase) { self.database = database }

    private static let page: PGStatement = """
        SELECT a.seq, a.at, a.property_id, a.actor, host(a.ip), a.device_id, a.action, a.entity_type, a.entity_id, \
        a.outcome, a.before, a.after, a.reason, a.effective_at, a.op_id, a.event_id, a.correlation_id, \
        a.clock_untrusted, a.hash FROM bellhop.audit_log a \
        WHERE a.tenant_id = $1 AND ($2 OR a.property_id = ANY ($3) \
        OR (a.entity_type = ANY ($4) AND ($5 OR a.property_id = ANY ($6)))) \
        AND ($7::uuid IS NULL OR a.property_id = $7) AND ($8::text IS NULL OR a.entity_type = $8) \
        AND ($9::uuid IS NULL OR a.entity_id = $9) AND ($10::uuid IS NULL OR a.actor_id = $10) \
        AND ($11::text IS NULL OR a.action = $11) AND ($12::timestamptz IS NULL OR a.at >= $12) \
        AND ($13::timestamptz IS NULL OR a.at < $13) AND ($14::bigint IS NULL OR a.seq < $14) \
        ORDER BY a.seq DESC LIMIT $15
        """

    package func rows(
        _ selection: Found<AuditSelection>
    ) async throws(StoreError) -> (StreamHead, [AuditEntry]) {
        let wanted = selection.record
        let chain = wanted.chain
        let rows = try await self.database.read([
            .tenant(chain.tenant), .position(of: chain),
            PGQuery(
                Self.page, .uuid(chain.raw), .bool(wanted.scope.isWhole), .ids(wanted.scope.properties),
                .texts(AuditScope.finance), .bool(wanted.scope.isAllFinance), .ids(wanted.scope.financeProperties),
                .id(wanted.property), .text(wanted.entityType), .uuid(wanted.entity), .uuid(wanted.actor),
                .text(wanted.action), .timestamptz(wanted.from), .timestamptz(wanted.to), .int8(wanted.before),
                .int4(Int32(clamping: wanted.limit))),
        ])
        var entries: [AuditEntry] = []
        for row in rows[2] { entries.append(try Self.read(row)) }
        return (try StreamHead(position: rows[1]), entries)
    }

    package func verify(_ part: AuditPart) async throws(StoreError) -> AuditCheck? {
        let chain = part.chain
        let rows = try await self.database.read([
            .tenant(chain.tenant),
            PGQuery(
                """
                SELECT part.through, part.last, bellhop.verify_audit($1, $2, part.through) \
                FROM (SELECT h.audit_seq AS last, least(h.audit_seq, coalesce($3, h.audit_seq), $4) AS through \
                FROM bellhop.stream_head h WHERE h.stream = $1) AS part
                """, .uuid(chain.raw), .int8(part.first), .int8(part.last),
                .int8(part.first + part.most - 1)),
        ])
        guard let row = rows[1].first else { return nil }
        let (through, head, brokenAt) = try row.read(Int64.self, Int64.self, Int64?.self)
        return AuditCheck(through: through, last: head, brokenAt: brokenAt)
    }

    private static func read(_ row: PGRow) throws(StoreError) -> AuditEntry {
        var cells = RowCells(row)
        return AuditEntry(
            seq: try cells.next(Int64.self), at: try cells.next(Timestamp.self),
            property: try cells.next(PropertyID?.self), actor: try cells.next([UInt8].self),
            address: try cells.next(String?.self), device: try cells.next(DeviceID?.self),
            action: try cells.next(String.self), entityType: try cells.next(String?.self),
            entity: try cells.next(UInt128?.self), outcome: try cells.word(AuditRow.Outcome.self),
            before: try cells.next([UInt8]?.self), after: try cells.next([UInt8]?.self),
            reason: try cells.next(String?.self), effectiveAt: try cells.next(Timestamp.self),
            operation: try cells.next(OperationID?.self), event: try cells.next(EventID?.self),
            correlation: try cells.next(CorrelationID.self), isClockUntrusted: try cells.next(Bool.self),
            hash: try cells.next([UInt8].self))
    }
}

extension EventStream {
    /// Whose it is; `nil` for the platform's.
    fileprivate var tenant: TenantID? {
        switch self {
        case .tenant(let tenant): tenant
        case .system: nil
        }
    }
}
