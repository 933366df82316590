import Realtime
import Shared
import TestSupport
import Testing

@testable import RedisBridge

/// What every directory promises, asked of each.
@Suite(.timeLimit(.minutes(2))) struct PresenceContractTests {
    private func with(
        _ kind: PresenceStation.Kind, _ body: (PresenceStation, AppChannel) async throws -> Void
    ) async throws {
        switch kind {
        case .inProcess: try await body(PresenceStation(), .fresh())
        case .redis:
            let redis = PrivateRedis()
            let station = try PresenceStation("n1", [redis])
            #expect(await station.isSeated())
            try await body(station, .fresh())
        }
    }

    @Test(arguments: PresenceStation.Kind.allCases)
    func `a user comes with its first connection and goes with its last`(kind: PresenceStation.Kind) async throws {
        try await self.with(kind) { station, channel in
            await station.watchAndKnow(channel)
            for connection in ["1.1", "1.2", "1.3"] { await station.enter("7", by: connection, channel) }
            await station.enter("8", by: "1.4", channel)
            await station.leave("1.2", channel)
            await station.leave("1.1", channel)
            #expect(await station.present(channel) == ["7", "8"])
            await station.leave("1.3", channel)
            #expect(await station.present(channel) == ["8"])
            #expect(await soon { station.notes(channel) == ["+7", "+8", "-7"] }, "\(station.notes(channel))")
            #expect(await station.seen(channel) == ["8"])
        }
    }

    @Test(arguments: PresenceStation.Kind.allCases)
    func `joining twice is joining once, and leaving without having joined is nothing`(
        kind: PresenceStation.Kind
    ) async throws {
        try await self.with(kind) { station, channel in
            await station.watchAndKnow(channel)
            for _ in 0..<3 { await station.enter("7", by: "1.1", channel) }
            await station.leave("9.9", channel)
            await station.leave("1.1", .fresh("never seen"))
            #expect(await station.present(channel) == ["7"])
            for _ in 0..<3 { await station.leave("1.1", channel) }
            #expect(await station.present(channel) == [])
            await station.enter("8", by: "1.1", channel)
            #expect(await soon { station.notes(channel) == ["+7", "-7", "+8"] }, "\(station.notes(channel))")
        }
    }

    @Test(arguments: PresenceStation.Kind.allCases)
    func `a join says who is there, the one who joins included, with what it says of itself`(
        kind: PresenceStation.Kind
    ) async throws {
        try await self.with(kind) { station, channel in
            await station.enter("7", by: "1.1", channel, info: #"{"name":"Ada"}"#)
            let entry = await station.enter("8 é\n\0+", by: "1.2", channel, info: " 1 \0\r\n")
            guard case .entered(let snapshot) = entry else { throw Unexpected() }
            #expect(snapshot.settlesIn == nil)
            #expect(snapshot.members.keys.sorted() == ["7", "8 é\n\0+"])
            #expect(snapshot.members["7"]?.info == Array(#"{"name":"Ada"}"#.utf8))
            #expect(snapshot.members["8 é\n\0+"]?.info == Array(" 1 \0\r\n".utf8))
            // What the first connection said of the user stays.
            await station.enter("7", by: "1.3", channel, info: "other")
            let again = try await station.directory.members(of: channel)
            #expect(again.members["7"]?.info == Array(#"{"name":"Ada"}"#.utf8))
        }
    }

    @Test(arguments: PresenceStation.Kind.allCases)
    func `a full channel takes no new member, but more connections of those inside`(
        kind: PresenceStation.Kind
    ) async throws {
        try await self.with(kind) { station, channel in
            await station.enter("1", by: "1.1", channel, limit: 2)
            await station.enter("2", by: "1.2", channel, limit: 2)
            #expect(await station.enter("3", by: "1.3", channel, limit: 2) == .full)
            #expect(await station.enter("1", by: "1.4", channel, limit: 2) != .full)
            await station.leave("1.2", channel)
            #expect(await station.enter("3", by: "1.3", channel, limit: 2) != .full)
            #expect(await station.present(channel) == ["1", "3"])
        }
    }

    @Test(arguments: PresenceStation.Kind.allCases)
    func `a connection that comes back as another user is that one only`(kind: PresenceStation.Kind) async throws {
        try await self.with(kind) { station, channel in
            await station.watchAndKnow(channel)
            await station.enter("7", by: "1.1", channel)
            await station.enter("8", by: "1.1", channel)
            #expect(await station.present(channel) == ["8"])
            await station.leave("1.1", channel)
            #expect(await station.present(channel) == [])
            #expect(await soon { station.notes(channel).count == 4 })
            #expect(station.notes(channel).sorted() == ["+7", "+8", "-7", "-8"] && station.notes(channel)[0] == "+7")
        }
    }

    @Test(arguments: PresenceStation.Kind.allCases)
    func `calls for one connection are carried out in their order, however many there are`(
        kind: PresenceStation.Kind
    ) async throws {
        try await self.with(kind) { station, channel in
            await station.watchAndKnow(channel)
            await withTaskGroup(of: Void.self) { group in
                for user in 0..<40 {
                    group.addTask {
                        for _ in 0..<5 {
                            await station.enter("\(user)", by: "1.\(user)", channel)
                            await station.leave("1.\(user)", channel)
                        }
                        if user.isMultiple(of: 2) { await station.enter("\(user)", by: "1.\(user)", channel) }
                    }
                }
            }
            let expected = stride(from: 0, to: 40, by: 2).map(String.init).sorted()
            #expect(await station.present(channel) == expected)
            #expect(await station.sees(channel, expected))
            // No user came twice, or went without having come.
            var inside = Set<String>()
            for note in station.notes(channel) {
                let id = String(note.dropFirst())
                let isTrue = note.hasPrefix("+") ? inside.insert(id).inserted : inside.remove(id) != nil
                #expect(isTrue)
            }
        }
    }

    @Test func `a node that is alone is the only one`() async throws {
        let registry = SoleNodeRegistry(id: "n1", address: "127.0.0.1:8080")
        #expect(
            try await registry.livingNodes() == [LivingNode(id: "n1", address: "127.0.0.1:8080", incarnation: 1)])
    }
}

struct Unexpected: Error {}
