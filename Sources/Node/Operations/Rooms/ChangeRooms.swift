package import Hotel
package import Ports
package import Shared

/// Somebody says the same of many rooms: each has its own outcome, all in one transaction (`domain.md` 9).
package final class ChangeRooms: HotelCommand {
    package let rooms: [RoomID]
    package let wishes: [RoomCommand]
    package let claim: EffectiveTime.Claim

    /// - Parameter rooms: at most 200, each once.
    package init(_ rooms: [RoomID], _ wishes: [RoomCommand], claim: EffectiveTime.Claim) {
        self.rooms = rooms
        self.wishes = wishes
        self.claim = claim
    }

    package var action: String { "room:bulk_update" }
    package var subject: EntityReference? { nil }

    package func decide(at desk: any CommandDesk) async throws(StoreError) -> CommandVerdict {
        let files = try await desk.rooms(self.rooms)
        return self.decide(files, at: desk)
    }

    private func decide(_ files: [RoomFile], at desk: any CommandDesk) -> CommandVerdict {
        guard let tenant = desk.origin.tenant else { return .refused(Refusal(.notFound)) }
        let found = Dictionary(uniqueKeysWithValues: files.map { ($0.room.id, $0) })
        var decision = CommandDecision(events: [], audit: [], answer: CommandAnswer(.applied, entity: [], version: nil))
        var results: [RoomResult] = []
        for id in self.rooms {
            do throws(Refusal) {
                guard let file = found[id], !file.room.isDeleted else { throw Refusal(.notFound) }
                let command = ChangeRoom(id, self.wishes, claim: self.claim)
                let change = try RoomChange(command, file, tenant, desk.origin, now: desk.now)
                desk.keep(change.after, history: change.history)
                let part = change.decision
                decision.events += part.events
                decision.audit += part.audit
                results.append(RoomResult(id, part.answer))
            } catch {
                decision.audit.append(
                    AuditRow(
                        "room:update", .rejected, on: EntityReference("room", id), property: found[id]?.property.id,
                        reason: error.code.rawValue))
                results.append(RoomResult(id, error))
            }
        }
        let isLost = results.allSatisfy { $0.kind == .superseded }
        decision.answer = CommandAnswer(
            isLost ? .superseded : .applied, entity: RoomResult.list.text(of: results), version: nil)
        return .decided(decision)
    }
}

/// What became of one room of many.
struct RoomResult: Sendable {
    enum Kind: String, CaseIterable, Sendable { case applied, superseded, refused }

    let room: RoomID
    let kind: Kind
    let version: Int64?
    let registers: [String: CommandAnswer.Kind]
    /// Why not.
    let refusal: Refusal?

    init(_ room: RoomID, _ answer: CommandAnswer) {
        self.room = room
        self.kind = answer.kind == .superseded ? .superseded : .applied
        self.version = answer.version
        self.registers = answer.registers
        self.refusal = nil
    }

    init(_ room: RoomID, _ refusal: Refusal) {
        (self.room, self.kind, self.version, self.registers) = (room, .refused, nil, [:])
        self.refusal = refusal
    }

    private static let shape = JSONShape<RoomResult>.object("RoomResult") { members in
        members.member("room_id", .id(), \.room)
        members.member("result", .oneOf(Kind.self), \.kind)
        members.nullable("version", .count, \.version)
        members.member("registers", .document) { result in
            var registers = JSONObject()
            for (name, kind) in result.registers.sorted(by: { $0.key < $1.key }) {
                registers[name] = .string(kind.rawValue)
            }
            return registers
        }
        members.nullable("error", .text) { $0.refusal?.code.rawValue }
        members.nullable("current", .document) { $0.refusal?.current }
    }

    static let list = JSONShape<[RoomResult]>.array(of: Self.shape)
}
