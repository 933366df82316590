import Testing

@testable import RedisBridge

@Suite struct HeartbeatTests {
    private var heartbeat = Heartbeat(base: .max - 3, intervalMilliseconds: 100)

    /// A server that answers each beat after so many milliseconds, from `start` on.
    private mutating func healthy(from start: UInt64) -> UInt64 {
        self.heartbeat.begin(now: start)
        let beat = self.heartbeat.tick(now: start).beat
        let changed = self.heartbeat.heard(beat, now: start + 1)
        #expect(changed)
        return start
    }

    @Test mutating func `it is unhealthy until the first beat has come back`() {
        #expect(!self.heartbeat.isHealthy)
        self.heartbeat.begin(now: 0)
        let tick = self.heartbeat.tick(now: 0)
        #expect(!tick.healthChanged && !tick.isMiss && !tick.probes && tick.doubt == nil)
        #expect(!self.heartbeat.isHealthy)
        let changed = self.heartbeat.heard(tick.beat, now: 1)
        #expect(changed && self.heartbeat.isHealthy)
    }

    @Test mutating func `one missing beat is forgiven, the second makes it unhealthy at that tick`() {
        let start = self.healthy(from: 1_000)
        let first = self.heartbeat.tick(now: start + 100)
        #expect(!first.isMiss)
        let second = self.heartbeat.tick(now: start + 200)
        #expect(second.isMiss && !second.healthChanged && !second.probes && self.heartbeat.isHealthy)
        let third = self.heartbeat.tick(now: start + 300)
        #expect(third.isMiss && third.healthChanged && third.probes && !self.heartbeat.isHealthy)
        let fourth = self.heartbeat.tick(now: start + 400)
        #expect(!fourth.healthChanged)
    }

    @Test mutating func `a late beat brings health back only if no two are missing behind it`() {
        let start = self.healthy(from: 0)
        let beats = (1...4).map { self.heartbeat.tick(now: start + $0 * 100).beat }
        #expect(!self.heartbeat.isHealthy)
        let early = self.heartbeat.heard(beats[1], now: start + 410)
        #expect(!early && !self.heartbeat.isHealthy)
        let latest = self.heartbeat.heard(beats[3], now: start + 420)
        #expect(latest && self.heartbeat.isHealthy)
    }

    @Test(arguments: [0, 1, 49, 99, 150] as [UInt64]) func `a steady delay below two beats is healthy`(delay: UInt64) {
        #expect(Self.flaps(delay: delay) == 1)
    }

    @Test func `a steady delay of three beats is unhealthy and stays so`() {
        #expect(Self.flaps(delay: 350) == 0)
    }

    /// How often health changes in 20 s with a server that answers after this delay.
    private static func flaps(delay: UInt64) -> Int {
        var heartbeat = Heartbeat(base: 7, intervalMilliseconds: 100)
        heartbeat.begin(now: 0)
        var (changes, onTheWay): (Int, [(beat: UInt64, due: UInt64)]) = (0, [])
        for now in 0..<UInt64(20_000) {
            while let next = onTheWay.first, next.due <= now {
                if heartbeat.heard(next.beat, now: now) { changes += 1 }
                onTheWay.removeFirst()
            }
            if now % 100 == 0 {
                let tick = heartbeat.tick(now: now)
                if tick.healthChanged { changes += 1 }
                onTheWay.append((tick.beat, now + delay))
            }
        }
        return changes
    }

    @Test mutating func `strangers' numbers, old ones and repeated ones are no beats`() {
        self.heartbeat.begin(now: 0)
        let beat = self.heartbeat.tick(now: 0).beat
        for stranger in [beat &+ 1, beat &- 1, 0, beat &+ 1 << 63] {
            let changed = self.heartbeat.heard(stranger, now: 1)
            #expect(!changed && !self.heartbeat.isHealthy)
        }
        let first = self.heartbeat.heard(beat, now: 1)
        #expect(first)
        let again = self.heartbeat.heard(beat, now: 2)
        #expect(!again)
    }

    @Test mutating func `a beat of an earlier connection is none of this one`() {
        self.heartbeat.begin(now: 0)
        let old = self.heartbeat.tick(now: 0).beat
        let changedByLoss = self.heartbeat.lost()
        #expect(!changedByLoss)
        self.heartbeat.begin(now: 500)
        let changed = self.heartbeat.heard(old, now: 501)
        #expect(!changed && !self.heartbeat.isHealthy)
    }

    @Test mutating func `a loss is unhealthy at once`() {
        _ = self.healthy(from: 0)
        let losses = [self.heartbeat.lost(), self.heartbeat.lost()]
        #expect(losses == [true, false])
        #expect(!self.heartbeat.isHealthy)
    }

    @Test mutating func `a silent connection is replaced after ten misses`() {
        let start = self.healthy(from: 0)
        let doubts = (1...12).map { self.heartbeat.tick(now: start + $0 * 100).doubt }
        // At the tick k, k - 1 beats are due.
        #expect(doubts == [Heartbeat.Doubt?](repeating: nil, count: 10) + [.silent, .silent])
    }

    @Test mutating func `a connection that answers is replaced only after fifty misses`() {
        let start = self.healthy(from: 0)
        var doubts: [Heartbeat.Doubt?] = []
        for number in 1...51 as ClosedRange<UInt64> {
            self.heartbeat.sawSign(at: start + number * 100 - 5)
            doubts.append(self.heartbeat.tick(now: start + number * 100).doubt)
        }
        #expect(doubts == [Heartbeat.Doubt?](repeating: nil, count: 50) + [.deaf])
        self.heartbeat.excuse()
        let excused = self.heartbeat.tick(now: start + 5_200)
        #expect(excused.doubt == nil && excused.probes && !self.heartbeat.isHealthy)
    }

    @Test mutating func `whoever slept himself blames nobody at once`() {
        let start = self.healthy(from: 0)
        _ = self.heartbeat.tick(now: start + 100)
        let awake = self.heartbeat.tick(now: start + 60_000)
        #expect(!awake.isMiss && !awake.healthChanged && awake.doubt == nil && self.heartbeat.isHealthy)
        let next = self.heartbeat.tick(now: start + 60_100)
        #expect(next.isMiss && next.healthChanged)
    }

    @Test mutating func `the first beat does not wait for the timer, and the timer not for it`() {
        self.heartbeat.begin(now: 1_000)
        #expect(self.heartbeat.isDue(now: 1_000))
        _ = self.heartbeat.tick(now: 1_000)
        #expect(!self.heartbeat.isDue(now: 1_020))
        #expect(self.heartbeat.isDue(now: 1_090))
    }
}
