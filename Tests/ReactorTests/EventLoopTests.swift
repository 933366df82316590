import Glibc
import Shared
import Synchronization
import TestSupport
import Testing

@testable import Reactor

@Suite(.timeLimit(.minutes(5))) struct EventLoopTests {
    @Test func `what is sent comes back`() throws {
        let server = try LoopFixture { loop, id, bytes in loop.send(id, UnsafeRawBufferPointer(bytes)) }
        defer { server.stop() }
        let peer = BlockingSocket(port: server.port)
        peer.send("hello")
        #expect(peer.receive(exactly: 5) == Array("hello".utf8))
        #expect(server.events.contains("opened"))
    }

    @Test func `two pieces arrive one behind the other, also when they have to wait`() throws {
        let body = [UInt8](repeating: 0x62, count: 3_000_000)
        let server = try LoopFixture { loop, id, _ in
            for _ in 0..<2 {
                "head".utf8.withContiguousStorageIfAvailable { head in
                    body.withUnsafeBytes { _ = loop.send(id, UnsafeRawBufferPointer(head), $0) }
                }
            }
        }
        defer { server.stop() }
        let peer = BlockingSocket(port: server.port)
        peer.send("x")
        #expect(peer.receive(exactly: 4) == Array("head".utf8))
        #expect(peer.receive(exactly: body.count) == body)
        // The second pair found three megabytes queued, which is over the bound: the connection was closed as slow, or
        // the reader was fast enough to take it; both are in order, and nothing was mixed up.
        let rest = peer.receive(exactly: 4)
        #expect(rest == Array("head".utf8) || rest.isEmpty)
    }

    @Test func `a handler hears that the peer ended its half and can still answer`() throws {
        let server = try LoopFixture(
            received: { _, _, _ in },
            inputEnded: { loop, id in
                ("ok".utf8.map { $0 }).withUnsafeBytes { _ = loop.send(id, $0) }
                loop.finish(id)
            })
        defer { server.stop() }
        let peer = BlockingSocket(port: server.port)
        peer.send("question")
        peer.endOutput()
        #expect(peer.receiveToEnd() == Array("ok".utf8))
        #expect(eventually { server.events.contains("closed closedHere") })
    }

    @Test func `finishing delivers all that was queued before it`() throws {
        let body = [UInt8](repeating: 7, count: 5_000_000)
        let server = try LoopFixture { loop, id, _ in
            _ = body.withUnsafeBytes { loop.send(id, $0) }
            loop.finish(id)
            #expect(loop.send(id, UnsafeRawBufferPointer(start: nil, count: 0)) == .gone)
        }
        defer { server.stop() }
        let peer = BlockingSocket(port: server.port)
        peer.send("x")
        #expect(peer.receiveToEnd() == body)
    }

    @Test func `a peer that never closes its half is dropped after the linger time`() throws {
        var options = LoopOptions()
        options.lingerMilliseconds = 50
        let server = try LoopFixture(options: options) { loop, id, _ in loop.finish(id) }
        defer { server.stop() }
        let peer = BlockingSocket(port: server.port)
        peer.send("x")
        #expect(eventually { server.events.contains("closed lingerTimedOut") })
        #expect(server.statistics.slowCloses.load(ordering: .relaxed) == 1)
        _ = peer
    }

    @Test func `finishing waits for a slow line far beyond the linger time`() throws {
        var options = LoopOptions()
        options.lingerMilliseconds = 50
        let body = [UInt8](repeating: 7, count: 5_000_000)
        let server = try LoopFixture(options: options) { loop, id, _ in
            _ = body.withUnsafeBytes { loop.send(id, $0) }
            loop.finish(id)
        }
        defer { server.stop() }
        let peer = BlockingSocket(port: server.port, receiveBuffer: 4096)
        peer.send("x")
        #expect(peer.receive(exactly: 1) == [7])
        // Longer than the linger time passes while the peer takes nothing.
        let isOver = Locked(false)
        server.group.handles[0].post { loop in loop.schedule(after: 300) { isOver.withLock { $0 = true } } }
        #expect(eventually { isOver.withLock { $0 } })
        #expect(peer.receiveToEnd()?.count == body.count - 1)
    }

    @Test func `at the ceiling of all outboxes the fullest is closed, not the newcomer`() throws {
        var options = LoopOptions()
        options.outboxBytes = 1 << 30
        options.outboxBytesTotal = 8 << 20
        let server = try LoopFixture(options: options) { loop, id, bytes in
            let size = bytes[0] == UInt8(ascii: "L") ? 12 << 20 : 7 << 20
            _ = [UInt8](repeating: 1, count: size).withUnsafeBytes { loop.send(id, $0) }
        }
        defer { server.stop() }
        let large = BlockingSocket(port: server.port, receiveBuffer: 4096)
        large.send("L")
        #expect(eventually { server.statistics.outboxBytes.load(ordering: .relaxed) > 0 })
        let small = BlockingSocket(port: server.port)
        small.send("s")
        #expect(small.receive(exactly: 7 << 20).count == 7 << 20)
        #expect(server.events.filter { $0 == "closed slowConsumer" }.count == 1)
        _ = large
    }

    @Test func `a peer that does not read is closed when its outbox is full, and the memory is free`() throws {
        var options = LoopOptions()
        options.outboxBytes = 1 << 16
        let chunk = [UInt8](repeating: 1, count: 1 << 16)
        let server = try LoopFixture(options: options) { loop, id, _ in
            for _ in 0..<1000 where chunk.withUnsafeBytes({ loop.send(id, $0) }) == .gone { break }
        }
        defer { server.stop() }
        let peer = BlockingSocket(port: server.port, receiveBuffer: 4096)
        peer.send("x")
        #expect(eventually { server.events.contains("closed slowConsumer") })
        #expect(eventually { server.statistics.outboxBytes.load(ordering: .relaxed) == 0 })
        #expect(server.statistics.slowConsumers.load(ordering: .relaxed) == 1)
        _ = peer
    }

    @Test func `a peer that takes nothing for the stall time is closed, however little waits`() throws {
        var options = LoopOptions()
        options.stallMilliseconds = 100
        let body = [UInt8](repeating: 1, count: 8_000_000)
        let server = try LoopFixture(options: options) { loop, id, _ in _ = body.withUnsafeBytes { loop.send(id, $0) } }
        defer { server.stop() }
        let peer = BlockingSocket(port: server.port, receiveBuffer: 4096)
        peer.send("x")
        #expect(eventually { server.events.contains("closed slowConsumer") })
        _ = peer
    }

    @Test func `the handler hears once that a queue has drained`() throws {
        // More than the kernel takes while the peer does not read: the sender's buffer grows to four megabytes, the other is set.
        let body = [UInt8](repeating: 1, count: 20_000_000)
        let server = try LoopFixture { loop, id, _ in _ = body.withUnsafeBytes { loop.send(id, $0) } }
        defer { server.stop() }
        let peer = BlockingSocket(port: server.port, receiveBuffer: 200_000)
        peer.send("x")
        #expect(eventually { server.statistics.outboxBytes.load(ordering: .relaxed) > 0 })
        #expect(peer.receive(exactly: body.count).count == body.count)
        #expect(eventually { server.events.filter { $0 == "drained" }.count == 1 })
    }

    @Test func `a connection's deadline fires once and can be moved`() throws {
        let server = try LoopFixture(
            received: { loop, id, _ in
                loop.setDeadline(id, at: loop.now + 20_000)
                loop.setDeadline(id, at: loop.now + 20)
            }, deadlinePassed: { loop, id in loop.finish(id) })
        defer { server.stop() }
        let peer = BlockingSocket(port: server.port)
        peer.send("x")
        #expect(peer.receiveToEnd() == [])
        #expect(server.events.filter { $0 == "deadline" }.count == 1)
    }

    @Test func `a deadline's handler may close another connection whose deadline came in the same turn`() throws {
        let ids = Locked<[ConnectionID]>([])
        let timers = Locked<[Int]>([])
        let server = try LoopFixture(
            opened: { loop, id in
                let all = ids.withLock { ids in
                    ids.append(id)
                    return ids
                }
                guard all.count == 2 else { return }
                // The loop has timers of its own, too.
                let count = loop.wheel.count
                timers.withLock { $0.append(count) }
                for id in all { loop.setDeadline(id, at: loop.now + 20) }
            },
            received: { _, _, _ in },
            deadlinePassed: { loop, id in
                for other in ids.withLock({ $0 }) where other != id { loop.finish(other) }
                let count = loop.wheel.count
                timers.withLock { $0.append(count) }
            })
        defer { server.stop() }
        let peers = [BlockingSocket(port: server.port), BlockingSocket(port: server.port)]
        #expect(eventually { timers.withLock { $0.count == 2 } })
        // One handler ran, and set one timer: the linger time of the other connection, which is then not overdue at once.
        let counts = timers.withLock { $0 }
        #expect(counts.last == counts[0] + 1)
        #expect(!server.events.contains("closed lingerTimedOut"))
        _ = peers
    }

    @Test func `input that is paused waits, and comes when it is resumed`() throws {
        let server = try LoopFixture { loop, id, bytes in
            loop.pauseInput(id)
            let copy = Array(bytes)
            loop.schedule(after: 30) {
                _ = copy.withUnsafeBytes { loop.send(id, $0) }
                loop.resumeInput(id)
            }
        }
        defer { server.stop() }
        let peer = BlockingSocket(port: server.port)
        peer.send("a")
        #expect(peer.receive(exactly: 1) == Array("a".utf8))
        peer.send("b")
        #expect(peer.receive(exactly: 1) == Array("b".utf8))
    }

    @Test func `who comes when all places are taken is told so, and those inside stay`() throws {
        let server = try LoopFixture(connectionLimit: 1, refusal: Array("full".utf8)) { loop, id, bytes in
            loop.send(id, UnsafeRawBufferPointer(bytes))
        }
        defer { server.stop() }
        let inside = BlockingSocket(port: server.port)
        inside.send("1")
        #expect(inside.receive(exactly: 1) == Array("1".utf8))
        for _ in 0..<10 { #expect(BlockingSocket(port: server.port).receiveToEnd() == Array("full".utf8)) }
        inside.send("2")
        #expect(inside.receive(exactly: 1) == Array("2".utf8))
        #expect(server.statistics.refused.load(ordering: .relaxed) == 10)
    }

    @Test func `a place is free again after its connection closed`() throws {
        let server = try LoopFixture(connectionLimit: 1) { loop, id, bytes in
            loop.send(id, UnsafeRawBufferPointer(bytes))
        }
        defer { server.stop() }
        for round in 0..<50 {
            do {
                let peer = BlockingSocket(port: server.port)
                peer.send("x")
                #expect(peer.receive(exactly: 1) == Array("x".utf8), "round \(round)")
            }
            #expect(eventually { server.statistics.connections.load(ordering: .relaxed) == 0 })
        }
    }

    @Test func `tasks of many threads run on the loop, each once`() throws {
        let server = try LoopFixture { _, _, _ in }
        defer { server.stop() }
        let sum = Atomic<Int>(0)
        let box = Counter()
        var threads: [pthread_t] = []
        for _ in 0..<4 {
            var thread = pthread_t()
            let argument = Unmanaged.passRetained(PostingThread(server.group.handles[0], box))
            pthread_create(
                &thread, nil,
                { raw in
                    guard let raw else { return nil }
                    let posting = Unmanaged<PostingThread>.fromOpaque(raw).takeRetainedValue()
                    for _ in 0..<2500 { posting.handle.post { _ in posting.counter.add() } }
                    return nil
                }, argument.toOpaque())
            threads.append(thread)
        }
        for thread in threads { pthread_join(thread, nil) }
        #expect(eventually { box.value == 10_000 })
        _ = sum
    }

    @Test func `connecting to a port where nobody listens ends in a reason`() throws {
        let server = try LoopFixture { _, _, _ in }
        let port = server.port
        server.stop()
        let client = try LoopFixture { _, _, _ in }
        defer { client.stop() }
        client.connect(to: port)
        #expect(eventually { client.events.contains("closed failed(errno: \(ECONNREFUSED))") })
    }

    @Test func `a loop can be client and server, from a source address of choice`() throws {
        let server = try LoopFixture { loop, id, bytes in loop.send(id, UnsafeRawBufferPointer(bytes)) }
        defer { server.stop() }
        let client = try LoopFixture(
            opened: { loop, id in
                _ = "ping".utf8.withContiguousStorageIfAvailable { loop.send(id, UnsafeRawBufferPointer($0)) }
            },
            received: { _, _, _ in })
        defer { client.stop() }
        client.connect(to: server.port, from: "127.0.0.9")
        #expect(eventually { client.events.contains("received 4") })
        #expect(server.peers == ["127.0.0.9"])
    }

    @Test func `stopping tells every connection, and the peer sees the end`() throws {
        let server = try LoopFixture { _, _, _ in }
        let peer = BlockingSocket(port: server.port)
        peer.send("x")
        #expect(eventually { server.events.contains("received 1") })
        server.stop()
        #expect(server.events.contains("closed loopStopped"))
        #expect(peer.receiveToEnd() ?? [] == [])
    }

    @Test func `who waits in the queue when listening stops is still taken in`() throws {
        let server = try LoopFixture { loop, id, bytes in loop.send(id, UnsafeRawBufferPointer(bytes)) }
        defer { server.stop() }
        let listener = server.listener
        let (taken, gate) = (Counter(), Counter())
        server.group.handles[0].post { loop in
            taken.add()
            // The loop stands still while newcomers queue up.
            while gate.value == 0 { usleep(500) }
            loop.stopListening(listener)
        }
        #expect(eventually { taken.value == 1 })
        let peers = (0..<20).map { _ in BlockingSocket(port: server.port) }
        gate.add()
        for peer in peers {
            peer.send("x")
            #expect(peer.receive(exactly: 1) == Array("x".utf8))
        }
    }
}
