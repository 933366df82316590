import Reactor
import Shared
import Testing

@testable import Crypto
@testable import Operations

@Suite(.timeLimit(.minutes(2))) struct PasswordHasherTests {
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

    @Test func `a call too many is refused at once, with when to come again`() async throws {
        let hasher = try PasswordHasher(cost: .standard, threads: 1, places: 1)
        let hash = hasher.unknowable
        let first = Task { try await hasher.check(Self.password, against: hash) }
        #expect(await Self.becomes { hasher.figures.running == 1 })
        let second = Task { try await hasher.check(Self.password, against: hash) }
        #expect(await Self.becomes { hasher.figures.waiting == 1 })
        let third = await Self.outcome { () async throws(PasswordHasher.Refusal) in
            try await hasher.check(Self.password, against: hash)
        }
        guard case .failure(.tooBusy(let retryAfter)) = third else {
            Issue.record("a third call found a place: \(third)")
            return
        }
        #expect(retryAfter >= .seconds(1) && retryAfter <= .seconds(60))
        #expect(try await !first.value)
        #expect(try await !second.value)
        #expect(hasher.figures.runs == 2 && hasher.figures.refused == 1)
    }

    @Test func `a call whose time is up before its turn is told so, and nothing is run for it`() async throws {
        let hasher = try PasswordHasher(cost: .standard, threads: 1, places: 10)
        let hash = hasher.unknowable
        let first = Task { try await hasher.check(Self.password, against: hash) }
        #expect(await Self.becomes { hasher.figures.running == 1 })
        // No run has ended yet, so nobody knows that it will take longer than that.
        let late = await Self.outcome { () async throws(PasswordHasher.Refusal) in
            try await hasher.check(Self.password, against: hash, within: .milliseconds(1))
        }
        #expect(late == .failure(.timedOut))
        _ = try await first.value
        #expect(hasher.figures.runs == 1)

        // Now it is known: who has no time to wait for the run before is not let in.
        let second = Task { try await hasher.check(Self.password, against: hash) }
        #expect(await Self.becomes { hasher.figures.running == 1 })
        let refused = await Self.outcome { () async throws(PasswordHasher.Refusal) in
            try await hasher.check(Self.password, against: hash, within: .milliseconds(1))
        }
        guard case .failure(.tooBusy(let retryAfter)) = refused else {
            Issue.record("let in without the time: \(refused)")
            return
        }
        #expect(retryAfter >= .seconds(1) && retryAfter <= .seconds(60))
        _ = try await second.value
        #expect(hasher.figures.runs == 2)
    }

    @Test func `a cancelled call ends at once, whether it waits, runs or has not begun`() async throws {
        let hasher = try PasswordHasher(cost: .standard, threads: 1, places: 10)
        let hash = hasher.unknowable
        let ask: @Sendable () async -> Result<Bool, PasswordHasher.Refusal> = {
            await Self.outcome { () async throws(PasswordHasher.Refusal) in
                try await hasher.check(Self.password, against: hash)
            }
        }
        let running = Task { await ask() }
        #expect(await Self.becomes { hasher.figures.running == 1 })
        let waiting = Task { await ask() }
        #expect(await Self.becomes { hasher.figures.waiting == 1 })
        waiting.cancel()
        #expect(await waiting.value == .failure(.cancelled))
        #expect(hasher.figures.waiting == 0)
        running.cancel()
        #expect(await running.value == .failure(.cancelled))
        let early = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            return await ask()
        }
        #expect(await early.value == .failure(.cancelled))
        // The thread is there again once its run has ended.
        #expect(await ask() == .success(false))
        #expect(hasher.figures.runs == 2)
    }

    @Test func `stopping ends every call, and later ones too`() async throws {
        let hasher = try PasswordHasher(cost: .standard, threads: 1, places: 10)
        let hash = hasher.unknowable
        let tasks = (0..<4).map { _ in
            Task {
                await Self.outcome { () async throws(PasswordHasher.Refusal) in
                    try await hasher.check(Self.password, against: hash)
                }
            }
        }
        #expect(await Self.becomes { hasher.figures.running == 1 && hasher.figures.waiting == 3 })
        hasher.stop()
        for task in tasks { #expect(await task.value == .failure(.stopped)) }
        let later = await Self.outcome { () async throws(PasswordHasher.Refusal) in
            try await hasher.check(Self.password, against: hash)
        }
        #expect(later == .failure(.stopped))
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
