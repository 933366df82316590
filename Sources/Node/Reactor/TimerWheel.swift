/// A timer in a `TimerWheel`; valid until it expires or is cancelled.
package struct TimerID: Equatable, Sendable {
    let node: Int32

    static let none = TimerID(node: -1)
}

/// Deadlines with a resolution of one tick, inserted, cancelled and expired in constant time.
///
/// Five levels of 64 buckets each: level `k` holds deadlines that are up to 64^(k+1) ticks away, and a bucket moves
/// down one level when its time begins. With ticks of a millisecond that reaches 12 days; what is further away is moved
/// down once per 12 days. The wheel knows no clock: the caller says what time it is, and time never runs backwards.
package struct TimerWheel {
    private static let levels = 5
    private static let bucketBits = 6
    private static let buckets = 1 << bucketBits

    private struct Node {
        var deadline: UInt64
        var payload: UInt64
        /// The node before, or the complement of the bucket's index for the first of a bucket.
        var previous: Int32
        /// The node behind, or -1; in the free list the next free node.
        var next: Int32
    }

    private var nodes: [Node] = []
    private var firstFree: Int32 = -1
    private var heads = [Int32](repeating: -1, count: levels * buckets)
    private var occupied = [UInt64](repeating: 0, count: levels)
    private var current: UInt64

    /// How many timers are set.
    package private(set) var count = 0

    /// Starts at the tick `now`.
    package init(now: UInt64) {
        self.current = now
    }

    /// Sets a timer; a deadline that has passed expires at the next tick.
    package mutating func insert(_ payload: UInt64, at deadline: UInt64) -> TimerID {
        let index: Int32
        let node = Node(deadline: max(deadline, self.current + 1), payload: payload, previous: -1, next: -1)
        if self.firstFree >= 0 {
            index = self.firstFree
            self.firstFree = self.nodes[Int(index)].next
            self.nodes[Int(index)] = node
        } else {
            index = Int32(self.nodes.count)
            self.nodes.append(node)
        }
        self.count += 1
        self.link(index)
        return TimerID(node: index)
    }

    /// Forgets a timer that has not expired.
    package mutating func cancel(_ timer: TimerID) {
        self.unlink(timer.node)
        self.free(timer.node)
    }

    /// Moves time forward and hands out the payloads whose deadline has come, the earliest tick first.
    package mutating func expire(upTo now: UInt64, _ expired: inout [UInt64]) {
        while self.current < now {
            // Stretches in which nothing expires and nothing moves down are skipped: the machine may have been asleep.
            guard let next = self.nextTick, next <= now else {
                self.current = now
                return
            }
            self.current = next
            self.cascade()
            let bucket = Int(self.current) & (Self.buckets - 1)
            while self.heads[bucket] >= 0 {
                let node = self.heads[bucket]
                expired.append(self.nodes[Int(node)].payload)
                self.unlink(node)
                self.free(node)
            }
        }
    }

    /// A tick at or before which nothing expires: when to look again. `nil` if no timer is set.
    package var nextTick: UInt64? {
        guard self.count > 0 else { return nil }
        var earliest = UInt64.max
        for level in 0..<Self.levels where self.occupied[level] != 0 {
            let shift = UInt64(level * Self.bucketBits)
            let here = (self.current >> shift) & UInt64(Self.buckets - 1)
            // Rotated so that the bucket after the current one is bit 0: the wheel is read in the order of time.
            let by = (here + 1) & UInt64(Self.buckets - 1)
            let bits = self.occupied[level]
            let rotated = by == 0 ? bits : bits >> by | bits << (UInt64(Self.buckets) - by)
            let distance = UInt64(rotated.trailingZeroBitCount) + 1
            earliest = min(earliest, ((self.current >> shift) + distance) << shift)
        }
        return earliest
    }

    /// At the start of a higher level's bucket its timers move to where they are now due.
    private mutating func cascade() {
        var level = 1
        while level < Self.levels {
            let shift = UInt64(level * Self.bucketBits)
            guard self.current & ((1 << shift) - 1) == 0 else { return }
            let bucket = level * Self.buckets + Int((self.current >> shift) & UInt64(Self.buckets - 1))
            var node = self.heads[bucket]
            self.heads[bucket] = -1
            self.occupied[level] &= ~(1 << UInt64(bucket & (Self.buckets - 1)))
            while node >= 0 {
                let next = self.nodes[Int(node)].next
                self.link(node)
                node = next
            }
            level += 1
        }
    }

    private mutating func link(_ index: Int32) {
        let deadline = self.nodes[Int(index)].deadline
        let distance = deadline - self.current
        var level = 0
        while level < Self.levels - 1, distance >> UInt64((level + 1) * Self.bucketBits) != 0 { level += 1 }
        // Further away than the wheel reaches: the last bucket of the top level, from where it is linked anew.
        let reach = (UInt64(1) << UInt64(Self.levels * Self.bucketBits)) - 1
        let position = distance > reach ? self.current + reach : deadline
        let slot = Int((position >> UInt64(level * Self.bucketBits)) & UInt64(Self.buckets - 1))
        let bucket = level * Self.buckets + slot
        let head = self.heads[bucket]
        self.nodes[Int(index)].next = head
        self.nodes[Int(index)].previous = ~Int32(bucket)
        if head >= 0 { self.nodes[Int(head)].previous = index }
        self.heads[bucket] = index
        self.occupied[level] |= 1 << UInt64(slot)
    }

    private mutating func unlink(_ index: Int32) {
        let node = self.nodes[Int(index)]
        if node.next >= 0 { self.nodes[Int(node.next)].previous = node.previous }
        if node.previous >= 0 {
            self.nodes[Int(node.previous)].next = node.next
            return
        }
        let bucket = Int(~node.previous)
        self.heads[bucket] = node.next
        if node.next < 0 { self.occupied[bucket / Self.buckets] &= ~(1 << UInt64(bucket % Self.buckets)) }
    }

    private mutating func free(_ index: Int32) {
        self.nodes[Int(index)].next = self.firstFree
        self.firstFree = index
        self.count -= 1
    }
}
