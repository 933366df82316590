import Hotel
import Shared
import Testing

@Suite struct RegisterTests {
    /// 2026-03-08 at so many seconds and milliseconds after ten.
    private func time(_ minute: Int64, _ second: Int64 = 0) -> Timestamp {
        Timestamp(milliseconds: 1_772_964_000_000 + minute * 60_000 + second * 1_000)
    }

    private func key(_ at: Timestamp, _ rank: SourceRank, _ seq: Int64) -> RegisterKey {
        RegisterKey(effectiveAt: at, sourceRank: rank, receivedSeq: seq)
    }

    @Test func `the worked example of the specification, line by line`() throws {
        var room = RoomState(hkStatus: .dirty)
        room.keys[.hkStatus] = self.key(self.time(0), .person, 900)
        var rules = RoomRules()
        rules.requiresInspection = false
        func decide(_ role: Role, _ status: HKStatus, _ key: RegisterKey) throws(Refusal) -> RoomDecision {
            var context = RoomContext(actor: World.actor(role), place: World.place, rules: rules, key: key)
            context.isOwnAssignment = true
            return try RoomMachine.decide(room, .setStatus(status), context)
        }

        // 10:44:00: the desk sets dirty again.
        let received = self.time(44)
        let spill = try EffectiveTime.resolve(.online, receivedAt: received)
        let spillKey = self.key(spill.at, .person, 950)
        let first = try decide(.frontDeskAgent, .dirty, spillKey)
        #expect(first.outcomes == [.hkStatus: .noop(spillKey)])
        #expect(first.events.isEmpty)
        room = first.after
        #expect(room.key(.hkStatus) == spillKey)

        // 10:50:12: a phone comes back from the basement; clean was done at 10:41:30 by a clock that runs 2 s fast.
        let phone = try EffectiveTime.resolve(
            .offline(deviceTime: self.time(41, 32), offsetMilliseconds: -2_000), receivedAt: self.time(50, 12))
        #expect(phone == EffectiveTime(at: self.time(41, 30)))
        let second = try decide(.roomAttendant, .clean, self.key(phone.at, .person, 951))
        #expect(second.outcomes == [.hkStatus: .superseded(.laterWrite, kept: spillKey)])
        #expect(second.superseded == [.hkStatus])
        #expect(second.after == room)
        #expect(second.events.isEmpty && second.followUps.isEmpty)

        // 10:50:13: the PMS says Inspected at 10:44:00: same time, lower rank.
        let pms = try EffectiveTime.resolve(.pms(self.time(44)), receivedAt: self.time(50, 13))
        let third = try decide(.integration, .inspected, self.key(pms.at, .pms, 952))
        #expect(third.outcomes == [.hkStatus: .superseded(.laterWrite, kept: spillKey)])
        #expect(third.after == room)

        // 10:58:00: the attendant cleans: wins, and there is an event.
        let lastKey = self.key(self.time(58), .person, 960)
        let fourth = try decide(.roomAttendant, .clean, lastKey)
        #expect(fourth.outcomes == [.hkStatus: .applied(lastKey)])
        #expect(fourth.after.hkStatus == .clean)
        guard case .statusChanged(let change)? = fourth.events.first else {
            Issue.record("no event")
            return
        }
        #expect(change.before.state.hkStatus == .dirty && change.after.state.hkStatus == .clean)
    }

    @Test func `keys are ordered by time, then rank, then arrival`() {
        let keys = [
            RegisterKey.never, World.key(1, .automation, 9), World.key(1, .pms, 1), World.key(1, .person, 1),
            World.key(1, .person, 2), World.key(2, .automation, 0),
        ]
        for (low, lower) in keys.enumerated() {
            for (high, higher) in keys.enumerated() { #expect((lower < higher) == (low < high)) }
        }
    }

    @Test func `one writer's order of arrival does not matter`() {
        let writes = [
            World.key(5, .pms, 3), World.key(5, .person, 1), World.key(4, .person, 2), World.key(5, .person, 4),
        ]
        for first in writes {
            for second in writes where second != first {
                var stored = RegisterKey.never
                for key in [first, second] {
                    if case .applied(let new) = RegisterOutcome.of(writing: key, isSameValue: false, over: stored) {
                        stored = new
                    }
                }
                #expect(stored == max(first, second))
            }
        }
    }

    @Test func `the same write twice changes nothing the second time`() {
        let key = World.key(5)
        let again = RegisterOutcome.of(writing: key, isSameValue: true, over: key)
        #expect(again == .superseded(.laterWrite, kept: key))
    }

    @Test func `keys come back from rows as they went`() throws {
        let key = World.key(-5, .pms, .max)
        #expect(RegisterKey(key.json) == key)
        #expect(key.json == [-5, 2, 9_223_372_036_854_775_807])
        for bad: JSONValue in [nil, [], [1, 2], [1, 4, 1], [1, 0, 1], [1, 2, "3"], [1, 2, 3, 4]] {
            #expect(RegisterKey(bad) == nil)
        }
    }

    @Test func `an offline time is corrected, clamped to receipt and bounded by the window`() throws {
        let now = self.time(0)
        let hour: Int64 = 3_600_000
        func resolve(_ milliseconds: Int64, _ offset: Int64?) -> EffectiveTime? {
            try? EffectiveTime.resolve(
                .offline(
                    deviceTime: Timestamp(milliseconds: now.milliseconds &+ milliseconds), offsetMilliseconds: offset),
                receivedAt: now)
        }
        func at(_ milliseconds: Int64) -> EffectiveTime {
            EffectiveTime(at: Timestamp(milliseconds: now.milliseconds + milliseconds))
        }
        #expect(resolve(-1_000, 0) == at(-1_000))
        #expect(resolve(-1_000, 400) == at(-600))
        #expect(resolve(-1_000, 2_000) == at(0))
        #expect(resolve(5_000, 0) == at(0))
        #expect(resolve(-12 * hour, 0) == at(-12 * hour))
        #expect(resolve(-12 * hour - 1, 0) == nil)
        #expect(resolve(-12 * hour - 1, 1) == at(-12 * hour))
        // A clock that is not known, or too wrong, is not asked: not even whether it was long ago.
        let untrusted = EffectiveTime(at: now, isClockUntrusted: true)
        #expect(resolve(-1_000, nil) == untrusted)
        #expect(resolve(-1_000, 300_000) == at(0))
        #expect(resolve(-1_000, 300_001) == untrusted)
        #expect(resolve(-48 * hour, -300_001) == untrusted)
        let old = refusal { () throws(Refusal) in
            _ = try EffectiveTime.resolve(
                .offline(deviceTime: self.time(-13 * 60), offsetMilliseconds: 0), receivedAt: now)
        }
        #expect(old?.code == .offlineTooOld)
    }

    @Test(arguments: [Int64.min, -1, 0, 1, .max], [Int64.min, -300_000, 0, 300_000, .max])
    func `no time that a peer invents traps`(device: Int64, offset: Int64) {
        let claim = EffectiveTime.Claim.offline(
            deviceTime: Timestamp(milliseconds: device), offsetMilliseconds: offset)
        let now = self.time(0)
        let result = try? EffectiveTime.resolve(claim, receivedAt: now)
        #expect(result.map { $0.at <= now } ?? true)
    }

    @Test func `a PMS is never ahead of us`() throws {
        #expect(try EffectiveTime.resolve(.pms(self.time(9)), receivedAt: self.time(5)).at == self.time(5))
        #expect(try EffectiveTime.resolve(.pms(self.time(3)), receivedAt: self.time(5)).at == self.time(3))
    }
}
