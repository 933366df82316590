import Shared
import TestSupport
import Testing

@testable import Reactor
@testable import Realtime

/// Clients that come back with a position.
@Suite(.timeLimit(.minutes(5))) struct HubResumeTests {
    private let tenant = Audience(.tenant)
    private let property = Audience(.property)

    /// Somebody who keeps the stream followed.
    private func anchor(_ fixture: HubFixture, at seq: Int = 0) throws -> HubClient {
        let client = fixture.client()
        client.send("+ kpi anchor")
        #expect(try client.next() == "subscribed anchor 1 \(seq)")
        return client
    }

    @Test func `what was missed comes in order, then the word, then what is live`() throws {
        let fixture = try HubFixture()
        defer { fixture.stop() }
        _ = try self.anchor(fixture)
        fixture.commit(["1", "2"])
        fixture.commit(["3"], to: [self.property])
        fixture.commit(["4"])
        let client = fixture.client()
        client.send("+ tenant t 1 1")
        #expect(try client.next(4) == ["subscribed t 1 1", "t 2", "t 4", "resumed t 4 2"])
        fixture.commit(["5"])
        #expect(try client.next() == "t 5")
        #expect(client.texts == ["2", "4", "5"])
        #expect(fixture.store.state.withLock { $0.reads } == [], "all of it was in memory")
    }

    @Test func `who has missed nothing is told so`() throws {
        let fixture = try HubFixture()
        defer { fixture.stop() }
        fixture.commit(["1"])
        let client = fixture.client()
        client.send("+ tenant t 1 1")
        #expect(try client.next(2) == ["subscribed t 1 1", "resumed t 1 0"])
    }

    @Test func `many who come back at once cost one read of each page`() throws {
        let fixture = try HubFixture(loops: 2)
        defer { fixture.stop() }
        fixture.commit((1...600).map { "\($0)" }, isLost: true)
        let clients = (0..<20).map { _ in fixture.client() }
        fixture.store.hold()
        for (index, client) in clients.enumerated() { client.send("+ tenant t 1 \(index)") }
        #expect(eventually { fixture.store.state.withLock { !$0.held.isEmpty } })
        fixture.store.release()
        for (index, client) in clients.enumerated() {
            #expect(try client.next() == "subscribed t 1 \(index)")
            #expect(try client.next(600 - index) == ((index + 1)...600).map { "t \($0)" })
            #expect(try client.next() == "resumed t 600 \(600 - index)")
        }
        let reads = fixture.store.state.withLock { $0.reads }
        #expect(reads.map(\.after) == [0, 256, 512] && reads.map(\.through) == [256, 512, 600])
    }

    @Test func `what is live while the past is read waits behind it`() throws {
        let fixture = try HubFixture()
        defer { fixture.stop() }
        fixture.commit((1...300).map { "\($0)" }, isLost: true)
        _ = try self.anchor(fixture, at: 300)
        let client = fixture.client()
        fixture.store.hold()
        client.send("+ tenant t 1 290")
        #expect(try client.next() == "subscribed t 1 290")
        fixture.commit((301...310).map { "\($0)" })
        #expect(try client.rest() == [])
        fixture.store.release()
        #expect(try client.next(20) == (291...310).map { "t \($0)" })
        #expect(try client.next() == "resumed t 310 20")
        fixture.commit(["311"])
        #expect(try client.next() == "t 311")
    }

    @Test func `more live events than are held back are read again`() throws {
        let fixture = try HubFixture()
        defer { fixture.stop() }
        fixture.commit((1...10).map { "\($0)" }, isLost: true)
        _ = try self.anchor(fixture, at: 10)
        let client = fixture.client()
        fixture.store.hold()
        client.send("+ tenant t 1 0")
        #expect(try client.next() == "subscribed t 1 0")
        let last = 10 + ReplayTail.mostEvents * 2
        fixture.commit((11...last).map { "\($0)" })
        fixture.store.release()
        #expect(try client.next(last) == (1...last).map { "t \($0)" })
        #expect(try client.next() == "resumed t \(last) \(last)")
    }

    @Test func `a client that knows more than this node goes on when it has caught up`() throws {
        let fixture = try HubFixture()
        defer { fixture.stop() }
        fixture.commit((1...5).map { "\($0)" })
        let anchor = try self.anchor(fixture, at: 5)
        fixture.store.hold()
        fixture.commit((6...10).map { "\($0)" }, isLost: true)
        let clients = (6...10).map { _ in fixture.client() }
        for (index, client) in clients.enumerated() {
            client.send("+ tenant t 1 \(index + 6)")
            #expect(try client.next() == "subscribed t 1 \(index + 6)")
            #expect(try client.rest() == [])
        }
        #expect(try anchor.rest() == [])
        fixture.store.release()
        for (index, client) in clients.enumerated() {
            #expect(try client.next(4 - index) == (index + 7..<11).map { "t \($0)" })
            #expect(try client.next() == "resumed t 10 \(4 - index)")
        }
        fixture.commit(["11"])
        for client in clients { #expect(try client.next() == "t 11") }
    }

    @Test(arguments: [6, Int64.max])
    func `a client that knows more than the log has to load anew`(since: Int64) throws {
        let fixture = try HubFixture()
        defer { fixture.stop() }
        fixture.commit((1...5).map { "\($0)" }, isLost: true)
        let client = fixture.client()
        client.send("+ tenant t 1 \(since)")
        #expect(try client.next(2) == ["subscribed t 1 \(since)", "resync t 1 5"])
        fixture.commit(["6"])
        #expect(try client.next() == "t 6")
    }

    @Test(arguments: ["2 1", "1 -1"])
    func `a position that means nothing here has to load anew, and goes on from here`(since: String) throws {
        let fixture = try HubFixture()
        defer { fixture.stop() }
        fixture.commit((1...5).map { "\($0)" }, isLost: true)
        let client = fixture.client()
        client.send("+ tenant t \(since)")
        #expect(try client.next(2) == ["subscribed t 1 5", "resync t 1 5"])
        fixture.commit(["6"])
        #expect(try client.next() == "t 6")
    }

    @Test func `too much to tell or to look through has to load anew`() throws {
        var terms = Hub.Terms()
        terms.mostVisible = 20
        terms.mostScanned = 50
        let fixture = try HubFixture(hub: terms)
        defer { fixture.stop() }
        fixture.commit((1...30).map { "\($0)" }, to: [self.property], isLost: true)
        fixture.commit((31...52).map { "\($0)" }, isLost: true)
        let client = fixture.client()
        client.send("+ tenant a 1 1")
        #expect(try client.next(2) == ["subscribed a 1 52", "resync a 1 52"], "51 to look through")
        client.send("+ tenant b 1 2")
        #expect(try client.next() == "subscribed b 1 2")
        #expect(try client.next(20) == (31...50).map { "b \($0)" })
        #expect(try client.next() == "resync b 1 52", "22 to tell")
        client.send("+ tenant c 1 32")
        #expect(try client.next() == "subscribed c 1 32")
        #expect(try client.next(20) == (33...52).map { "c \($0)" })
        #expect(try client.next() == "resumed c 52 20")
        fixture.commit(["53"])
        #expect(try client.next(3).sorted() == ["a 53", "b 53", "c 53"])
    }

    @Test func `who was away for more than a day has to load anew`() throws {
        let fixture = try HubFixture()
        defer { fixture.stop() }
        let now = SystemClock.now.milliseconds
        for hours in [25, 23] as [Int64] {
            let time = Timestamp(milliseconds: now - hours * 3_600_000)
            _ = fixture.store.commit(HubFixture.stream, to: [self.tenant], at: time)
        }
        let client = fixture.client()
        client.send("+ tenant a 1 0")
        #expect(try client.next(2) == ["subscribed a 1 0", "resync a 1 2"])
        client.send("+ tenant b 1 1")
        #expect(try client.next(3) == ["subscribed b 1 1", "b 2", "resumed b 2 1"])
    }

    @Test func `a log that has dropped what was missed has to be loaded anew`() throws {
        let fixture = try HubFixture()
        defer { fixture.stop() }
        fixture.commit((1...10).map { "\($0)" }, isLost: true)
        fixture.store.state.withLock { $0.logs[HubFixture.stream]?.removeFirst(5) }
        let client = fixture.client()
        client.send("+ tenant a 1 3")
        #expect(try client.next(2) == ["subscribed a 1 3", "resync a 1 10"])
        client.send("+ tenant b 1 5")
        #expect(try client.next(7) == ["subscribed b 1 5"] + (6...10).map { "b \($0)" } + ["resumed b 10 5"])
    }

    @Test func `a store that fails delays a resume and does not end it`() throws {
        let fixture = try HubFixture { $0.follower.firstRestMilliseconds = 5 }
        defer { fixture.stop() }
        fixture.commit(["1", "2"], isLost: true)
        _ = try self.anchor(fixture, at: 2)
        fixture.store.fail(3)
        let client = fixture.client()
        client.send("+ tenant t 1 0")
        #expect(try client.next(4) == ["subscribed t 1 0", "t 1", "t 2", "resumed t 2 2"])
    }

    @Test func `a database that goes back during a resume ends it with the truth`() throws {
        let fixture = try HubFixture { $0.headInterval = 20 }
        defer { fixture.stop() }
        fixture.commit((1...10).map { "\($0)" }, isLost: true)
        _ = try self.anchor(fixture, at: 10)
        fixture.store.hold()
        let client = fixture.client()
        client.send("+ tenant t 1 0")
        #expect(try client.next() == "subscribed t 1 0")
        #expect(eventually { fixture.store.state.withLock { !$0.reads.isEmpty } })
        fixture.store.goBack(HubFixture.stream, by: 3, newEpoch: true)
        fixture.store.release()
        #expect(try client.next() == "resync t 2 7")
        fixture.commit(["8"])
        #expect(try client.next() == "t 8")
    }

    @Test func `a resume goes no faster than its socket takes it, and others do not wait`() throws {
        var options = LoopOptions()
        options.outboxBytes = 300_000
        let fixture = try HubFixture(options: options)
        defer { fixture.stop() }
        let text = String(repeating: "x", count: 20_000)
        fixture.commit((1...1000).map { _ in text }, isLost: true)
        let quick = try self.anchor(fixture, at: 1000)
        let slow = fixture.client(receiveBuffer: 4096)
        slow.send("+ tenant t 1 0")
        #expect(try slow.next() == "subscribed t 1 0")
        // 20 MB are to come; the kernel takes some of it, and then nothing moves.
        let loop = fixture.server.loops[0]
        #expect(eventually { loop.figures.outboxBytes > 0 })
        fixture.commit(["live"], to: [Audience(.kpi), self.tenant])
        #expect(try quick.next() == "anchor 1001")
        #expect(loop.figures.outboxBytes < 200_000)
        for seq in 1...1001 { #expect(try slow.next() == "t \(seq)") }
        #expect(try slow.next() == "resumed t 1001 1001")
        #expect(loop.figures.slowConsumers == 0)
    }

    @Test func `who leaves in the middle of a resume leaves nothing behind`() throws {
        let fixture = try HubFixture()
        defer { fixture.stop() }
        fixture.commit((1...600).map { "\($0)" }, isLost: true)
        let anchor = try self.anchor(fixture, at: 600)
        fixture.store.hold()
        for round in 0..<3 {
            let client = fixture.client()
            client.send("+ tenant t 1 0")
            #expect(try client.next() == "subscribed t 1 0")
            client.send("+ property p 1 100")
            #expect(try client.next() == "subscribed p 1 100")
            if round == 1 {
                client.send("- t")
                #expect(try client.next() == "gone t")
            }
            client.client.socket.endOutput()
        }
        #expect(eventually { fixture.server.connectionCount == 1 })
        fixture.store.release()
        #expect(try anchor.rest() == [])
        let counts = fixture.server.loops[0]
        let left = Locked<[Int]>([])
        counts.post { loop in
            guard let hub = loop.attachment(Hub.self) else { return }
            let stream = hub.streams[HubFixture.stream]
            left.withLock {
                $0 = [
                    hub.replays.count, stream?.replaying ?? -1, stream?.subscriptionCount ?? -1,
                    stream?.channels.count ?? -1,
                ]
            }
        }
        #expect(eventually { left.withLock { $0 } == [0, 0, 1, 1] })
    }
}
