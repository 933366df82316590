import Testing

@testable import Reactor

@Suite struct TimerWheelTests {
    @Test(arguments: [1, 2, 63, 64, 65, 4095, 4096, 4097, 262_144, 300_000, 20_000_000])
    func `a timer expires at its tick and not before`(distance: UInt64) {
        var wheel = TimerWheel(now: 1000)
        var expired: [UInt64] = []
        _ = wheel.insert(7, at: 1000 + distance)
        wheel.expire(upTo: 1000 + distance - 1, &expired)
        #expect(expired.isEmpty)
        wheel.expire(upTo: 1000 + distance, &expired)
        #expect(expired == [7])
        #expect(wheel.count == 0)
    }

    @Test func `a deadline beyond the reach of the wheel still holds`() {
        var wheel = TimerWheel(now: 0)
        var expired: [UInt64] = []
        let far: UInt64 = (1 << 30) + 12_345
        _ = wheel.insert(1, at: far)
        var now: UInt64 = 0
        while let next = wheel.nextTick {
            #expect(next > now)
            now = next
            wheel.expire(upTo: now, &expired)
            #expect(expired.isEmpty || now == far)
        }
        #expect(expired == [1])
    }

    @Test func `a deadline that has passed expires at the next tick`() {
        var wheel = TimerWheel(now: 50)
        var expired: [UInt64] = []
        _ = wheel.insert(1, at: 3)
        #expect(wheel.nextTick == 51)
        wheel.expire(upTo: 51, &expired)
        #expect(expired == [1])
    }

    @Test func `a cancelled timer does not expire and its place is used again`() {
        var wheel = TimerWheel(now: 0)
        var expired: [UInt64] = []
        let first = wheel.insert(1, at: 10)
        _ = wheel.insert(2, at: 10)
        wheel.cancel(first)
        let third = wheel.insert(3, at: 10)
        #expect(third == first)
        wheel.expire(upTo: 10, &expired)
        #expect(expired.sorted() == [2, 3])
    }

    @Test(arguments: 1...20) func `it agrees with a sorted list whatever is done`(seed: UInt64) {
        var random = SplitMix(state: seed)
        var wheel = TimerWheel(now: 0)
        var model: [UInt64: (deadline: UInt64, timer: TimerID)] = [:]
        var now: UInt64 = 0
        for payload in 1...2000 as ClosedRange<UInt64> {
            let distance = random.next() % [3, 70, 5000, 400_000][Int(random.next() % 4)]
            let deadline = now + distance
            model[payload] = (max(deadline, now + 1), wheel.insert(payload, at: deadline))
            if random.next() % 4 == 0, let victim = model.keys.min(), let entry = model.removeValue(forKey: victim) {
                wheel.cancel(entry.timer)
            }
            if random.next() % 3 == 0 {
                let earliest = model.values.map(\.deadline).min()
                // The wheel may wake its owner early, to move timers down, but never late.
                #expect((wheel.nextTick ?? .max) <= (earliest ?? .max))
                now += random.next() % 3000
                var expired: [UInt64] = []
                wheel.expire(upTo: now, &expired)
                let due = model.filter { $0.value.deadline <= now }
                #expect(expired.sorted() == due.keys.sorted())
                #expect(expired.map { due[$0]?.deadline ?? 0 } == due.values.map(\.deadline).sorted())
                for payload in expired { model[payload] = nil }
            }
            #expect(wheel.count == model.count)
        }
    }
}

/// Random numbers that are the same on every run.
struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        self.state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = self.state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
