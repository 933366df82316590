import Reactor
import Ports
import Shared
import Testing

@testable import Crypto
@testable import Operations

@Suite(.timeLimit(.minutes(5))) struct PasswordHasherTests {
    private static let password = Secret("open sesame".utf8)

    /// A cost at which one run takes long enough to be overtaken: some milliseconds.
    private static let slow = ScryptCost(logN: 11, r: 8, p: 2) ?? .standard

    /// Polls without keeping one of the pool's two threads from the calls that it waits for.
    private static func becomes(_ condition: () -> Bool) async -> Bool {
        let deadline = SystemClock.monotonicNanoseconds + 30_000_000_000
        while !condition() {
            guard SystemClock.monotonicNanoseconds < deadline else { return false }
            try? await Task.sleep(for: .milliseconds(1))
        }
        return true
    }

    private static func outcome(
        _ call: () async throws(PasswordHasher.Refusal) -> Bool
    ) async -> Result<Bool, PasswordHasher.Refusal> {
        do throws(PasswordHasher.Refusal) {
            return .success(try await call())
        } catch {
            return .failure(error)
        }
    }

    @Test func `passwords are hashed and known`() async throws {
        let hasher = try PasswordHasher(cost: IdentityWorld.cheap)
        let hash = try await hasher.hash(Self.password)
        #expect(try await hasher.check(Self.password, against: hash))
        #expect(try await !hasher.check(Secret("close sesame".utf8), against: hash))
        #expect(try await !hasher.check(Self.password, against: hasher.unknowable))
        #expect(hasher.figures == PasswordHasher.Figures(runs: 4, waiting: 0, running: 0, refused: 0))
    }

    @Test func `no more run at a time than there are threads, and every call is answered once`() async throws {
        let hasher = try PasswordHasher(cost: Self.slow, threads: 2, places: 100)
        let hash = try PasswordHash(of: Self.password, cost: Self.slow)
        let mostAtATime = Locked(0)
        let answers = await withTaskGroup { group in
            for index in 0..<60 {
                group.addTask {
                    let candidate = Secret("open sesame\(index.isMultiple(of: 3) ? "" : "!")".utf8)
                    let answer = await Self.outcome { () async throws(PasswordHasher.Refusal) in
                        try await hasher.check(candidate, against: hash, within: .seconds(60))
                    }
                    let running = hasher.figures.running
                    mostAtATime.withLock { $0 = max($0, running) }
                    return answer
                }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        #expect(answers.count == 60 && answers.count { $0 == .success(true) } == 20)
        #expect(answers.count { $0 == .success(false) } == 40)
        #expect(mostAtATime.withLock { $0 } <= 2)
        #expect(hasher.figures.runs == 60)
    }

    /// A run that lasts until the test lets it end.
    private final class Gate: Sendable {
        private let opened = Semaphore()

        func pass() -> HashingDesk.Product {
            self.opened.wait()
            return .match
        }

        func open() { self.opened.signal() }
    }

    /// A hasher of one thread, which is in a run behind the gate by now.
    private static func busy(
        _ gate: Gate, places: Int
    ) async throws -> (hasher: PasswordHasher, run: Task<HashingDesk.Answer, Never>) {
        let hasher = try PasswordHasher(cost: IdentityWorld.cheap, threads: 1, places: places)
        let run = Task { await hasher.desk.ask(within: .seconds(60)) { gate.pass() } }
        #expect(await Self.becomes { hasher.figures.running == 1 })
        return (hasher, run)
    }

    @Test func `a call too many is refused at once, with when to come again`() async throws {
        let gate = Gate()
        let (hasher, first) = try await Self.busy(gate, places: 1)
        let second = Task { await hasher.desk.ask(within: .seconds(60)) { gate.pass() } }
        #expect(await Self.becomes { hasher.figures.waiting == 1 })
        let third = await hasher.desk.ask(within: .seconds(60)) { gate.pass() }
        // No run has ended yet, so the least is said.
        #expect(third == .failure(.tooBusy(retryAfter: .seconds(1))))
        for _ in 1...2 { gate.open() }
        #expect(await first.value == .success(.match))
        #expect(await second.value == .success(.match))
        #expect(hasher.figures == PasswordHasher.Figures(runs: 2, waiting: 0, running: 0, refused: 1))
    }

    @Test func `a call whose time is up before its turn is told so, and nothing is run for it`() async throws {
        let gate = Gate()
        let (hasher, first) = try await Self.busy(gate, places: 10)
        let late = Task { await hasher.desk.ask(within: .milliseconds(1)) { gate.pass() } }
        #expect(await Self.becomes { hasher.figures.waiting == 1 })
        let later = SystemClock.monotonicNanoseconds + 5_000_000
        #expect(await Self.becomes { SystemClock.monotonicNanoseconds > later })
        gate.open()
        #expect(await first.value == .success(.match))
        let next = await hasher.desk.ask(within: .seconds(60)) { .mismatch }
        #expect(next == .success(.mismatch))
        #expect(await late.value == .failure(.timedOut))
        #expect(hasher.figures.runs == 2 && hasher.figures.refused == 1)
    }

    @Test func `who has no time for the run before his is not let in`() async throws {
        let gate = Gate()
        let (hasher, first) = try await Self.busy(gate, places: 10)
        let later = SystemClock.monotonicNanoseconds + 5_000_000
        #expect(await Self.becomes { SystemClock.monotonicNanoseconds > later })
        gate.open()
        #expect(await first.value == .success(.match))
        // Now it is known that a run takes five milliseconds and more.
        let second = Task { await hasher.desk.ask(within: .seconds(60)) { gate.pass() } }
        #expect(await Self.becomes { hasher.figures.running == 1 })
        let hasty = await hasher.desk.ask(within: .milliseconds(1)) { gate.pass() }
        guard case .failure(.tooBusy(let retryAfter)) = hasty else {
            Issue.record("let in without the time: \(hasty)")
            return
        }
        #expect(retryAfter >= .seconds(1) && retryAfter <= .seconds(60))
        gate.open()
        #expect(await second.value == .success(.match))
        #expect(hasher.figures.runs == 2)
    }

    @Test func `a cancelled call ends at once, whether it waits, runs or has not begun`() async throws {
        let gate = Gate()
        let (hasher, running) = try await Self.busy(gate, places: 10)
        let waiting = Task { await hasher.desk.ask(within: .seconds(60)) { gate.pass() } }
        #expect(await Self.becomes { hasher.figures.waiting == 1 })
        waiting.cancel()
        #expect(await waiting.value == .failure(.cancelled))
        running.cancel()
        #expect(await running.value == .failure(.cancelled))
        // The run itself goes on, and keeps its thread.
        #expect(hasher.figures.waiting == 0 && hasher.figures.running == 1)
        let early = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            return await hasher.desk.ask(within: .seconds(60)) { gate.pass() }
        }
        #expect(await early.value == .failure(.cancelled))
        gate.open()
        let next = await hasher.desk.ask(within: .seconds(60)) { .mismatch }
        #expect(next == .success(.mismatch))
        #expect(hasher.figures.runs == 2)
    }

    @Test func `a run that finds no memory says so, and the thread goes on`() async throws {
        let hasher = try PasswordHasher(cost: IdentityWorld.cheap, threads: 1)
        let failed = await hasher.desk.ask(within: .seconds(60)) { () throws(ScryptError) in throw .noMemory }
        #expect(failed == .failure(.noMemory))
        #expect(try await !hasher.check(Self.password, against: hasher.unknowable))
    }

    @Test func `stopping ends every call, and later ones too`() async throws {
        let gate = Gate()
        let (hasher, running) = try await Self.busy(gate, places: 10)
        let waiting = (0..<3).map { _ in Task { await hasher.desk.ask(within: .seconds(60)) { gate.pass() } } }
        #expect(await Self.becomes { hasher.figures.waiting == 3 })
        hasher.stop()
        for task in [running] + waiting { #expect(await task.value == .failure(.stopped)) }
        let later = await hasher.desk.ask(within: .seconds(60)) { .match }
        #expect(later == .failure(.stopped))
        gate.open()
        #expect(await Self.becomes { hasher.figures.running == 0 })
    }

    /// One loop that is asked every millisecond or so how late it is, while a thousand want to sign in at the standard cost.
    @Test func `a storm of a thousand logins leaves the loops their turns`() async throws {
        let group = try LoopGroup(count: 1, options: LoopOptions(), places: 10) { _ in }
        defer { group.stop() }
        let lags = Locked<[UInt64]>([])
        let isOver = Locked(false)
        let ended = Semaphore()
        let handle = group.handles[0]
        try spawnThread(named: "probe") {
            let pause = Semaphore()
            while !isOver.withLock({ $0 }) {
                let posted = SystemClock.monotonicNanoseconds
                let heard = Semaphore()
                handle.post { _ in
                    let lag = SystemClock.monotonicNanoseconds - posted
                    lags.withLock { $0.append(lag) }
                    heard.signal()
                }
                heard.wait()
                _ = pause.wait(within: .milliseconds(1))
            }
            ended.signal()
        }
        let hasher = try PasswordHasher(places: 6)
        let hash = hasher.unknowable
        let answers = await withTaskGroup { tasks in
            for _ in 0..<1000 {
                tasks.addTask {
                    await Self.outcome { () async throws(PasswordHasher.Refusal) in
                        try await hasher.check(Self.password, against: hash, within: .seconds(60))
                    }
                }
            }
            return await tasks.reduce(into: []) { $0.append($1) }
        }
        isOver.withLock { $0 = true }
        #expect(ended.wait(within: .seconds(10)))
        let refused = answers.count { if case .failure(.tooBusy) = $0 { true } else { false } }
        let served = answers.count { $0 == .success(false) }
        #expect(served + refused == 1000 && served >= 8)
        #expect(UInt64(served) == hasher.figures.runs)
        let sorted = lags.withLock { $0.sorted() }
        try #require(sorted.count > 50)
        let (median, high) = (sorted[sorted.count / 2], sorted[sorted.count * 99 / 100])
        // Both cores hash all the time, and others may use the machine: yet a run, which takes hundreds, is never waited for.
        #expect(median < 5_000_000, "median \(median) ns")
        #expect(high < 100_000_000, "99th percentile \(high) ns of \(sorted.count)")
    }
}
