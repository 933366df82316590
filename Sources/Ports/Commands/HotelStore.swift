package import Shared

/// Where commands are carried out: each in one transaction, once.
package protocol HotelStore: Sendable {
    /// Records the operation, has the command decided, writes, appends and commits (architecture 1.1).
    ///
    /// A repeat under the same key waits for the fate of the first attempt and is answered what that was answered; so a
    /// commit whose outcome was not known is settled here, by asking again.
    ///
    /// - Throws: `StoreError`; `.outcomeUnknown` only if the command has a key and not even asking again could tell. Not said in
    ///   its type, because of the fault of Swift 6.3.1 that README.md describes.
    func execute(_ order: CommandOrder) async throws -> Execution

    /// Audits attempts that changed nothing, in one go and outside of every command's transaction.
    func note(_ attempts: [AuditedAttempt]) async throws(StoreError)
}

/// A command with all that its execution needs to know. A class, for the reason that ``CommandVerdict`` is indirect.
package final class CommandOrder: Sendable {
    package let command: any HotelCommand
    package let origin: CommandOrigin
    /// When its sender stops waiting; the store stops then too.
    package let deadline: ContinuousClock.Instant

    package init(_ command: any HotelCommand, from origin: CommandOrigin, deadline: ContinuousClock.Instant) {
        self.command = command
        self.origin = origin
        self.deadline = deadline
    }
}

/// A command that was carried out, and what there is to tell of it.
///
/// A class for the reason that ``CommandVerdict`` is indirect.
package final class Execution: Sendable {
    package let outcome: CommandOutcome
    /// Empty if nothing was appended, or if that happened earlier.
    package let news: [StreamNews]

    package init(_ outcome: CommandOutcome, news: [StreamNews] = []) {
        self.outcome = outcome
        self.news = news
    }
}

/// Something that was tried and refused, for the audit of its tenant.
package struct AuditedAttempt: Sendable {
    package let origin: CommandOrigin
    package let row: AuditRow

    package init(_ origin: CommandOrigin, _ row: AuditRow) {
        self.origin = origin
        self.row = row
    }
}
