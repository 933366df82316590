import Ports
import Shared
import StoreSupport
import Testing

@testable import PGStore

@Suite(.timeLimit(.minutes(5))) struct TimerQueueTests {
    private func kinds() throws -> [TimerKind] { [try #require(TimerFixture.kind)] }

    @Test(arguments: ["", "Has.Capital", "with space", "a:b", String(repeating: "a", count: 61), "é"])
    func `what cannot be a kind is none`(name: String) { #expect(TimerKind(name) == nil) }

    @Test func `what is due comes, oldest first, with its payload; what is not due stays`() async throws {
        try await TimerFixture.run { fixture in
            let queue = PGTimers(fixture.pool, node: "n1")
            try await fixture.set(
                NewTimer(fixture.key("now"), due: .now, payload: Array(#"{"a": 1}"#.utf8)),
                NewTimer(fixture.key("old"), due: .at(Timestamp(milliseconds: 1_000))),
                NewTimer(fixture.key("later"), due: .after(.seconds(3_600))),
                NewTimer(fixture.key("foreign", TimerFixture.other), due: .now))
            let claimed = try await queue.claim(try self.kinds(), limit: 10, lease: .seconds(30))
            #expect(claimed.map(\.key) == [try fixture.key("old"), try fixture.key("now")])
            #expect(claimed.map(\.attempt) == [1, 1])
            #expect(claimed[0].dueAt == Timestamp(milliseconds: 1_000))
            #expect(claimed[1].payload == Array(#"{"a": 1}"#.utf8))
            // Claimed is claimed, and what nobody here knows is left for others.
            #expect(try await queue.claim(try self.kinds(), limit: 10, lease: .seconds(30)).isEmpty)
            for timer in claimed { #expect(try await queue.finish(timer)) }
            #expect(try await fixture.left() == 2)
            #expect(try await queue.claim([], limit: 10, lease: .seconds(30)).isEmpty)
            #expect(try await queue.claim(try self.kinds(), limit: 0, lease: .seconds(30)).isEmpty)
        }
    }

    @Test func `a claim that ended is another's, and whoever lost it cannot finish`() async throws {
        try await TimerFixture.run { fixture in
            let queue = PGTimers(fixture.pool, node: "n1")
            try await fixture.set(NewTimer(fixture.key("a"), due: .now))
            let first = try #require(await queue.claim(try self.kinds(), limit: 1, lease: .seconds(30)).first)
            try await fixture.endClaims()
            // The same node: names of claims tell, not names of nodes.
            let second = try #require(await queue.claim(try self.kinds(), limit: 1, lease: .seconds(30)).first)
            #expect(second.attempt == 2 && second.claim != first.claim)
            #expect(try await !queue.finish(first))
            #expect(try await !queue.postpone(first, for: .zero))
            let error = await failure { () throws(StoreError) in try await fixture.effect(first, by: "n1") }
            #expect(error?.isLostTimerClaim == true)
            #expect(try await fixture.effects().isEmpty)
            try await fixture.effect(second, by: "n2")
            #expect(try await fixture.effects() == ["a n2"])
            #expect(try await !queue.finish(second))
        }
    }

    @Test func `a timer set anew is lost to its holder and due again; one that is cancelled is gone`() async throws {
        try await TimerFixture.run { fixture in
            let queue = PGTimers(fixture.pool, node: "n1")
            try await fixture.set(NewTimer(fixture.key("a"), due: .now))
            let first = try #require(await queue.claim(try self.kinds(), limit: 1, lease: .seconds(30)).first)
            try await fixture.set(NewTimer(fixture.key("a"), due: .now, payload: Array("[2]".utf8)))
            let second = try #require(await queue.claim(try self.kinds(), limit: 1, lease: .seconds(30)).first)
            // Both are the first attempt of the same node.
            #expect(second.attempt == first.attempt && second.payload == Array("[2]".utf8))
            #expect(try await !queue.finish(first))
            let cancel = PGQuery.cancel(second.key)
            try await fixture.pool.transaction(preamble: [fixture.acting]) { transaction throws(StoreError) in
                _ = try await transaction.run([cancel])
            }
            #expect(try await !queue.finish(second))
            #expect(try await fixture.left() == 0)
        }
    }

    @Test func `a postponed timer keeps its due time, and huge spans are spans still`() async throws {
        try await TimerFixture.run { fixture in
            let queue = PGTimers(fixture.pool, node: String(repeating: "n", count: 500))
            try await fixture.set(
                NewTimer(fixture.key("a"), due: .now), NewTimer(fixture.key("z"), due: .after(.seconds(Int64.max))))
            let huge = Duration.seconds(Int64.max)
            let first = try #require(await queue.claim(try self.kinds(), limit: .max, lease: huge).first)
            #expect(try await queue.postpone(first, for: huge))
            #expect(try await queue.claim(try self.kinds(), limit: 1, lease: huge).isEmpty)
            #expect(try await queue.postpone(first, for: .zero - huge))
            let second = try #require(await queue.claim(try self.kinds(), limit: 1, lease: .zero - huge).first)
            #expect(second.dueAt == first.dueAt && second.attempt == 2)
        }
    }

    @Test func `what is too long is refused, and hurts nothing`() async throws {
        try await TimerFixture.run { fixture in
            let long = [UInt8](repeating: UInt8(ascii: "1"), count: NewTimer.payloadBytes + 1)
            for timer in [
                NewTimer(try fixture.key("a"), due: .now, payload: long),
                NewTimer(try fixture.key(""), due: .now), NewTimer(try fixture.key("a"), due: .now, payload: [0xFF]),
                NewTimer(try fixture.key(String(repeating: "k", count: 201)), due: .now),
            ] {
                await #expect(throws: StoreError.self) { try await fixture.set(timer) }
            }
            #expect(try await fixture.left() == 0)
        }
    }

    @Test func `the clock that decides is the database's`() async throws {
        try await TimerFixture.run { fixture in
            let queue = PGTimers(fixture.pool, node: "n1")
            let now = try await fixture.database.run("SELECT (extract(epoch FROM now()) * 1000)::int8::text")
            let time = try #require(Int64(try now[0].read(0, as: String.self)))
            try await fixture.set(
                NewTimer(fixture.key("past"), due: .at(Timestamp(milliseconds: time - 1_000))),
                NewTimer(fixture.key("future"), due: .at(Timestamp(milliseconds: time + 600_000))))
            let claimed = try await queue.claim(try self.kinds(), limit: 10, lease: .milliseconds(1))
            #expect(claimed.map(\.key.key) == ["past"])
            // The end of a claim, too: the server's clock moves it on while nothing here does.
            #expect(
                try await eventually {
                    try await queue.claim(try self.kinds(), limit: 1, lease: .seconds(30)).first?.attempt == 2
                })
        }
    }
}
