package import Shared

/// Kinds of housekeeping task (`domain.md` 2.4).
package enum TaskKind: String, CaseIterable, Sendable {
    case departure, stayover
    case arrivalCheck = "arrival_check"
    case touchUp = "touch_up"
    case turndown
    case deepClean = "deep_clean"
    case inspection
    case publicArea = "public_area"
    case minibar, linen
    case verifyDiscrepancy = "verify_discrepancy"
}

/// What must happen besides, in the same transaction, by the machines whose business it is.
package enum RoomFollowUp: Hashable, Sendable {
    /// Creates a task of the kind, unless one is open.
    case createTask(TaskKind)
    case cancelTask(TaskKind)
    /// The clean is done, whoever said so: whatever task asks for it is completed.
    case completeCleaning
    case completeInspection
    /// The departure task opens or is created, first in line; a stayover not yet started is replaced.
    case promoteDeparture
    /// Unless in progress.
    case cancelStayover
    /// Of a check-out that was none: unless started, the departure becomes a stayover.
    case turnDepartureIntoStayover
    case applyDNDPolicy(DNDTaskPolicy)
    case startWelfareTimer(hours: Int)
    case stopWelfareTimer
    /// A guest who asks for service comes sooner, and who cleans there is told.
    case boostStayover
    /// `skipped(declined)`
    case skipStayover
    case restoreTaskScore
    case rescoreTasks
    case unassignGuestFacingTasks
}

/// What is to be told of a room.
package enum RoomEvent: Hashable, Sendable {
    case statusChanged(RoomStatusChange)
    case ready(ExpectedArrival)
    case rushSet(neededBy: Timestamp?)
    case rushCleared
    case discrepancyOpened(Discrepancy)
    case discrepancyResolved(Discrepancy, how: String)
}

/// One change of a room, before and after.
package struct RoomStatusChange: Hashable, Sendable {
    package let before: RoomSnapshot
    package let after: RoomSnapshot
    package let axes: [RoomAxis]
    package let reason: RoomChangeReason
}

/// The axes that `room:status_changed` tells.
package struct RoomSnapshot: Hashable, Sendable {
    package let state: RoomState
    package let display: DisplayStatus

    package init(_ state: RoomState, _ rules: RoomRules) {
        self.state = state
        self.display = state.displayStatus(rules)
    }
}

/// What becomes of a room that was asked something.
package struct RoomDecision: Hashable, Sendable {
    package let after: RoomState
    /// For each register that was written to.
    package let outcomes: [RoomRegister: RegisterOutcome]
    package let changedAxes: [RoomAxis]
    /// In the order in which they are appended.
    package let events: [RoomEvent]
    package let followUps: [RoomFollowUp]

    /// Some write came too late: its author is told.
    package var superseded: [RoomRegister] {
        RoomRegister.allCases.filter { register in
            if case .superseded = self.outcomes[register] { true } else { false }
        }
    }
}
