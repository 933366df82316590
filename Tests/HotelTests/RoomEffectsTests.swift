import Hotel
import Shared
import Testing

@Suite struct RoomEffectsTests {
    private func context(_ role: Role = .propertyManager, _ edit: (inout RoomRules) -> Void = { _ in }) -> RoomContext {
        var context = RoomMachineTests.context(role)
        edit(&context.rules)
        return context
    }

    private func system(_ edit: (inout RoomRules) -> Void = { _ in }) -> RoomContext {
        var context = self.context(.tenantOwner, edit)
        context.actor = .system
        return context
    }

    private func reasons(_ decision: RoomDecision) -> [RoomChangeReason] {
        decision.events.compactMap { event in
            if case .statusChanged(let change) = event { change.reason } else { nil }
        }
    }

    @Test func `a check-in occupies a ready room and forgets what was before`() throws {
        var room = RoomState(hkStatus: .inspected)
        room.isQueued = true
        room.rush = true
        room.hkOccupancy = .vacant
        let decision = try RoomMachine.decide(room, .checkIn(persons: 2, .block), self.context())
        #expect(decision.after.foOccupancy == .occupied && decision.after.foPersons == 2)
        #expect(decision.after.hkStatus == .inspected && decision.after.hkOccupancy == .unknown)
        #expect(!decision.after.isQueued && !decision.after.rush && decision.after.occupancyCycle == 1)
        #expect(self.reasons(decision) == [.checkIn])
        #expect(decision.events.contains(.rushCleared))
        #expect(decision.followUps.contains(.rescoreTasks))
    }

    @Test func `a check-in says all that is in its way`() {
        var room = RoomState(hkStatus: .dirty)
        room.hkOccupancy = .occupied
        room.availability = .outOfOrder
        room.isHeld = true
        func reasons(_ strictness: CheckInGuard) -> JSONValue? {
            let answer = refusal { () throws(Refusal) in
                _ = try RoomMachine.decide(room, .checkIn(persons: 1, strictness), self.context())
            }
            #expect(answer?.code == .roomNotReady)
            return answer?.params["reasons"]
        }
        #expect(reasons(.block) == ["dirty", "out_of_order", "sleep", "on_hold"])
        #expect(reasons(.off) == ["out_of_order", "sleep", "on_hold"])
    }

    @Test func `a check-out leaves a dirty, free room with nobody's wishes`() throws {
        var room = RoomState(foOccupancy: .occupied, hkStatus: .inspected, serviceFlag: .doNotDisturb)
        room.foPersons = 2
        room.turndown = .required
        room.dndConsecutiveDays = 3
        let decision = try RoomMachine.decide(room, .checkOut, self.context())
        var expected = RoomState()
        expected.occupancyCycle = 1
        let key = World.key(1_000)
        expected.keys = [.hkStatus: key, .serviceFlag: key, .turndownStatus: key, .hkOccupancy: key]
        #expect(decision.after == expected)
        #expect(self.reasons(decision) == [.checkOut])
        #expect(decision.followUps == [.stopWelfareTimer, .restoreTaskScore, .promoteDeparture])
        let twice = refusal { () throws(Refusal) in
            _ = try RoomMachine.decide(decision.after, .checkOut, self.context())
        }
        #expect(twice?.code == .transitionNotAllowed)
    }

    @Test func `a check-out is not undone by a write of the last guest's time`() throws {
        var room = RoomState(foOccupancy: .occupied, hkStatus: .dirty)
        room.foPersons = 1
        let out = try RoomMachine.decide(room, .checkOut, self.context()).after
        var late = self.context(.roomAttendant)
        late.key = World.key(999)
        let decision = try RoomMachine.decide(out, .setStatus(.clean), late)
        #expect(decision.superseded == [.hkStatus] && decision.after == out)
    }

    @Test func `a task of the last stay is done, but not to the next guest's room`() throws {
        var room = RoomState(foOccupancy: .occupied, hkStatus: .dirty)
        room.occupancyCycle = 4
        var context = self.context(.roomAttendant)
        context.taskCycle = 3
        let decision = try RoomMachine.decide(room, .setStatus(.clean), context)
        #expect(decision.outcomes == [.hkStatus: .superseded(.oldCycle, kept: .never)])
        #expect(decision.after == room && decision.events.isEmpty)
        context.taskCycle = 4
        let current = try RoomMachine.decide(room, .setStatus(.clean), context)
        #expect(self.reasons(current) == [.taskCompleted])
        #expect(!current.followUps.contains(.completeCleaning))
    }

    @Test func `moves and reversals do to the room what the table says`() throws {
        var room = RoomState(foOccupancy: .occupied, hkStatus: .clean)
        room.foPersons = 2
        let moved = try RoomMachine.decide(room, .moveOut(leaving: .pickup), self.context())
        #expect(moved.after.foOccupancy == .vacant && moved.after.hkStatus == .pickup)
        #expect(moved.followUps == [.cancelStayover, .promoteDeparture])
        let back = try RoomMachine.decide(room, .reverseCheckIn(restoring: .inspected), self.context())
        #expect(back.after.foOccupancy == .vacant && back.after.hkStatus == .inspected)
        let kept = try RoomMachine.decide(room, .reverseCheckIn(restoring: nil), self.context())
        #expect(kept.after.hkStatus == .clean)
        let again = try RoomMachine.decide(moved.after, .reverseCheckOut(persons: 2), self.context())
        #expect(again.after.foOccupancy == .occupied && again.after.hkStatus == .pickup)
        #expect(again.followUps == [.turnDepartureIntoStayover])
        var blocked = moved.after
        blocked.availability = .outOfService
        let refused = refusal { () throws(Refusal) in
            _ = try RoomMachine.decide(blocked, .reverseCheckOut(persons: 2), self.context())
        }
        #expect(refused?.code == .roomNotReady)
        let taken = refusal { () throws(Refusal) in
            _ = try RoomMachine.decide(room, .reverseCheckOut(persons: 2), self.context())
        }
        #expect(taken?.code == .roomOccupied)
    }

    @Test func `discrepancies open, change and resolve with their events`() throws {
        var room = RoomState(hkStatus: .inspected)
        let seen = try RoomMachine.decide(room, .reportOccupancy(.occupied, persons: 2), self.context())
        #expect(seen.events.contains(.discrepancyOpened(.sleep)))
        #expect(seen.followUps == [.createTask(.verifyDiscrepancy)])
        #expect(self.reasons(seen) == [.reported])
        #expect(seen.after.displayStatus(RoomRules()) != .ready)
        room = seen.after
        var later = self.context()
        later.key = World.key(2_000)
        let gone = try RoomMachine.decide(room, .reportOccupancy(.vacant, persons: 7), later)
        #expect(gone.events.contains(.discrepancyResolved(.sleep, how: "reported")))
        #expect(gone.after.hkPersons == nil)
        let settled = try RoomMachine.decide(room, .resolveDiscrepancy, later)
        #expect(settled.events.contains(.discrepancyResolved(.sleep, how: "manual")))
        #expect(settled.after.hkOccupancy == .unknown)
        let nothing = refusal { () throws(Refusal) in
            _ = try RoomMachine.decide(settled.after, .resolveDiscrepancy, later)
        }
        #expect(nothing?.code == .transitionNotAllowed)
        let crowd = refusal { () throws(Refusal) in
            _ = try RoomMachine.decide(room, .reportOccupancy(.occupied, persons: 21), later)
        }
        #expect(crowd?.code == .validationFailed)
    }

    @Test func `statuses and flags ask for the work that the tables name`() throws {
        func followUps(_ state: RoomState, _ command: RoomCommand, _ edit: (inout RoomRules) -> Void = { _ in })
            throws -> [RoomFollowUp]
        { try RoomMachine.decide(state, command, self.context(edit)).followUps }
        let clean = RoomState(hkStatus: .clean)
        let occupied = RoomState(foOccupancy: .occupied, hkStatus: .clean)
        #expect(try followUps(clean, .setStatus(.dirty)) == [.cancelTask(.inspection), .createTask(.departure)])
        #expect(try followUps(occupied, .setStatus(.dirty)) == [.cancelTask(.inspection), .createTask(.stayover)])
        #expect(try followUps(clean, .setStatus(.pickup)) == [.createTask(.touchUp)])
        #expect(try followUps(RoomState(), .setStatus(.clean)) == [.completeCleaning, .createTask(.inspection)])
        #expect(try followUps(RoomState(), .setStatus(.clean)) { $0.requiresInspection = false } == [.completeCleaning])
        #expect(try followUps(clean, .setStatus(.inspected)) == [.completeInspection, .completeCleaning])
        let dnd = try followUps(occupied, .setServiceFlag(.doNotDisturb)) { $0.dndTaskPolicy = .cancel }
        #expect(dnd == [.applyDNDPolicy(.cancel), .startWelfareTimer(hours: 24)])
        #expect(try followUps(occupied, .setServiceFlag(.makeUpRoom)) == [.boostStayover])
        #expect(try followUps(occupied, .setServiceFlag(.serviceDeclined)) == [.skipStayover])
        let flagged = RoomState(foOccupancy: .occupied, serviceFlag: .doNotDisturb)
        #expect(try followUps(flagged, .setServiceFlag(.none)) == [.stopWelfareTimer, .restoreTaskScore])
    }

    private func context(_ edit: (inout RoomRules) -> Void) -> RoomContext { self.context(.propertyManager, edit) }

    @Test func `rush tells of rush, not of the status`() throws {
        let by = Timestamp(milliseconds: 9)
        let decision = try RoomMachine.decide(RoomState(), .setRush(true, neededBy: by), self.context())
        #expect(decision.events == [.rushSet(neededBy: by)])
        #expect(decision.changedAxes == [.rush])
    }

    @Test func `a room that becomes ready is told to the desk that waits for it`() throws {
        var context = self.context(.housekeepingSupervisor)
        let arrival = ExpectedArrival(reservation: 1, queuePosition: 1, waitedSeconds: 2_400)
        context.arrival = arrival
        let decision = try RoomMachine.decide(RoomState(hkStatus: .clean), .setStatus(.inspected), context)
        #expect(decision.events.last == .ready(arrival))
        #expect(self.reasons(decision) == [.inspected])
        context.arrival = nil
        let nobody = try RoomMachine.decide(RoomState(hkStatus: .clean), .setStatus(.inspected), context)
        #expect(nobody.events.count == 1)
    }

    @Test func `a blocked room keeps what is written and stays blocked`() throws {
        let blocked = try RoomMachine.decide(
            RoomState(), .setAvailability(.outOfOrder, hasTicket: true, returning: nil), self.system())
        #expect(self.reasons(blocked) == [.blockStarted])
        let written = try RoomMachine.decide(blocked.after, .setStatus(.clean), self.context())
        #expect(written.after.hkStatus == .clean && written.after.availability == .outOfOrder)
        #expect(written.after.displayStatus(RoomRules()) == .outOfOrder)
        let ended = try RoomMachine.decide(
            written.after, .setAvailability(.inService, hasTicket: false, returning: .dirty), self.system())
        #expect(ended.after.hkStatus == .dirty && ended.after.availability == .inService)
        #expect(self.reasons(ended) == [.blockEnded])
        #expect(ended.followUps == [.cancelTask(.inspection), .createTask(.departure)])
    }

    @Test func `the roll dirties, ages and forgets as 1.3 says`() throws {
        func roll(_ state: RoomState, days: Int? = nil, turndown: Bool = false) throws -> RoomState {
            try RoomMachine.decide(
                state, .roll(inTurndownProgramme: turndown, inspectedDaysAgo: days), self.system()
            ).after
        }
        #expect(try roll(RoomState(foOccupancy: .occupied, hkStatus: .inspected)).hkStatus == .dirty)
        #expect(try roll(RoomState(foOccupancy: .occupied, hkStatus: .pickup)).hkStatus == .pickup)
        #expect(try roll(RoomState(hkStatus: .inspected), days: 3).hkStatus == .inspected)
        #expect(try roll(RoomState(hkStatus: .inspected), days: 4).hkStatus == .pickup)
        #expect(try roll(RoomState(hkStatus: .clean), days: 4).hkStatus == .clean)
        let flags: [ServiceFlag: ServiceFlag] = [
            .none: .none, .makeUpRoom: .none, .serviceDeclined: .none, .doNotDisturb: .doNotDisturb,
            .doubleLocked: .doubleLocked,
        ]
        for (before, after) in flags {
            let rolled = try roll(RoomState(foOccupancy: .occupied, serviceFlag: before))
            #expect(rolled.serviceFlag == after)
            #expect(rolled.dndConsecutiveDays == (before == .doNotDisturb ? 1 : 0))
        }
        #expect(try roll(RoomState(foOccupancy: .occupied), turndown: true).turndown == .required)
        #expect(try roll(RoomState(), turndown: true).turndown == .notRequired)
    }

    @Test func `several registers are one command with one event, or none of them`() throws {
        let room = RoomState(foOccupancy: .occupied)
        let both = try RoomMachine.decide(
            room, [.setStatus(.clean), .setServiceFlag(.makeUpRoom), .setTurndown(.required)], self.context())
        #expect(both.events.count == 1)
        #expect(Set(both.outcomes.keys) == [.hkStatus, .serviceFlag, .turndownStatus])
        #expect(both.changedAxes == [.hkStatus, .serviceFlag, .turndownStatus, .displayStatus])
        let refused = refusal { () throws(Refusal) in
            _ = try RoomMachine.decide(RoomState(), [.setStatus(.clean), .setServiceFlag(.makeUpRoom)], self.context())
        }
        #expect(refused?.code == .roomFlagRequiresOccupied)
    }

    @Test func `pressing start shows cleaning and clears the flag`() throws {
        let room = RoomState(foOccupancy: .occupied, serviceFlag: .makeUpRoom)
        let started = try RoomMachine.decide(room, .setCleaning(true), self.system())
        #expect(started.after.serviceFlag == .none && started.after.displayStatus(RoomRules()) == .cleaning)
    }
}
