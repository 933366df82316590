internal import Glibc

/// The kernel's two clocks. Only the edges read them; everything else is told the time.
public enum SystemClock {
    /// Nanoseconds of a clock that never jumps and never runs backwards; its zero means nothing.
    public static var monotonicNanoseconds: UInt64 {
        let time = self.read(CLOCK_MONOTONIC)
        return UInt64(time.tv_sec) &* 1_000_000_000 &+ UInt64(time.tv_nsec)
    }

    /// The wall clock, which an operator or NTP may set: for showing, never for measuring or deciding.
    public static var now: Timestamp {
        let time = self.read(CLOCK_REALTIME)
        return Timestamp(milliseconds: Int64(time.tv_sec) &* 1_000 &+ Int64(time.tv_nsec / 1_000_000))
    }

    private static func read(_ clock: clockid_t) -> timespec {
        var time = timespec()
        // clock_gettime(2) cannot fail for these two clocks and a valid pointer.
        clock_gettime(clock, &time)
        return time
    }
}
