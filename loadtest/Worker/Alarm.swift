internal import Reactor
internal import Shared

/// Wakes a loop at an instant that is finer than the millisecond of the loop's own timers, so that the tester's pacing does
/// not show in the latencies that it measures.
///
/// A thread of its own sleeps until then and posts to the loop. There is at most one instant set and at most one ring under way.
final class Alarm: Sendable {
    private let instant = Locked<UInt64?>(nil)
    private let changed = Semaphore()

    /// - Parameter ring: runs on the loop's thread.
    init(_ loop: LoopHandle, ring: @escaping LoopHandle.Task) throws(SystemError) {
        try spawnThread(named: "alarm") {
            while true {
                self.sleep()
                loop.post(ring)
            }
        }
    }

    /// Rings once at this monotonic nanosecond instead of what was set before; `nil` for not at all.
    func set(_ instant: UInt64?) {
        let isChanged = self.instant.withLock { current in
            defer { current = instant }
            return current != instant
        }
        if isChanged { self.changed.signal() }
    }

    /// Returns when the instant has come, which is unset by that.
    private func sleep() {
        while true {
            guard let instant = self.instant.withLock({ $0 }) else {
                self.changed.wait()
                continue
            }
            let now = SystemClock.monotonicNanoseconds
            if now < instant {
                _ = self.changed.wait(within: .nanoseconds(Int64(clamping: instant - now)))
                continue
            }
            let isDue = self.instant.withLock { current in
                guard current == instant else { return false }
                current = nil
                return true
            }
            if isDue { return }
        }
    }
}
