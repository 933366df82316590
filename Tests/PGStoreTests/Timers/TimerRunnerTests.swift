import Ports
import Shared
import StoreSupport
import Testing

@testable import Operations
@testable import PGStore

@Suite(.timeLimit(.minutes(3))) struct TimerRunnerTests {
    /// A runner with figures of its own.
    private struct Station {
        let runner: TimerRunner
        let metrics: TimerMetrics
        let book = TimerLog()

        init(
            _ queue: any TimerQueue, _ handlers: [TimerHandler], change: (inout TimerTerms) -> Void = { _ in }
        ) {
            var terms = TimerTerms()
            terms.interval = .milliseconds(50)
            terms.firstPause = .milliseconds(10)
            terms.longestPause = .milliseconds(40)
            terms.pauseWithoutStore = .milliseconds(20)
            terms.longestPauseWithoutStore = .milliseconds(200)
            terms.stopLimit = .seconds(5)
            change(&terms)
            self.metrics = TimerMetrics(in: MetricsRegistry())
            self.runner = TimerRunner(
                queue, handlers: handlers, terms: terms, metrics: self.metrics, log: self.book.logger)
        }
    }

    private func kind() throws -> TimerKind { try #require(TimerFixture.kind) }

    /// Does timers as commands do.
    private func handler(_ fixture: TimerFixture, _ node: String) throws -> TimerHandler {
        TimerHandler(try self.kind()) { timer in
            try await fixture.effect(timer, by: node)
            return .settled
        }
    }

    @Test func `two runners do a thousand timers, each once`() async throws {
        try await TimerFixture.run { fixture in
            try await fixture.set((0..<1_000).map { NewTimer(try fixture.key("\($0)"), due: .now) })
            let stations = try ["n1", "n2"].map { node in
                Station(PGTimers(fixture.pool, node: node), [try self.handler(fixture, node)])
            }
            for station in stations { await station.runner.start() }
            #expect(try await eventually(within: .seconds(60)) { try await fixture.left() == 0 })
            for station in stations { await station.runner.stop() }
            let effects = try await fixture.effects()
            #expect(effects.count == 1_000)
            #expect(Set(effects.compactMap { $0.split(separator: " ").first }).count == 1_000)
            #expect(stations.allSatisfy { $0.metrics.done.total > 0 })
            #expect(stations.map(\.metrics.done.total).reduce(0, +) == 1_000)
            #expect(stations.allSatisfy { $0.metrics.running.current == 0 })
        }
    }

    @Test func `claims that end while two runners work cost repetitions, never a second effect`() async throws {
        try await TimerFixture.run { fixture in
            try await fixture.set((0..<200).map { NewTimer(try fixture.key("\($0)"), due: .now) })
            let stations = try ["n1", "n2"].map { node in
                // Hardly longer than the work takes: many claims end under their holders.
                Station(PGTimers(fixture.pool, node: node), [try self.handler(fixture, node)]) {
                    $0.lease = .milliseconds(4)
                }
            }
            for station in stations { await station.runner.start() }
            #expect(try await eventually(within: .seconds(60)) { try await fixture.left() == 0 })
            for station in stations { await station.runner.stop() }
            let effects = try await fixture.effects()
            #expect(effects.count == 200)
            // To lose a claim is nobody's fault.
            #expect(stations.allSatisfy { $0.book.count("timer.poisoned") == 0 })
            #expect(Set(effects.compactMap { $0.split(separator: " ").first }).count == 200)
        }
    }

    @Test func `what a dead node held is done by another when its claim ends`() async throws {
        try await TimerFixture.run { fixture in
            try await fixture.set(NewTimer(fixture.key("a"), due: .now))
            // Claims, and is never heard of again.
            let dead = PGTimers(fixture.pool, node: "dead")
            #expect(try await dead.claim([try self.kind()], limit: 1, lease: .milliseconds(300)).count == 1)
            let station = Station(PGTimers(fixture.pool, node: "n2"), [try self.handler(fixture, "n2")])
            await station.runner.start()
            #expect(try await eventually { try await fixture.effects() == ["a n2"] })
            await station.runner.stop()
            #expect(try await fixture.left() == 0)
        }
    }

    @Test func `a poke has what was just committed done at once`() async throws {
        try await TimerFixture.run { fixture in
            let station = Station(PGTimers(fixture.pool, node: "n1"), [try self.handler(fixture, "n1")]) {
                $0.interval = .seconds(3_600)
            }
            await station.runner.start()
            for number in 0..<5 {
                try await fixture.set(NewTimer(fixture.key("\(number)"), due: .now))
                station.runner.poke()
                #expect(try await eventually { try await fixture.effects().count == number + 1 })
            }
            await station.runner.stop()
        }
    }

    @Test func `more than there is room for is done without waiting for a look`() async throws {
        try await TimerFixture.run { fixture in
            try await fixture.set((0..<50).map { NewTimer(try fixture.key("\($0)"), due: .now) })
            let station = Station(PGTimers(fixture.pool, node: "n1"), [try self.handler(fixture, "n1")]) {
                ($0.interval, $0.atOnce, $0.atOnceOfOneKind) = (.seconds(3_600), 3, 2)
            }
            await station.runner.start()
            #expect(try await eventually(within: .seconds(30)) { try await fixture.left() == 0 })
            await station.runner.stop()
        }
    }

    @Test func `a timer that always fails is put off longer and longer, reported, and blocks nobody`() async throws {
        try await TimerFixture.run { fixture in
            let poison = try #require(TimerFixture.other)
            try await fixture.set((0..<20).map { NewTimer(try fixture.key("bad \($0)", poison), due: .now) })
            let station = Station(
                PGTimers(fixture.pool, node: "n1"),
                [
                    try self.handler(fixture, "n1"),
                    TimerHandler(poison) { timer in throw JSONPayloadUnreadable(bytes: timer.payload.count) },
                ]
            ) { $0.poisonAttempts = 3 }
            await station.runner.start()
            #expect(await eventually { station.metrics.failed.total >= 60 })
            try await fixture.set((0..<20).map { NewTimer(try fixture.key("good \($0)"), due: .now) })
            #expect(try await eventually { try await fixture.effects().count == 20 })
            await station.runner.stop()
            #expect(try await fixture.left() == 20)
            #expect(station.metrics.poisoned.total > 0)
            #expect(station.book.count("timer.poisoned") > 0 && station.book.count("timer.failed") == 40)
        }
    }

    @Test func `works that never end are given up and counted, and others go on`() async throws {
        try await TimerFixture.run { fixture in
            let hanging = try #require(TimerFixture.other)
            try await fixture.set((0..<10).map { NewTimer(try fixture.key("\($0)", hanging), due: .now) })
            let isOpen = Locked(false)
            let station = Station(
                PGTimers(fixture.pool, node: "n1"),
                [
                    try self.handler(fixture, "n1"),
                    // Deaf to cancellation.
                    TimerHandler(hanging) { _ in
                        _ = await Task { await eventually(within: .seconds(60)) { isOpen.withLock { $0 } } }.value
                        return .done
                    },
                ]
            ) {
                // Good work must never take as long, also where the machine is busy.
                ($0.workLimit, $0.lease, $0.firstPause) = (.seconds(2), .seconds(60), .seconds(60))
                ($0.longestPause, $0.atOnce, $0.atOnceOfOneKind) = (.seconds(60), 2, 1)
            }
            await station.runner.start()
            try await fixture.set(NewTimer(fixture.key("good"), due: .now))
            #expect(try await eventually { try await fixture.effects() == ["good n1"] })
            #expect(await eventually { station.metrics.overdue.total >= 3 && station.metrics.strays.current >= 3 })
            isOpen.withLock { $0 = true }
            await station.runner.stop()
            #expect(await eventually { station.metrics.strays.current == 0 })
        }
    }

    @Test func `a node that leaves gives back what it could not end`() async throws {
        try await TimerFixture.run { fixture in
            try await fixture.set(NewTimer(fixture.key("slow"), due: .now))
            let hasBegun = Locked(false)
            let handler = TimerHandler(try self.kind()) { _ in
                hasBegun.withLock { $0 = true }
                try await Task.sleep(for: .seconds(600))
                return .done
            }
            let station = Station(PGTimers(fixture.pool, node: "n1"), [handler]) {
                ($0.stopLimit, $0.lease) = (.milliseconds(50), .seconds(600))
            }
            await station.runner.start()
            #expect(await eventually { hasBegun.withLock { $0 } })
            await station.runner.stop()
            let next = try await PGTimers(fixture.pool, node: "n2").claim(
                [try self.kind()], limit: 1, lease: .seconds(30))
            #expect(next.map(\.attempt) == [2])
            // Stopped is stopped.
            await station.runner.start()
            try await fixture.set(NewTimer(fixture.key("new"), due: .now))
            station.runner.poke()
            #expect(station.metrics.claimed.total == 1)
        }
    }

    @Test func `too early is not a failure`() async throws {
        try await TimerFixture.run { fixture in
            try await fixture.set(NewTimer(fixture.key("a"), due: .now))
            let handler = TimerHandler(try self.kind()) { $0.attempt < 8 ? .later(.milliseconds(1)) : .done }
            let station = Station(PGTimers(fixture.pool, node: "n1"), [handler])
            await station.runner.start()
            #expect(try await eventually { try await fixture.left() == 0 })
            await station.runner.stop()
            #expect(station.metrics.failed.total == 0 && station.metrics.done.total == 1)
        }
    }

    @Test func `while the store is gone nothing is lost, and when it is back all is done`() async throws {
        let server = try await PrivatePostgres.make()
        try await server.startAndWait()
        let database = try await TestDatabase.make(on: server)
        try await TimerFixture.prepare(database)
        var options = PGOptions()
        (options.connections, options.deadline) = (3, .seconds(2))
        try await withPool(database.address(role: "timer_clerk"), options) { pool in
            let fixture = TimerFixture(pool: pool, database: database)
            try await fixture.makeTenant()
            let station = Station(PGTimers(pool, node: "n1"), [try self.handler(fixture, "n1")])
            await station.runner.start()
            try await fixture.set(NewTimer(fixture.key("before"), due: .now))
            #expect(try await eventually { try await fixture.effects() == ["before n1"] })
            try await fixture.set(
                (0..<20).map { NewTimer(try fixture.key("\($0)"), due: .after(.milliseconds(50 * $0))) })
            try await server.kill()
            #expect(await eventually(within: .seconds(20)) { station.book.count("timers.stalled") == 1 })
            try await server.startAndWait()
            #expect(
                await eventually(within: .seconds(60)) {
                    guard let effects = try? await fixture.effects() else { return false }
                    return effects.count == 21
                })
            await station.runner.stop()
            #expect(try await fixture.left() == 0)
            #expect(station.book.count("timers.resumed") >= 1)
        }
    }
}

/// What a handler says of a payload that it cannot read.
struct JSONPayloadUnreadable: Error { let bytes: Int }

/// Log lines of a test.
final class TimerLog: LogSink {
    private let lines = Locked<[String]>([])
    func write(_ line: [UInt8], level: LogLevel) {
        self.lines.withLock { $0.append(String(decoding: line, as: UTF8.self)) }
    }
    func count(_ text: String) -> Int { self.lines.withLock { lines in lines.filter { $0.contains(text) }.count } }
    var logger: Logger { Logger(to: self, style: LogStyle(.text), threshold: .debug) }
}
