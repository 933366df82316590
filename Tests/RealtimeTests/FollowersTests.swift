import Shared
import TestSupport
import Testing

@testable import Reactor
@testable import Realtime

/// How streams are followed, as seen from the sockets.
@Suite(.timeLimit(.minutes(5))) struct FollowersTests {
    private let hints = BusChannel.hints(of: HubFixture.stream)

    private func subscribed(_ fixture: HubFixture, _ channel: String = "t", at seq: Int = 0) throws -> HubClient {
        let client = fixture.client()
        client.send("+ tenant \(channel)")
        #expect(try client.next() == "subscribed \(channel) 1 \(seq)")
        return client
    }

    @Test func `nobody is subscribed before the bus has confirmed and the head has been read`() throws {
        let fixture = try HubFixture { $0.follower.confirmMilliseconds = 60_000 }
        defer { fixture.stop() }
        fixture.onBus { bus, _ in bus.confirms = false }
        fixture.commit(["before"])
        let client = fixture.client()
        client.send("+ tenant t")
        #expect(try client.rest() == [])
        #expect(fixture.store.state.withLock { $0.headQueries.isEmpty })
        fixture.store.hold()
        fixture.onBus { bus, _ in bus.confirmAll() }
        #expect(eventually { fixture.store.state.withLock { $0.held.count == 1 } })
        fixture.commit(["while the head is read"])
        #expect(try client.rest() == [])
        fixture.store.release()
        #expect(try client.next() == "subscribed t 1 2")
        fixture.commit(["after"])
        #expect(try client.next() == "t 3")
        #expect(client.texts == ["after"])
    }

    @Test func `a hint that comes while the head is on its way follows on it`() throws {
        let fixture = try HubFixture()
        defer { fixture.stop() }
        fixture.commit(["1"])
        // A commit behind the head that is being read: the answer is from before it.
        fixture.onBus { bus, _ in bus.confirms = false }
        let client = fixture.client()
        client.send("+ tenant t")
        #expect(try client.rest() == [])
        let stream = HubFixture.stream
        let head = StreamHead(epoch: Epoch(raw: 1), seq: 1)
        let late = fixture.store.commit(stream, to: [Audience(.tenant)], text: "2")
        fixture.onBus { [hints] bus, followers in
            guard let follower = followers.followers[stream] else { return }
            _ = follower.state.subscribed()
            let question = follower.state.question
            bus.say(late, on: hints)
            followers.perform(follower.state.headRead(head, asked: question, now: followers.now), on: follower)
        }
        #expect(try client.next(2) == ["subscribed t 1 1", "t 2"])
    }

    @Test func `without a bus that confirms, streams are followed all the same`() throws {
        let fixture = try HubFixture { terms in
            terms.headInterval = 10
            terms.headIntervalUnhealthy = 10
        }
        defer { fixture.stop() }
        fixture.onBus { bus, _ in
            bus.confirms = false
            bus.setWell(false)
        }
        let client = try self.subscribed(fixture)
        fixture.commit(["a", "b"], isLost: true)
        #expect(try client.next(2) == ["t 1", "t 2"])
        fixture.commit(["c"], isLost: true)
        #expect(try client.next() == "t 3")
    }

    @Test func `a lost hint is made good by the next one`() throws {
        let fixture = try HubFixture()
        defer { fixture.stop() }
        let client = try self.subscribed(fixture)
        fixture.commit(["a", "b", "c"], isLost: true)
        fixture.commit(["d"])
        #expect(try client.next(4) == ["t 1", "t 2", "t 3", "t 4"])
        #expect(client.texts == ["a", "b", "c", "d"])
        #expect(fixture.store.state.withLock { $0.reads } == [ScriptedStore.Read(after: 0, through: 3)])
    }

    @Test func `a lost hint that none follows is made good by the next look at the heads`() throws {
        let fixture = try HubFixture { $0.headInterval = 20 }
        defer { fixture.stop() }
        let client = try self.subscribed(fixture)
        fixture.commit(["a"], isLost: true)
        #expect(try client.next() == "t 1")
    }

    @Test func `after a loss of the bus what was missed is asked for at once`() throws {
        let fixture = try HubFixture()
        defer { fixture.stop() }
        let client = try self.subscribed(fixture)
        fixture.commit(["a"], isLost: true)
        fixture.onBus { bus, _ in bus.confirmAll() }
        #expect(try client.next() == "t 1")
        fixture.commit(["b"], isLost: true)
        fixture.onBus { bus, _ in bus.setWell(false) }
        #expect(try client.next() == "t 2")
    }

    @Test func `bytes that are no hint, and old ones, change nothing`() throws {
        let fixture = try HubFixture()
        defer { fixture.stop() }
        let client = try self.subscribed(fixture)
        let hint = fixture.store.commit(HubFixture.stream, to: [Audience(.tenant)])
        fixture.onBus { [hints] bus, _ in
            for bytes in [[], [9], Array(hint.dropLast()), hint + [0], hint, hint] { bus.say(bytes, on: hints) }
        }
        #expect(try client.next() == "t 1")
        #expect(try client.rest() == [])
        #expect(fixture.metrics.malformed.total == 4)
        #expect(fixture.metrics.duplicates.total == 1)
    }

    @Test func `a store that fails delays events and loses none`() throws {
        let fixture = try HubFixture { terms in
            terms.follower.firstRestMilliseconds = 5
            terms.headInterval = 10
        }
        defer { fixture.stop() }
        fixture.store.fail(4)
        let client = try self.subscribed(fixture)
        fixture.store.fail(7)
        fixture.commit(["a", "b"], isLost: true)
        fixture.commit(["c"])
        #expect(try client.next(3) == ["t 1", "t 2", "t 3"])
        #expect(fixture.metrics.storeFailures.total == 11)
    }

    @Test func `a database that comes back without its latest commits tells everybody to load anew`() throws {
        let fixture = try HubFixture(loops: 2) { $0.headInterval = 20 }
        defer { fixture.stop() }
        let clients = try (0..<4).map { _ in try self.subscribed(fixture) }
        fixture.commit(["a", "b", "c"])
        for client in clients { #expect(try client.next(3) == ["t 1", "t 2", "t 3"]) }
        fixture.store.goBack(HubFixture.stream, by: 2, newEpoch: true)
        for client in clients { #expect(try client.next() == "resync t 2 1") }
        fixture.commit(["other b"])
        for client in clients { #expect(try client.next() == "t 2") }
        #expect(fixture.store.state.withLock { $0.renewals.isEmpty })
    }

    @Test func `a database that lost commits and whose epoch nobody changed is given a new one`() throws {
        let fixture = try HubFixture(loops: 2) { terms in
            terms.headInterval = 20
            terms.follower.firstRestMilliseconds = 5
        }
        defer { fixture.stop() }
        let clients = try (0..<2).map { _ in try self.subscribed(fixture) }
        fixture.commit(["a", "b"])
        for client in clients { #expect(try client.next(2) == ["t 1", "t 2"]) }
        fixture.store.goBack(HubFixture.stream, by: 1, newEpoch: false)
        for client in clients {
            #expect(try client.next() == "resync t 1 1")
            #expect(try client.next() == "resync t 2 1", "positions of the first epoch mean nothing any more")
        }
        #expect(fixture.store.state.withLock { $0.renewals } == [StreamHead(epoch: Epoch(raw: 1), seq: .max)])
        #expect(fixture.metrics.renewals.total == 1)
        fixture.commit(["other b"])
        for client in clients { #expect(try client.next() == "t 2") }
    }

    @Test func `a database that lost commits and has come as far again is found out by the time of its news`() throws {
        let fixture = try HubFixture(loops: 2) { $0.headInterval = 60_000 }
        defer { fixture.stop() }
        let clients = try (0..<2).map { _ in try self.subscribed(fixture) }
        fixture.commit(["a", "b"])
        for client in clients { #expect(try client.next(2) == ["t 1", "t 2"]) }
        fixture.store.goBack(HubFixture.stream, by: 1, newEpoch: false)
        // Nobody looks at the head while it is behind.
        fixture.commit(["other b", "c", "d"], at: Timestamp(milliseconds: 4_000_000_000_000))
        for client in clients { #expect(try client.next() == "resync t 2 4") }
        #expect(fixture.store.state.withLock { $0.renewals.count } == 1)
        fixture.commit(["e"], at: Timestamp(milliseconds: 4_000_000_000_001))
        for client in clients { #expect(try client.next() == "t 5") }
    }

    @Test func `an epoch is asked for until the store answers`() throws {
        let fixture = try HubFixture { terms in
            terms.headInterval = 60_000
            terms.follower.firstRestMilliseconds = 1
        }
        defer { fixture.stop() }
        let client = try self.subscribed(fixture)
        fixture.store.fail(3)
        fixture.onBus { _, followers in
            followers.renewEpoch(of: HubFixture.stream, delivered: StreamHead(epoch: Epoch(raw: 1), seq: 9))
        }
        #expect(try client.next() == "resync t 2 0")
        #expect(fixture.metrics.storeFailures.total == 3 && fixture.metrics.renewals.total == 1)
    }

    @Test func `a stream that does not exist is refused, and can be asked for again`() throws {
        let fixture = try HubFixture()
        defer { fixture.stop() }
        let client = fixture.client()
        for _ in 0..<2 {
            client.send("+ tenant nobody")
            #expect(try client.next() == "refused nobody")
        }
        fixture.store.create(.tenant(TenantID(raw: 99)))
        client.send("+ tenant nobody")
        #expect(try client.next() == "subscribed nobody 1 0")
    }

    @Test func `a stream is followed from its first listener until some time after its last`() throws {
        let fixture = try HubFixture(loops: 2) { $0.linger = 2_000 }
        defer { fixture.stop() }
        #expect(fixture.onBus { bus, _ in bus.wanted } == [])
        let first = try self.subscribed(fixture)
        let second = try self.subscribed(fixture)
        #expect(fixture.onBus { bus, _ in bus.wanted } == [self.hints])
        first.send("- t")
        #expect(try first.next() == "gone t")
        second.client.socket.endOutput()
        // Back within the time: it was never let go of.
        let third = try self.subscribed(fixture)
        #expect(fixture.onBus { bus, _ in bus.subscriptions } == 1)
        third.send("- t")
        #expect(try third.next() == "gone t")
        #expect(eventually { fixture.onBus { bus, followers in bus.wanted.isEmpty && followers.followers.isEmpty } })
        fixture.commit(["while nobody listened"])
        let fourth = try self.subscribed(fixture, at: 1)
        #expect(fixture.onBus { bus, _ in bus.subscriptions } == 2)
        fixture.commit(["a"])
        #expect(try fourth.next() == "t 2")
    }

    @Test func `leaving and coming back at once loses nothing and hears nothing twice`() throws {
        let fixture = try HubFixture(loops: 2)
        defer { fixture.stop() }
        let client = fixture.client()
        var heard: [String] = []
        for round in 0..<200 {
            client.send("+ tenant t")
            fixture.commit(["\(round)"])
            client.send("- t")
        }
        client.send("+ tenant t")
        client.send("ping")
        while let word = Optional(try client.next()), word != "pong" { heard.append(word) }
        var position = 0
        for word in heard + (try client.rest()) where !word.hasPrefix("gone") {
            guard let seq = word.split(separator: " ").last.flatMap({ Int($0) }) else { continue }
            if word.hasPrefix("subscribed") {
                #expect(seq >= position, "\(word) behind \(position)")
            } else {
                #expect(seq == position + 1, "\(word) behind \(position)")
            }
            position = seq
        }
    }

    @Test func `one query asks for the heads of all streams, and not too often`() throws {
        let fixture = try HubFixture { $0.headInterval = 30 }
        defer { fixture.stop() }
        let streams = (1...40).map { EventStream.tenant(TenantID(raw: UInt128($0))) }
        for stream in streams { fixture.store.create(stream) }
        fixture.onBus { _, followers in
            for (number, stream) in streams.enumerated() { followers.want(stream, on: 9, number: UInt64(number)) }
        }
        func sweeps() -> Int {
            fixture.store.state.withLock { $0.headQueries.count { $0 == Set(streams) } }
        }
        // The first question is for those who wait, together: then come the regular ones.
        #expect(eventually { sweeps() >= 4 })
        let (began, first) = (SystemClock.monotonicNanoseconds, sweeps())
        #expect(eventually { sweeps() >= first + 5 })
        #expect(SystemClock.monotonicNanoseconds - began >= 4 * 24_000_000, "5 sweeps at 30 ms with a fifth of jitter")
        #expect(fixture.store.state.withLock { $0.headQueries.count { $0 != Set(streams) } } <= 2)
    }

    @Test func `a slow query makes the next ones rarer`() throws {
        let fixture = try HubFixture { $0.headInterval = 5 }
        defer { fixture.stop() }
        let stream = HubFixture.stream
        fixture.onBus { _, followers in followers.want(stream, on: 9, number: 1) }
        #expect(eventually { fixture.onBus { _, followers in followers.followers[stream]?.state.head != nil } })
        fixture.store.hold()
        #expect(eventually { fixture.store.state.withLock { !$0.held.isEmpty } })
        let began = SystemClock.monotonicNanoseconds
        #expect(eventually { SystemClock.monotonicNanoseconds - began > 20_000_000 })
        let slow = fixture.store.state.withLock { $0.headTimes.count }
        fixture.store.release()
        #expect(eventually { fixture.store.state.withLock { $0.headTimes.count } > slow + 1 })
        let times = fixture.store.state.withLock { Array($0.headTimes[slow...]) }
        let duration = times[0].ended - times[0].began
        #expect(duration >= 20_000_000 && times[1].began - times[0].ended > 19 * duration)
    }
}
