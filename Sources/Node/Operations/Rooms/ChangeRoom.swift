package import Hotel
package import Ports
package import Shared

/// Somebody says something about the state of a room: what `PATCH /v1/rooms/{id}` and every screen of housekeeping do.
///
/// What the state machine wants done besides (`RoomFollowUp`) is about housekeeping tasks, which this version does not have.
package final class ChangeRoom: HotelCommand {
    package let room: RoomID
    package let wishes: [RoomCommand]
    /// What the sender says of the time at which it was done.
    package let claim: EffectiveTime.Claim
    /// The version that the sender has seen; `nil`: whatever holds. Registers need none: the last write wins.
    package let expected: Int64?
    package let action: String
    /// Until when it is held, if it is to be.
    package let holdUntil: Timestamp?

    package init(
        _ room: RoomID, _ wishes: [RoomCommand], claim: EffectiveTime.Claim, expected: Int64? = nil,
        action: String = "room:update", holdUntil: Timestamp? = nil
    ) {
        self.room = room
        self.wishes = wishes
        self.claim = claim
        self.expected = expected
        self.action = action
        self.holdUntil = holdUntil
    }

    /// Keeps a room for somebody until a moment (`domain.md` 4.1).
    package static func hold(_ room: RoomID, until moment: Timestamp, expected: Int64? = nil) -> ChangeRoom {
        ChangeRoom(
            room, [.setHold(true)], claim: .online, expected: expected, action: "room:hold", holdUntil: moment)
    }

    package static func release(_ room: RoomID, expected: Int64? = nil) -> ChangeRoom {
        ChangeRoom(room, [.setHold(false)], claim: .online, expected: expected, action: "room:release")
    }

    /// Says that what housekeeping saw was wrong or is settled (`domain.md` 4.1.4).
    package static func resolveDiscrepancy(_ room: RoomID, expected: Int64? = nil) -> ChangeRoom {
        ChangeRoom(
            room, [.resolveDiscrepancy], claim: .online, expected: expected, action: "room:resolve_discrepancy")
    }

    package var subject: EntityReference? { EntityReference("room", self.room) }

    package func decide(at desk: any CommandDesk) async throws(StoreError) -> CommandVerdict {
        let found = try await desk.room(self.room)
        return self.decide(found, at: desk)
    }

    private func decide(_ found: RoomFile?, at desk: any CommandDesk) -> CommandVerdict {
        guard let file = found, let tenant = desk.origin.tenant, !file.room.isDeleted else {
            return .refused(Refusal(.notFound))
        }
        do throws(Refusal) {
            let change = try RoomChange(self, file, tenant, desk.origin, now: desk.now)
            desk.keep(change.after, history: change.history)
            return .decided(change.decision)
        } catch {
            return .refused(error)
        }
    }
}
