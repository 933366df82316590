internal import Hotel
package import Ports
package import Shared

/// Has commands carried out, and tells the cluster of what they changed: the one way from a command to the sockets
/// (architecture 1).
///
/// What always holds: news is told only of what was committed; a sender is answered only what was committed; a command that was
/// refused is audited, soon and without holding up anybody else's.
package struct CommandService: Sendable {
    private let store: any HotelStore
    private let bus: any BusPublisher
    private let attempts: AttemptLog
    private let faults: FaultPoints

    package init(
        store: any HotelStore, bus: any BusPublisher, attempts: AttemptLog, faults: FaultPoints = FaultPoints()
    ) {
        self.store = store
        self.bus = bus
        self.attempts = attempts
        self.faults = faults
    }

    /// Carries a command out.
    ///
    /// - Throws: `StoreError`, for the reason that `HotelStore` gives not said in its type.
    package func perform(_ order: CommandOrder) async throws -> CommandOutcome {
        guard order.deadline > .now else { throw StoreError.timedOut }
        let execution = try await self.store.execute(order)
        self.faults.reach(.committed)
        for news in execution.news { news.publish(on: self.bus) }
        switch execution.outcome {
        case .done: break
        case .repeated: self.note(order.command, .duplicate, from: order.origin)
        case .refused(let refusal): self.note(order.command, .rejected, because: refusal.code, from: order.origin)
        }
        return execution.outcome
    }

    /// Audits what changed nothing.
    private func note(
        _ command: any HotelCommand, _ outcome: AuditRow.Outcome, because code: RefusalCode? = nil,
        from origin: CommandOrigin
    ) {
        self.attempts.note(
            AuditedAttempt(
                origin, AuditRow(command.action, outcome, on: command.subject, reason: code?.rawValue)))
    }
}
