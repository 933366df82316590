package import Shared

/// What can be asked of a room.
package enum RoomCommand: Hashable, Sendable {
    // Registers: the last write wins.
    case setStatus(HKStatus)
    case setServiceFlag(ServiceFlag)
    case reportOccupancy(HKOccupancy, persons: Int?)
    /// Says that the sighting was wrong or is settled: what housekeeping saw counts no more.
    case resolveDiscrepancy
    case setTurndown(TurndownStatus)
    case setRush(Bool, neededBy: Timestamp?)
    // Front office.
    case setHold(Bool)
    case checkIn(persons: Int, CheckInGuard)
    case checkOut
    case moveIn(persons: Int, CheckInGuard)
    case moveOut(leaving: HKStatus)
    case reverseCheckIn(restoring: HKStatus?)
    case reverseCheckOut(persons: Int)
    // Effects of other machines, decided there: only the system says these, on behalf of who caused them.
    case setAvailability(Availability, hasTicket: Bool, returning: HKStatus?)
    case setCleaning(Bool)
    case setQueued(Bool)
    case roll(inTurndownProgramme: Bool, inspectedDaysAgo: Int?)
}

/// Why a room's status changed, as `room:status_changed` says it.
package enum RoomChangeReason: String, CaseIterable, Sendable {
    case checkIn = "check_in"
    case checkOut = "check_out"
    case taskCompleted = "task_completed"
    case inspected, reported
    case blockStarted = "block_started"
    case blockEnded = "block_ended"
    case roomMove = "room_move"
    case roll, guest, pms, manual
}

/// The guest for whom a room is awaited today: whose desk is told when it becomes ready.
package struct ExpectedArrival: Hashable, Sendable {
    package let reservation: UInt128?
    package let queuePosition: Int?
    package let promisedAt: Timestamp?
    package let waitedSeconds: Int?

    package init(
        reservation: UInt128?, queuePosition: Int? = nil, promisedAt: Timestamp? = nil, waitedSeconds: Int? = nil
    ) {
        self.reservation = reservation
        self.queuePosition = queuePosition
        self.promisedAt = promisedAt
        self.waitedSeconds = waitedSeconds
    }
}

/// All that a decision depends on beside the room and the command.
package struct RoomContext: Sendable {
    package var actor: Actor
    /// The room's property.
    package var place: Place
    package var rules: RoomRules
    /// The write's own key: its effective time, whose hand, and its place in the order of arrival.
    package var key: RegisterKey
    /// The room is in a task or a zone of the actor's.
    package var isOwnAssignment = false
    /// The actor is a guest whose stay is in this room.
    package var isOwnStay = false
    package var selfServiceEnabled = false
    /// The room's occupancy cycle when the task became open from which the write comes; `nil`: from no task.
    package var taskCycle: Int?
    /// Who cleaned the room last: another must inspect it, unless trusted to check the own work.
    package var cleanedBy: UserID?
    package var mayCheckOwnWork = false
    package var arrival: ExpectedArrival?
    package var isDeleted = false

    package init(actor: Actor, place: Place, rules: RoomRules, key: RegisterKey) {
        self.actor = actor
        self.place = place
        self.rules = rules
        self.key = key
    }
}
