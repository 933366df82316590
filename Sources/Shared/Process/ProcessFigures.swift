internal import Glibc

/// What a process uses of its machine, as the kernel counts it.
package struct ProcessFigures: Equatable, Sendable {
    /// User and system time of all its threads, dead ones included, to the nanosecond.
    package var cpuNanoseconds: UInt64
    /// Memory that lies in RAM.
    package var residentBytes: UInt64
    /// Address space.
    package var virtualBytes: UInt64
    /// Threads alive.
    package var threads: Int
    /// When it was started.
    package var start: Timestamp

    /// Reads the figures of any process, or of this one without a number; for `cpuNanoseconds` it may be another user's.
    ///
    /// - Throws: `ESRCH` or `ENOENT` when there is no such process.
    package static func read(of process: Int32? = nil) throws(SystemError) -> ProcessFigures {
        let folder = process.map { "/proc/\($0)" } ?? "/proc/self"
        let stat = try FileBytes.read("\(folder)/stat", limit: 4_096)
        let boot = try FileBytes.read("/proc/stat", limit: 1 << 22)
        let cpu = try self.cpuNanoseconds(of: process ?? 0)
        let figures = ProcessFigures(
            stat: stat, kernelStat: boot, cpuNanoseconds: cpu,
            pageBytes: UInt64(max(sysconf(CInt(_SC_PAGESIZE)), 1)),
            ticksPerSecond: UInt64(max(sysconf(CInt(_SC_CLK_TCK)), 1)))
        guard let figures else { throw SystemError("read", errno: EPROTO) }
        return figures
    }

    /// Reads proc_pid_stat(5) and the boot time of proc_stat(5); `nil` if they do not look like that.
    init?(stat: [UInt8], kernelStat: [UInt8], cpuNanoseconds: UInt64, pageBytes: UInt64, ticksPerSecond: UInt64) {
        // The second field is the program's name, in parentheses, and may hold anything, parentheses and spaces too.
        guard let end = stat.lastIndex(of: UInt8(ascii: ")")) else { return nil }
        let fields = stat[(end + 1)...].split { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\n") }
        // The manual counts from 1 and the first field here is its third.
        func field(_ number: Int) -> UInt64? {
            fields.indices.contains(number - 3) ? UInt64(String(decoding: fields[number - 3], as: UTF8.self)) : nil
        }
        guard let threads = field(20), let start = field(22), let virtual = field(23), let resident = field(24),
            let boot = Self.bootSeconds(kernelStat)
        else { return nil }
        self.cpuNanoseconds = cpuNanoseconds
        self.residentBytes = resident &* pageBytes
        self.virtualBytes = virtual
        self.threads = Int(clamping: threads)
        self.start = Timestamp(milliseconds: Int64(clamping: boot &* 1_000 &+ start &* 1_000 / max(ticksPerSecond, 1)))
    }

    private static func bootSeconds(_ kernelStat: [UInt8]) -> UInt64? {
        for line in kernelStat.split(separator: UInt8(ascii: "\n")) where line.starts(with: "btime ".utf8) {
            return UInt64(String(decoding: line.dropFirst(6), as: UTF8.self))
        }
        return nil
    }

    /// Finer than the ticks of /proc; `process` 0 is the caller's.
    private static func cpuNanoseconds(of process: Int32) throws(SystemError) -> UInt64 {
        var clock = clockid_t()
        // clock_getcpuclockid(3) returns its error instead of setting errno.
        let result = clock_getcpuclockid(process, &clock)
        guard result == 0 else { throw SystemError("clock_getcpuclockid", errno: result) }
        var time = timespec()
        try systemCall("clock_gettime") { clock_gettime(clock, &time) }
        return UInt64(clamping: time.tv_sec) &* 1_000_000_000 &+ UInt64(clamping: time.tv_nsec)
    }
}
