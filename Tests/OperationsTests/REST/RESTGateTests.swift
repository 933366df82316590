import Shared
import TestSupport
import Testing
import Wire

@testable import Operations

@Suite(.timeLimit(.minutes(5))) struct RESTGateTests {
    private static func limits(running: Int, waiting: Int, wait: Duration = .seconds(30)) -> RESTLimits {
        var limits = RESTLimits()
        limits.running = running
        limits.waiting = waiting
        limits.longestWait = wait
        limits.deadline = .seconds(40)
        return limits
    }

    private func call(_ laundry: Laundry, _ path: String = "/v1/slow") throws -> RESTCall? {
        guard case .later(let call) = try laundry.begin(Laundry.text("GET", path)).dispatch else { return nil }
        return call
    }

    /// Polls without blocking the few threads on which the calls run.
    private func eventually(_ condition: () -> Bool) async -> Bool {
        let deadline = ContinuousClock.now + .seconds(20)
        while ContinuousClock.now < deadline {
            if condition() { return true }
            await Task.yield()
        }
        return false
    }

    @Test func `so many run, so many wait, and one more is told to come back`() async throws {
        let laundry = try Laundry(limits: Self.limits(running: 2, waiting: 3))
        let calls = try (0..<5).map { _ in try #require(try self.call(laundry)) }
        let (request, dispatch) = try laundry.begin(Laundry.text("GET", "/v1/slow"))
        guard case .now(let response) = dispatch else {
            Issue.record("one too many was taken")
            return
        }
        let refused = try laundry.judged(response, to: request)
        #expect(refused.status == 503 && refused.code == "overloaded" && refused.fields["retry-after"] == "1")
        // What needs no operation is answered all the same.
        #expect(try await laundry.get("/v1/nothing").status == 404)
        #expect(try await laundry.get("/openapi.json").status == 200)

        let statuses = try await withThrowingTaskGroup(of: UInt16.self) { group in
            for call in calls { group.addTask { await call.run().status.rawValue } }
            #expect(await self.eventually { laundry.slow.begun == 2 })
            #expect(laundry.service.load.running == 2 && laundry.service.load.waiting == 3)
            laundry.slow.release()
            return try await group.reduce(into: [UInt16]()) { $0.append($1) }
        }
        #expect(statuses == [204, 204, 204, 204, 204] && laundry.slow.ended == 5)
        #expect(await self.eventually { laundry.service.load == (0, 0) })
    }

    @Test func `places of calls that nobody runs are given back`() async throws {
        let laundry = try Laundry(limits: Self.limits(running: 1, waiting: 0))
        for _ in 0..<10 {
            let call = try self.call(laundry)
            #expect(call != nil && laundry.service.load.waiting == 1)
        }
        #expect(laundry.service.load == (0, 0))
    }

    @Test func `a call runs once`() async throws {
        let laundry = try Laundry()
        laundry.slow.release()
        let call = try #require(try self.call(laundry))
        #expect(await call.run().status == .noContent)
        #expect(await call.run().status == .internalServerError)
        #expect(laundry.slow.begun == 1)
    }

    @Test func `who waits too long is told so, and the next one is not held up by it`() async throws {
        let laundry = try Laundry(limits: Self.limits(running: 1, waiting: 2, wait: .milliseconds(30)))
        let first = try #require(try self.call(laundry))
        async let running = first.run().status
        #expect(await self.eventually { laundry.slow.begun == 1 })
        let second = try #require(try self.call(laundry))
        let response = await second.run()
        #expect(response.status == .serviceUnavailable)
        #expect(String(decoding: response.body, as: UTF8.self).contains("overloaded"))
        laundry.slow.release()
        #expect(await running == .noContent)
        #expect(await self.eventually { laundry.service.load == (0, 0) })
        let third = try #require(try self.call(laundry))
        #expect(await third.run().status == .noContent)
    }

    @Test(arguments: [true, false])
    func `after the deadline there is an answer, and a place only when the work has ended`(heeds: Bool) async throws {
        var limits = Self.limits(running: 1, waiting: 0)
        limits.deadline = .milliseconds(50)
        let laundry = try Laundry(limits: limits, slow: Slow(heedsCancellation: heeds))
        let answer = try await laundry.get("/v1/slow")
        #expect(answer.status == 504 && answer.code == "deadline_exceeded")
        if heeds {
            #expect(await self.eventually { laundry.slow.ended == 1 })
        } else {
            #expect(laundry.slow.ended == 0 && laundry.service.load.running == 1)
            #expect(try self.call(laundry) == nil)
            laundry.slow.release()
        }
        #expect(await self.eventually { laundry.service.load == (0, 0) })
    }

    @Test func `when the client is gone the work is told`() async throws {
        let laundry = try Laundry(limits: Self.limits(running: 1, waiting: 1), slow: Slow(heedsCancellation: true))
        let call = try #require(try self.call(laundry))
        let task = Task { await call.run() }
        #expect(await self.eventually { laundry.slow.begun == 1 })
        task.cancel()
        _ = await task.value
        #expect(await self.eventually { laundry.slow.ended == 1 && laundry.service.load == (0, 0) })
    }

    @Test func `who is gone while waiting leaves the queue`() async throws {
        let laundry = try Laundry(limits: Self.limits(running: 1, waiting: 1))
        let first = try #require(try self.call(laundry))
        let second = try #require(try self.call(laundry))
        let running = Task { await first.run() }
        #expect(await self.eventually { laundry.slow.begun == 1 })
        let waiting = Task { await second.run() }
        waiting.cancel()
        _ = await waiting.value
        #expect(await self.eventually { laundry.service.load == (1, 0) })
        laundry.slow.release()
        #expect(await running.value.status == .noContent)
        #expect(laundry.slow.begun == 1)
    }

    @Test func `many come and go at once, and the bound holds`() async throws {
        var limits = Self.limits(running: 3, waiting: 1_000)
        limits.deadline = .seconds(40)
        let laundry = try Laundry(limits: limits)
        let most = Locked(0)
        let calls = try (0..<500).map { _ in try #require(try self.call(laundry, "/v1/towels")) }
        await withTaskGroup(of: Void.self) { group in
            for (index, call) in calls.enumerated() {
                group.addTask {
                    let task = Task { await call.run() }
                    if index % 5 == 0 { task.cancel() }
                    let running = laundry.service.load.running
                    most.withLock { $0 = max($0, running) }
                    _ = await task.value
                }
            }
        }
        #expect(most.withLock { $0 } <= 3)
        #expect(await self.eventually { laundry.service.load == (0, 0) })
    }
}
