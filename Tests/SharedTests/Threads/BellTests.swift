import Shared
import Testing

@Suite(.timeLimit(.minutes(5))) struct BellTests {
    private static let long = Duration.seconds(600)

    @Test func `a ring ends the wait, now or later, and counts once`() async {
        let bell = Bell()
        bell.ring()
        bell.ring()
        await bell.wait(atMost: Self.long)
        let began = ContinuousClock.now
        await bell.wait(atMost: .milliseconds(20))
        #expect(ContinuousClock.now - began >= .milliseconds(20))
        for _ in 0..<100 {
            async let waiting: Void = bell.wait(atMost: Self.long)
            bell.ring()
            await waiting
        }
    }

    @Test func `a task that is cancelled waits no more, before or during`() async {
        let bell = Bell()
        for _ in 0..<100 {
            let task = Task { await bell.wait(atMost: Self.long) }
            task.cancel()
            await task.value
        }
        bell.ring()
        await bell.wait(atMost: Self.long)
    }

    @Test func `time and rings at the same moment end each wait once`() async {
        let bell = Bell()
        for _ in 0..<300 {
            let ringing = Task { bell.ring() }
            await bell.wait(atMost: .microseconds(Int64.random(in: 0...200)))
            await ringing.value
        }
    }
}

@Suite(.timeLimit(.minutes(5))) struct KeyedOrderTests {
    @Test func `what concerns one thing is done in the order of asking, others do not wait`() async {
        let (order, done, gate) = (KeyedOrder<Int>(), Locked<[Int]>([]), Bell())
        let first = Task { await order.run(1) { await gate.wait(atMost: .seconds(600)) } }
        // Something else goes by.
        #expect(await order.run(2) { 7 } == 7)
        gate.ring()
        await first.value
        await withTaskGroup(of: Void.self) { group in
            for key in 0..<4 {
                group.addTask {
                    for number in 0..<50 {
                        await order.run(key) {
                            if key == 0 { done.withLock { $0.append(number) } }
                        }
                    }
                }
            }
        }
        #expect(done.withLock { $0 } == Array(0..<50))
    }

    @Test func `never two at once for one key`() async {
        let (order, inside) = (KeyedOrder<String>(), Locked(0))
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<200 {
                group.addTask {
                    await order.run("a") {
                        let count = inside.withLock { inside in
                            inside += 1
                            return inside
                        }
                        #expect(count == 1)
                        await Task.yield()
                        inside.withLock { $0 -= 1 }
                    }
                }
            }
        }
    }
}
