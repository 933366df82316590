package import Ports
package import Shared

extension PGQuery {
    /// Audits attempts that changed nothing. It holds the head of the stream: nothing else belongs into its transaction.
    package static func appendAudit(_ attempts: [AuditedAttempt], to chain: EventStream) -> PGQuery {
        let rows = JSONWriter.text { writer in
            writer.array { writer in
                for attempt in attempts {
                    writer.object { attempt.row.write(OriginColumns(attempt.origin), home: chain, to: &$0) }
                }
            }
        }
        return PGQuery("SELECT bellhop.append_audit($1, $2)", .uuid(chain.raw), .jsonb(rows))
    }
}
