package import Hotel
package import Shared

/// Something that somebody asks of the hotel, decided within one transaction (architecture 1.1).
///
/// It does not change: it may be decided several times before its transaction is committed once, so it must do nothing but
/// decide. A class, because of the fault of Swift 6.3.1 that README.md describes.
package protocol HotelCommand: AnyObject, Sendable {
    /// `entity:action`, as the audit names the attempt.
    var action: String { get }
    /// What it is about, as far as its sender says.
    var subject: EntityReference? { get }

    /// Loads what it needs at the desk, which locks it; decides by the rules of the hotel; hands the desk the rows to keep.
    func decide(at desk: any CommandDesk) async throws(StoreError) -> CommandVerdict

    /// What to say if what it wanted to write was there already, by the name of the constraint that saw it; `nil` where that
    /// is our own mistake.
    func refusal(ofTaken constraint: String) -> Refusal?
}

extension HotelCommand {
    package func refusal(ofTaken constraint: String) -> Refusal? { nil }
}

/// What was decided about a command.
///
/// Indirect, and so one word, because of the fault of Swift 6.3.1 that README.md describes.
package indirect enum CommandVerdict: Sendable {
    /// Nothing is changed; the attempt is audited.
    case refused(Refusal)
    case decided(CommandDecision)
}

/// All that a decided command appends, and what its sender is told.
package struct CommandDecision: Sendable {
    /// In the order in which they are appended.
    package var events: [DecidedEvent]
    package var audit: [AuditRow]
    package var answer: CommandAnswer

    package init(events: [DecidedEvent], audit: [AuditRow], answer: CommandAnswer) {
        self.events = events
        self.audit = audit
        self.answer = answer
    }
}

/// An event of a command, with what the log keeps beside its payload.
package struct DecidedEvent: Sendable {
    /// Made before the event is appended, so that rows may name it.
    package let id: EventID
    package let event: DomainEvent
    package let entity: EntityReference
    /// The effective time.
    package let occurredAt: Timestamp
    /// The guests of whom its personal tellings speak.
    package var people: [UInt128] = []
    package var property: PropertyID?
    package var businessDate: CalendarDate?
    package var changes: [FieldChange] = []

    package init(_ event: DomainEvent, of entity: EntityReference, occurredAt: Timestamp) {
        self.id = .new(at: occurredAt)
        self.event = event
        self.entity = entity
        self.occurredAt = occurredAt
    }
}

/// What the sender of a command is told, and told again when it repeats it.
package struct CommandAnswer: Equatable, Sendable {
    /// How a write ended that was not refused.
    package enum Kind: String, CaseIterable, Sendable {
        case applied
        /// A later write was there before it; the entity says what holds.
        case superseded
    }

    package var kind: Kind
    /// The entity as JSON, as it is now.
    package var entity: [UInt8]
    /// Its version, where it has one.
    package var version: Int64?
    /// The fate of each register, where one write names several (`domain.md` 11.2).
    package var registers: [String: Kind]

    package init(_ kind: Kind, entity: [UInt8], version: Int64?, registers: [String: Kind] = [:]) {
        self.kind = kind
        self.entity = entity
        self.version = version
        self.registers = registers
    }
}

/// What became of a command. Indirect for the reason that ``CommandVerdict`` is.
package indirect enum CommandOutcome: Sendable {
    /// - Parameter seq: from which position of its tenant's stream on it is visible.
    case done(CommandAnswer, seq: Int64)
    /// It was done before under the same key: what it was answered then.
    case repeated(CommandAnswer, seq: Int64)
    case refused(Refusal)
}
