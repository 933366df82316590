import Glibc
import Shared

@testable import Reactor

/// What a loop's thread has used.
struct LoopUsage {
    var nanoseconds: Int64 = 0
    var sends: UInt64 = 0

    static func - (left: LoopUsage, right: LoopUsage) -> LoopUsage {
        LoopUsage(nanoseconds: left.nanoseconds - right.nanoseconds, sends: left.sends - right.sends)
    }

    static func += (left: inout LoopUsage, right: LoopUsage) {
        left.nanoseconds += right.nanoseconds
        left.sends += right.sends
    }

    static func of(_ loop: LoopHandle) -> LoopUsage {
        let (done, result) = (Semaphore(), Locked(LoopUsage()))
        // The second message comes in a later turn: then the figures of the one before are complete.
        loop.post { loop in
            loop.handle.post { loop in
                var time = timespec()
                clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
                let value = LoopUsage(
                    nanoseconds: Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec),
                    sends: loop.handle.figures.sends)
                result.withLock { $0 = value }
                done.signal()
            }
        }
        done.wait()
        return result.withLock { $0 }
    }
}
