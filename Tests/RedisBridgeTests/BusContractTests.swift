import Shared
import TestSupport
import Testing

/// What every bus promises, asked of each.
@Suite(.timeLimit(.minutes(2))) struct BusContractTests {
    @Test(arguments: BusFixture.Kind.allCases)
    func `a message reaches each subscriber, the publisher's own loop included`(kind: BusFixture.Kind) throws {
        let (bus, channel) = (try BusFixture(kind), BusChannel.fresh())
        try #require(bus.hears(0, channel) && bus.hears(1, channel))
        bus.publish("hello", on: channel)
        for heard in bus.heard { #expect(eventually { heard.messages == ["a hello"] }) }
    }

    @Test(arguments: BusFixture.Kind.allCases)
    func `messages of one publisher arrive in order and once`(kind: BusFixture.Kind) throws {
        let (bus, channel) = (try BusFixture(kind), BusChannel.fresh())
        try #require(bus.hears(0, channel) && bus.hears(1, channel))
        let expected = (0..<2_000).map { "a \($0)" }
        for number in 0..<2_000 { bus.publish("\(number)", on: channel) }
        for heard in bus.heard { #expect(eventually(within: 30) { heard.messages.count >= 2_000 }) }
        for heard in bus.heard { #expect(heard.messages == expected) }
    }

    @Test(arguments: BusFixture.Kind.allCases)
    func `any bytes may be said, of any length`(kind: BusFixture.Kind) throws {
        let (bus, channel) = (try BusFixture(kind), BusChannel.fresh())
        try #require(bus.hears(0, channel))
        let sizes = [0, 1, 2, 4_095, 4_096, 65_536, 1_000_000]
        let texts = sizes.map { size in String(repeating: "\r\n$7:\0*", count: size / 7) + "é" }
        for text in texts { bus.publish(text, on: channel) }
        #expect(eventually(within: 30) { bus.heard[0].messages.count == sizes.count })
        #expect(bus.heard[0].messages == texts.map { "a \($0)" })
    }

    @Test(arguments: BusFixture.Kind.allCases)
    func `wanting twice is wanting once, and one word ends it`(kind: BusFixture.Kind) throws {
        let (bus, channel, other) = (try BusFixture(kind), BusChannel.fresh("a"), BusChannel.fresh("b"))
        bus.on { ear in for _ in 0..<3 { ear.subscriber.subscribe(to: channel) } }
        try #require(bus.hears(0, other))
        bus.subscribe(to: channel)
        bus.publish("one", on: channel)
        #expect(eventually { bus.heard[0].messages == ["a one"] })
        #expect(bus.heard[0].count("on a") == 1)
        bus.on { $0.subscriber.unsubscribe(from: channel) }
        // A later channel's confirmation says that the end of the first one has been dealt with.
        try #require(bus.hears(0, BusChannel.fresh("c")))
        bus.publish("two", on: channel)
        bus.publish("end", on: other)
        #expect(eventually { bus.heard[0].messages == ["a one", "b end"] })
    }

    @Test(arguments: BusFixture.Kind.allCases)
    func `a message never comes before the confirmation`(kind: BusFixture.Kind) throws {
        let (bus, channels) = (try BusFixture(kind), (0..<50).map { BusChannel.fresh("\($0)") })
        for round in 0..<20 {
            for channel in channels {
                bus.publish("early \(round)", on: channel)
                if round == 10 { bus.subscribe(to: channel) }
            }
        }
        #expect(eventually { channels.allSatisfy { bus.heard[0].count("on \($0.shortName)") == 1 } })
        for channel in channels { bus.publish("late", on: channel) }
        #expect(eventually { bus.heard[0].messages.filter { $0.hasSuffix(" late") }.count == channels.count })
        var confirmed: Set<Substring> = []
        for note in bus.heard[0].all {
            let words = note.split(separator: " ")
            if words[0] == "on" { confirmed.insert(words[1]) }
            if words[0] == "got" { #expect(confirmed.contains(words[1]), "\(note)") }
        }
    }

    @Test(arguments: BusFixture.Kind.allCases)
    func `given up and wanted again at once is confirmed again, and heard`(kind: BusFixture.Kind) throws {
        let (bus, channel) = (try BusFixture(kind), BusChannel.fresh())
        for round in 1...20 {
            bus.on { ear in
                ear.subscriber.unsubscribe(from: channel)
                ear.subscriber.subscribe(to: channel)
            }
            #expect(eventually { bus.heard[0].count("on a") == round })
            bus.publish("\(round)", on: channel)
            #expect(eventually { bus.heard[0].messages.last == "a \(round)" })
        }
        #expect(bus.heard[0].messages.count == 20)
    }

    @Test(arguments: BusFixture.Kind.allCases)
    func `a storm of wants and ends leaves exactly what was wanted last`(kind: BusFixture.Kind) throws {
        let (bus, channels) = (try BusFixture(kind), (0..<30).map { BusChannel.fresh("\($0)") })
        for round in 0..<40 {
            bus.on { ear in
                for (index, channel) in channels.enumerated() where (index * 7 + round * 13) % 3 != 0 {
                    if (index + round) % 2 == 0 {
                        ear.subscriber.subscribe(to: channel)
                    } else {
                        ear.subscriber.unsubscribe(from: channel)
                    }
                }
            }
        }
        bus.on { ear in
            for channel in channels.prefix(10) { ear.subscriber.subscribe(to: channel) }
            for channel in channels.dropFirst(10) { ear.subscriber.unsubscribe(from: channel) }
        }
        try #require(bus.hears(0, BusChannel.fresh("last")))
        for channel in channels { bus.publish("end", on: channel) }
        let expected = (0..<10).map { "\($0) end" }
        #expect(eventually { bus.heard[0].messages.suffix(10) == expected[...] }, "\(bus.heard[0].all.suffix(20))")
        #expect(bus.heard[0].messages.count == 10)
    }

    @Test(arguments: BusFixture.Kind.allCases)
    func `a listener may want, end and publish while it hears`(kind: BusFixture.Kind) throws {
        let (bus, first, second) = (try BusFixture(kind), BusChannel.fresh("1"), BusChannel.fresh("2"))
        let publisher = bus.publisher
        bus.on { ear in
            ear.onNote = { ear, note in
                switch note {
                case "got 1 go":
                    ear.subscriber.unsubscribe(from: first)
                    ear.subscriber.subscribe(to: second)
                case "on 2": publisher.publish(Array("on my way".utf8), on: second)
                default: break
                }
            }
        }
        try #require(bus.hears(0, first))
        bus.publish("go", on: first)
        #expect(eventually { bus.heard[0].messages == ["1 go", "2 on my way"] })
    }

    @Test(arguments: BusFixture.Kind.allCases)
    func `a bus that works is healthy`(kind: BusFixture.Kind) throws {
        let (bus, channel) = (try BusFixture(kind), BusChannel.fresh())
        try #require(bus.hears(0, channel))
        #expect(eventually { bus.isHealthy(0, channel) })
    }

    @Test(arguments: BusFixture.Kind.allCases)
    func `many threads publish at once, and each is heard in its order`(kind: BusFixture.Kind) throws {
        let (bus, channel) = (try BusFixture(kind), BusChannel.fresh())
        try #require(bus.hears(0, channel))
        let publisher = bus.publisher
        for thread in 0..<4 {
            try spawnThread(named: "publisher") {
                for number in 0..<500 { publisher.publish(Array("\(thread) \(number)".utf8), on: channel) }
            }
        }
        #expect(eventually(within: 30) { bus.heard[0].messages.count == 2_000 })
        for thread in 0..<4 {
            let own = bus.heard[0].messages.filter { $0.hasPrefix("a \(thread) ") }
            #expect(own == (0..<500).map { "a \(thread) \($0)" })
        }
    }
}
