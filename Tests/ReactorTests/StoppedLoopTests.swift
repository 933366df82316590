import Glibc
import Shared
import TestSupport
import Testing

@testable import Reactor

/// What becomes of that which was handed to a loop when the loop stops: it runs, or it is let go of, and no task waits for ever.
@Suite(.timeLimit(.minutes(5))) struct StoppedLoopTests {
    /// Counts itself as gone.
    private final class Token: Sendable {
        let gone: Counter
        init(_ gone: Counter) { self.gone = gone }
        deinit { self.gone.add() }
    }

    /// Holds its loop, which holds it, as hosts of sessions do.
    private final class Lodger {
        let loop: EventLoop
        let token: Token
        init(_ loop: EventLoop, _ token: Token) {
            self.loop = loop
            self.token = token
        }
    }

    private func group(
        count: Int = 1,
        setUp: @escaping @Sendable (EventLoop) throws(SystemError) -> Void = { _ throws(SystemError) in }
    ) throws -> LoopGroup {
        try LoopGroup(count: count, options: LoopOptions(), places: 10, setUp: setUp)
    }

    /// Keeps the loop in a task until `gate` is counted.
    private func hold(_ loop: LoopHandle, until gate: Counter) {
        let held = Counter()
        loop.post { _ in
            held.add()
            while gate.value == 0 { usleep(500) }
        }
        #expect(eventually { held.value == 1 })
    }

    @Test func `what is posted after the stop never runs and is gone at once`() throws {
        let (group, ran, gone) = (try self.group(), Counter(), Counter())
        group.stop()
        for _ in 0..<3 {
            let token = Token(gone)
            group.handles[0].post { _ in withExtendedLifetime(token) { ran.add() } }
        }
        #expect(gone.value == 3)
        #expect(ran.value == 0)
    }

    @Test func `what many threads post while the loop stops runs or is gone`() throws {
        for _ in 0..<20 {
            let (group, ran, gone, ended) = (try self.group(), Counter(), Counter(), Semaphore())
            let loop = group.handles[0]
            for _ in 0..<3 {
                try spawnThread(named: "poster") {
                    for _ in 0..<200 {
                        let token = Token(gone)
                        loop.post { _ in withExtendedLifetime(token) { ran.add() } }
                    }
                    ended.signal()
                }
            }
            #expect(eventually { ran.value > 0 })
            group.stop()
            for _ in 0..<3 { ended.wait() }
            #expect(gone.value == 600)
        }
    }

    @Test func `a loop that has stopped is gone with all that it held, though that holds the loop`() throws {
        let gone = Counter()
        let group = try self.group(count: 2) { loop throws(SystemError) in
            let lodger = Lodger(loop, Token(gone))
            loop.attach(lodger)
            loop.schedule(after: 3_600_000) { withExtendedLifetime(lodger) {} }
        }
        #expect(gone.value == 0)
        group.stop()
        #expect(gone.value == 2)
        group.stop()
    }

    @Test func `two threads may stop the same loops at once`() throws {
        for _ in 0..<50 {
            let (group, ended) = (try self.group(count: 2), Semaphore())
            for _ in 0..<2 {
                try spawnThread(named: "stopper") {
                    group.stop()
                    ended.signal()
                }
            }
            for _ in 0..<2 { #expect(ended.wait(within: .seconds(30))) }
        }
    }

    @Test func `a loop whose setting up failed is gone, and nobody listens where it listened`() throws {
        let (gone, port) = (Counter(), Locked<UInt16>(0))
        #expect(throws: SystemError("set up", errno: EBUSY)) {
            try self.group(count: 2) { loop throws(SystemError) in
                let lodger = Lodger(loop, Token(gone))
                loop.attach(lodger)
                let token = Token(gone)
                loop.handle.post { _ in withExtendedLifetime(token) {} }
                if loop.handle.index == 1 { throw SystemError("set up", errno: EBUSY) }
                let handler = loop.register(Deaf())
                guard let address = SocketAddress("127.0.0.1", port: 0) else { throw SystemError("address", errno: 0) }
                let listener = try loop.listen(at: address, handler: handler, refusal: [])
                port.withLock { $0 = listener.address.port }
            }
        }
        #expect(gone.value == 4)
        let client = try LoopFixture { _, _, _ in }
        defer { client.stop() }
        client.connect(to: port.withLock { $0 })
        #expect(eventually { client.events.contains("closed failed(errno: \(ECONNREFUSED))") })
    }

    @Test func `nobody listens where a loop listened whose own setting up failed`() throws {
        let port = Locked<UInt16>(0)
        #expect(throws: SystemError.self) {
            try self.group { loop throws(SystemError) in
                let handler = loop.register(Deaf())
                guard let address = SocketAddress("127.0.0.1", port: 0) else { return }
                let listener = try loop.listen(at: address, handler: handler, refusal: [])
                port.withLock { $0 = listener.address.port }
                throw SystemError("set up", errno: EBUSY)
            }
        }
        #expect(port.withLock { $0 } != 0)
        let client = try LoopFixture { _, _, _ in }
        defer { client.stop() }
        client.connect(to: port.withLock { $0 })
        #expect(eventually { client.events.contains("closed failed(errno: \(ECONNREFUSED))") })
    }

    // MARK: Tasks

    @Test func `a task that is begun on a stopped loop runs to its end elsewhere`() async throws {
        let (group, gone) = (try self.group(), Counter())
        let executor = LoopExecutor(group.handles[0])
        group.stop()
        let token = Token(gone)
        let sum = Task(executorPreference: executor) {
            await Task.yield()
            let inner = await Task { withExtendedLifetime(token) { 20 } }.value
            return inner + 1
        }
        #expect(await sum.value == 21)
    }

    @Test func `a task that waits while its loop stops is resumed elsewhere`() async throws {
        let group = try self.group()
        let waiting = Locked<CheckedContinuation<Int, Never>?>(nil)
        let task = Task(executorPreference: LoopExecutor(group.handles[0])) {
            await withCheckedContinuation { continuation in waiting.withLock { $0 = continuation } } + 1
        }
        #expect(eventually { waiting.withLock { $0 != nil } })
        group.stop()
        waiting.withLock { $0 }?.resume(returning: 1)
        #expect(await task.value == 2)
    }

    @Test func `a job that lies in the mailbox when the loop stops runs elsewhere`() async throws {
        let (group, gate, stopped) = (try self.group(), Counter(), Semaphore())
        self.hold(group.handles[0], until: gate)
        try spawnThread(named: "stopper") {
            group.stop()
            stopped.signal()
        }
        // The stop is posted before the loop goes on; whether the job comes before or behind it, the task ends.
        let tasks = (0..<20).map { number in
            Task(executorPreference: LoopExecutor(group.handles[0])) {
                await Task.yield()
                return number
            }
        }
        gate.add()
        var sum = 0
        for task in tasks { sum += await task.value }
        #expect(sum == 190)
        #expect(stopped.wait(within: .seconds(30)))
    }

    @Test func `who waits for a posted task hears the fallback when the loop stops`() async throws {
        let group = try self.group()
        let loop = group.handles[0]
        let early = await withCheckedContinuation { continuation in
            let answer = Answer(continuation, fallback: "nobody")
            // Kept by the loop until it stops, as a pool keeps what waits for a connection.
            loop.post { loop in loop.schedule(after: 3_600_000) { answer.give("too late") } }
            loop.post { $0.stop() }
        }
        #expect(early == "nobody")
        group.stop()
        let late = await withCheckedContinuation { continuation in
            let answer = Answer(continuation, fallback: "nobody")
            loop.post { _ in answer.give("somebody") }
        }
        #expect(late == "nobody")
    }
}

/// Takes connections and does nothing with them.
private final class Deaf: ConnectionHandler {
    func opened(_ id: ConnectionID, peer: SocketAddress?) {}
    func received(_ id: ConnectionID, _ bytes: UnsafeMutableRawBufferPointer) {}
    func inputEnded(_ id: ConnectionID) {}
    func drained(_ id: ConnectionID) {}
    func deadlinePassed(_ id: ConnectionID) {}
    func closed(_ id: ConnectionID, _ reason: CloseReason) {}
    func turnEnded() {}
}
