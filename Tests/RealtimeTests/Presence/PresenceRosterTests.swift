import Shared
import Testing

@testable import Realtime

/// What a node makes of news and snapshots, in whatever order they come.
@Suite struct PresenceRosterTests {
    private func member(_ id: String) throws -> PresenceMember { try #require(PresenceMember(id: id)) }

    private func snapshot(
        _ version: Int64, _ ids: String..., settlesIn: Duration? = nil
    ) throws -> PresenceSnapshot {
        var members: [String: PresenceMember] = [:]
        for id in ids { members[id] = try self.member(id) }
        return PresenceSnapshot(version: version, members: members, settlesIn: settlesIn)
    }

    private func added(_ version: Int64, _ id: String) throws -> PresenceNews {
        PresenceNews(version: version, change: .added(try self.member(id)))
    }

    private func removed(_ version: Int64, _ id: String) -> PresenceNews {
        PresenceNews(version: version, change: .removed(id: id))
    }

    /// One that knows version 10 with a and b.
    private func known() throws -> PresenceRoster {
        var roster = PresenceRoster()
        let asked = roster.doubted()
        #expect(asked == PresenceRoster.Step(asks: .zero))
        let step = roster.answered(try self.snapshot(10, "a", "b"))
        #expect(step.changes == [.added(try self.member("a")), .added(try self.member("b"))] && step.asks == nil)
        return roster
    }

    @Test func `news in order are told, news that are known are not`() throws {
        var roster = try self.known()
        for stale in [try self.added(10, "z"), self.removed(3, "a")] {
            let step = roster.heard(stale)
            #expect(step == PresenceRoster.Step())
        }
        let came = roster.heard(try self.added(11, "c"))
        #expect(came.changes == [.added(try self.member("c"))])
        let went = roster.heard(self.removed(12, "a"))
        #expect(went.changes == [.removed(id: "a")] && roster.members.keys.sorted() == ["b", "c"])
    }

    @Test func `after a gap it asks once, and tells the difference`() throws {
        var roster = try self.known()
        let gap = roster.heard(try self.added(13, "d"))
        #expect(gap == PresenceRoster.Step(asks: .zero))
        let more = roster.heard(try self.added(14, "e"))
        #expect(more == PresenceRoster.Step())
        // The answer has 13, and 14 came meanwhile.
        let step = roster.answered(try self.snapshot(13, "b", "c", "d"))
        #expect(
            step.changes == [
                .removed(id: "a"), .added(try self.member("c")), .added(try self.member("d")),
                .added(try self.member("e")),
            ])
        #expect(step.asks == nil && roster.version == 14)
    }

    @Test func `an answer that is older than what came meanwhile is asked for again`() throws {
        var roster = try self.known()
        _ = roster.heard(try self.added(15, "f"))
        let step = roster.answered(try self.snapshot(11, "a", "b", "c"))
        #expect(step.changes == [.added(try self.member("c"))] && step.asks == .zero)
        let end = roster.answered(try self.snapshot(15, "a", "b", "c", "f"))
        #expect(end.changes == [.added(try self.member("f"))] && end.asks == nil)
    }

    @Test func `a doubt while an answer is on its way has it asked for once more`() throws {
        var roster = try self.known()
        _ = roster.doubted()
        let second = roster.doubted()
        #expect(second.asks == nil)
        let step = roster.answered(try self.snapshot(10, "a", "b"))
        #expect(step == PresenceRoster.Step(asks: .zero))
        let end = roster.answered(try self.snapshot(10, "a", "b"))
        #expect(end == PresenceRoster.Step())
    }

    @Test func `while all is told again nobody is gone; then the difference is`() throws {
        var roster = try self.known()
        _ = roster.doubted()
        let waits = roster.answered(try self.snapshot(900, settlesIn: .seconds(3)))
        #expect(waits == PresenceRoster.Step(asks: .seconds(3)))
        #expect(roster.members.keys.sorted() == ["a", "b"])
        // The first news after that time may come before our answer.
        let early = roster.heard(try self.added(904, "d"))
        #expect(early == PresenceRoster.Step())
        let step = roster.answered(try self.snapshot(903, "a", "c"))
        #expect(
            step.changes == [.removed(id: "b"), .added(try self.member("c")), .added(try self.member("d"))])
        #expect(step.asks == nil && roster.version == 904)
    }

    @Test func `what a join brought counts at once, and its news not again`() throws {
        var roster = try self.known()
        let step = roster.joined(try self.snapshot(11, "a", "b", "me"))
        #expect(step.changes == [.added(try self.member("me"))])
        let news = roster.heard(try self.added(11, "me"))
        #expect(news == PresenceRoster.Step())
        let stale = roster.joined(try self.snapshot(9, "a"))
        #expect(stale == PresenceRoster.Step() && roster.members.count == 3)
    }

    @Test func `an answer that was asked for before a join does not take back who came`() throws {
        var roster = PresenceRoster()
        _ = roster.doubted()
        let joined = roster.joined(try self.snapshot(1, "a"))
        #expect(joined.changes == [.added(try self.member("a"))])
        _ = roster.heard(try self.added(1, "a"))
        _ = roster.heard(try self.added(2, "b"))
        let stale = roster.answered(try self.snapshot(0))
        #expect(stale == PresenceRoster.Step(asks: .zero))
        let answer = roster.answered(try self.snapshot(2, "a", "b"))
        #expect(answer.changes == [.added(try self.member("b"))] && answer.asks == nil)
        // A server that lost all after the join counts anew: its word is taken the second time.
        var other = PresenceRoster()
        _ = other.doubted()
        _ = other.joined(try self.snapshot(7, "a", "b"))
        let lost = other.answered(try self.snapshot(1, "b"))
        #expect(lost == PresenceRoster.Step(asks: .zero))
        let end = other.answered(try self.snapshot(1, "b"))
        #expect(end.changes == [.removed(id: "a")] && end.asks == nil)
    }

    @Test func `too many news while an answer is on its way are not kept, but asked for`() throws {
        var roster = try self.known()
        _ = roster.doubted()
        for version in 11...2_000 { _ = roster.heard(try self.added(Int64(version), "u\(version)")) }
        let step = roster.answered(try self.snapshot(10, "a", "b"))
        #expect(step.changes.count == 256 && step.asks == .zero)
    }

    @Test func `a memory that was lost may begin with lower versions`() throws {
        var roster = try self.known()
        _ = roster.doubted()
        let step = roster.answered(try self.snapshot(3, "b"))
        #expect(step.changes == [.removed(id: "a")] && roster.version == 3)
        let news = roster.heard(try self.added(4, "c"))
        #expect(news.changes == [.added(try self.member("c"))])
    }

    /// A channel, what it publishes, and a roster that loses some of it and asks now and then, over random histories.
    @Test func `whatever is lost or late, what was told leads to what is true`() throws {
        var random = SystemRandomNumberGenerator()
        for _ in 0..<300 {
            var (truth, version) = (Set<String>(), Int64(100))
            var (roster, told) = (PresenceRoster(), Set<String>())
            var answer: PresenceSnapshot?
            func take(_ step: PresenceRoster.Step) throws {
                for change in step.changes {
                    switch change {
                    case .added(let member): #expect(told.insert(member.id).inserted)
                    case .removed(let id): #expect(told.remove(id) != nil)
                    }
                }
                guard step.asks != nil else { return }
                var members: [String: PresenceMember] = [:]
                for id in truth { members[id] = try self.member(id) }
                answer = PresenceSnapshot(version: version, members: members)
            }
            func settle() throws {
                while let ready = answer {
                    answer = nil
                    try take(roster.answered(ready))
                }
            }
            try take(roster.doubted())
            for _ in 0..<60 {
                let id = "u\(Int.random(in: 0..<6, using: &random))"
                version += 1
                let isNew = truth.insert(id).inserted
                if !isNew { truth.remove(id) }
                let news = isNew ? try self.added(version, id) : self.removed(version, id)
                if Int.random(in: 0..<5, using: &random) > 0 { try take(roster.heard(news)) }
                if Bool.random(using: &random), let ready = answer {
                    answer = nil
                    try take(roster.answered(ready))
                }
            }
            try settle()
            try take(roster.doubted())
            try settle()
            #expect(told == truth && Set(roster.members.keys) == truth)
        }
    }
}
