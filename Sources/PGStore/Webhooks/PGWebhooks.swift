package import Ports
package import Shared

/// Webhooks in PostgreSQL: all that changes something is one call of a function, so one round trip under the lock of the app's
/// line.
package struct PGWebhooks: WebhookStore {
    private let database: PGDatabase

    package init(_ database: PGDatabase) { self.database = database }

    package func note(_ notes: WebhookNotes) async throws(StoreError) -> WebhookOutcome {
        let subjects = notes.facts.map(\.subject)
        let query = PGQuery(
            """
            SELECT told, queued, dropped FROM bellhop.note_webhooks(
                $1, $2, $3, $4, $5, $6, $7, make_interval(secs => $8), make_interval(secs => $9),
                make_interval(secs => $10), $11)
            """,
            .text(notes.app), .texts(subjects.map(\.kind.rawValue)), .texts(subjects.map(\.channel)),
            .texts(subjects.map(\.user)), .bools(notes.facts.map(\.holds)), .byteas(notes.facts.map(\.event)),
            .byteas(notes.others), .seconds(notes.terms.grace), .seconds(notes.terms.countPause),
            .seconds(notes.terms.window), .int4(Int32(clamping: notes.terms.bound)))
        return try WebhookOutcome(try await self.change(query))
    }

    package func due(_ app: String, limit: Int) async throws(StoreError) -> [WebhookMemory] {
        let rows = try await self.database.read(
            """
            SELECT kind, channel, user_id, look_at FROM bellhop.webhook_told
            WHERE app = $1 AND look_at <= clock_timestamp() ORDER BY look_at LIMIT $2
            """, .text(app), .int4(Int32(clamping: limit)))
        return try Self.memories(rows)
    }

    package func settle(_ findings: WebhookFindings) async throws(StoreError) -> WebhookOutcome {
        let (memories, timer) = (findings.findings.map(\.memory), findings.timer)
        let subjects = memories.map(\.subject)
        let query = PGQuery(
            """
            SELECT told, queued, dropped FROM bellhop.settle_webhooks(
                $1, $2, $3, $4, $5, $6, $7, $8, make_interval(secs => $9), make_interval(secs => $10), $11, $12, $13)
            """,
            .text(timer.key.key), .texts(subjects.map(\.kind.rawValue)), .texts(subjects.map(\.channel)),
            .texts(subjects.map(\.user)), .timestamptzs(memories.map(\.lookAt)),
            .bools(findings.findings.map(\.holds)), .int4s(findings.findings.map { Int32(clamping: $0.number) }),
            .byteas(findings.findings.map(\.event)), .seconds(findings.terms.unsettledPause),
            .seconds(findings.terms.window), .int4(Int32(clamping: findings.terms.bound)), .text(timer.claim),
            .int4(Int32(clamping: timer.attempt)))
        return try WebhookOutcome(try await self.change(query))
    }

    package func told(
        _ app: String, after: WebhookSubject?, limit: Int
    ) async throws(StoreError) -> [WebhookMemory] {
        let rows = try await self.database.read(
            """
            SELECT kind, channel, user_id, look_at FROM bellhop.webhook_told
            WHERE app = $1 AND (kind, channel, user_id) > ($2, $3, $4) ORDER BY kind, channel, user_id LIMIT $5
            """,
            .text(app), .text(after?.kind.rawValue ?? ""), .text(after?.channel ?? ""), .text(after?.user ?? ""),
            .int4(Int32(clamping: limit)))
        return try Self.memories(rows)
    }

    package func waiting(for app: String, limit: Int) async throws(StoreError) -> [QueuedWebhook] {
        let rows = try await self.database.read(
            "SELECT id, event FROM bellhop.webhook_event WHERE app = $1 ORDER BY id LIMIT $2", .text(app),
            .int4(Int32(clamping: limit)))
        var events: [QueuedWebhook] = []
        for row in rows {
            let (id, event) = try row.read(Int64.self, [UInt8].self)
            events.append(QueuedWebhook(id: id, event: event))
        }
        return events
    }

    package func end(_ attempt: WebhookAttempt) async throws(StoreError) -> WebhookStanding {
        let query = PGQuery(
            """
            SELECT failures, dropped, is_left FROM bellhop.end_webhook_attempt(
                $1, $2, $3, make_interval(secs => $4), make_interval(secs => $5), $6, $7)
            """,
            .text(attempt.timer.key.key), .int8s(attempt.ids), .bool(attempt.isDone), .seconds(attempt.terms.patience),
            .seconds(attempt.terms.horizon), .text(attempt.timer.claim), .int4(Int32(clamping: attempt.timer.attempt)))
        let (failures, dropped, isLeft) = try (try await self.change(query)).read(Int.self, Int.self, Bool.self)
        return WebhookStanding(failures: failures, dropped: dropped, isLeft: isLeft)
    }

    /// Calls a function that gives one row, and commits. Timers are the platform's.
    private func change(_ query: PGQuery) async throws(StoreError) -> PGRow {
        let rows = try await self.database.transaction(preamble: [.tenant(nil)]) { transaction throws(StoreError) in
            let rows = try await transaction.commit(with: [query])
            return rows[0]
        }
        guard let row = rows.first else { throw .refused(code: "XX001", message: "a function gave no row") }
        return row
    }

    private static func memories(_ rows: PGRows) throws(StoreError) -> [WebhookMemory] {
        var memories: [WebhookMemory] = []
        memories.reserveCapacity(rows.count)
        for row in rows {
            let (word, channel, user, lookAt) = try row.read(
                String.self, String.self, String.self, Timestamp?.self)
            // One of a newer version.
            guard let kind = WebhookSubject.Kind(rawValue: word) else { continue }
            memories.append(
                WebhookMemory(WebhookSubject(kind: kind, channel: channel, user: user), lookAt: lookAt))
        }
        return memories
    }
}

extension WebhookOutcome {
    fileprivate init(_ row: PGRow) throws(StoreError) {
        let (told, queued, dropped) = try row.read([String].self, Int.self, Int.self)
        self.init(told: told, queued: queued, dropped: dropped)
    }
}

extension PGValue {
    /// For an interval: from none to ten years.
    fileprivate static func seconds(_ duration: Duration) -> PGValue {
        .float8(min(max(duration / .seconds(1), 0), 315_360_000))
    }
}
