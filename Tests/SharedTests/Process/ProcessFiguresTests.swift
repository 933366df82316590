import Glibc
import Testing

@testable import Shared

@Suite struct ProcessFiguresTests {
    private static let stat =
        "6596 (a) b (c)) R 6504 6504 4100 0 -1 4194304 100 0 0 0 11 12 0 0 20 0 7 0 86246 3133440 409 18446744073709551615 1 2"

    @Test func `the figures of proc are read past a name that imitates them`() throws {
        let figures = try #require(
            ProcessFigures(
                stat: Array(Self.stat.utf8), kernelStat: Array("cpu 1 2\nbtime 1700000000\nprocs 3\n".utf8),
                cpuNanoseconds: 5, pageBytes: 4_096, ticksPerSecond: 100))
        #expect(figures.cpuNanoseconds == 5)
        #expect(figures.residentBytes == 409 * 4_096)
        #expect(figures.virtualBytes == 3_133_440)
        #expect(figures.threads == 7)
        #expect(figures.start == Timestamp(milliseconds: 1_700_000_862_460))
    }

    @Test func `what is cut short or has no boot time gives nothing`() {
        let boot = Array("btime 1700000000\n".utf8)
        let needed = Array(Self.stat.utf8.prefix { $0 != UInt8(ascii: "\n") })
        let end = Self.stat.utf8.count - " 18446744073709551615 1 2".utf8.count - " 409".utf8.count
        for length in 0...end {
            #expect(
                ProcessFigures(
                    stat: Array(needed.prefix(length)), kernelStat: boot, cpuNanoseconds: 0, pageBytes: 1,
                    ticksPerSecond: 1) == nil)
        }
        for kernelStat in ["", "btime", "btime \n", "btime x\n", "x btime 1\n"] {
            #expect(
                ProcessFigures(
                    stat: needed, kernelStat: Array(kernelStat.utf8), cpuNanoseconds: 0, pageBytes: 1,
                    ticksPerSecond: 1) == nil)
        }
    }

    @Test func `this process is alive, uses memory and time, and started before now`() throws {
        let first = try ProcessFigures.read()
        #expect(first.residentBytes > 1 << 20)
        #expect(first.virtualBytes > first.residentBytes)
        #expect(first.threads >= 1)
        #expect(first.start < SystemClock.now)
        #expect(first.start.milliseconds > SystemClock.now.milliseconds - 86_400_000)
        let second = try ProcessFigures.read(of: getpid())
        #expect(second.cpuNanoseconds > first.cpuNanoseconds)
        #expect(second.start == first.start)
    }

    @Test func `another process has figures and no process has none`() throws {
        #expect(try ProcessFigures.read(of: 1).threads >= 1)
        #expect(throws: SystemError("open", errno: ENOENT)) { try ProcessFigures.read(of: Int32.max) }
        #expect(throws: SystemError("opendir", errno: ENOENT)) { try OpenDescriptors.count(of: Int32.max) }
    }

    @Test func `a descriptor more is one more`() throws {
        // Other suites open descriptors meanwhile, so it is counted in a child that does nothing else.
        let child = try Shell("exec 7<&-; echo; read line; exec 7</dev/null; echo; read line")
        child.waitForLine()
        let before = try OpenDescriptors.count(of: child.process)
        child.sendLine()
        child.waitForLine()
        #expect(try OpenDescriptors.count(of: child.process) == before + 1)
        child.sendLine()
    }

    @Test func `this process counts its descriptors and knows its limit`() throws {
        #expect(try OpenDescriptors.count() >= 3)
        var limit = rlimit()
        #expect(getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0)
        #expect(OpenDescriptors.limit == Int(clamping: limit.rlim_cur))
    }

    @Test func `a file is read whole up to its limit`() throws {
        let path = "/tmp/bellhop-test-\(getpid())-\(UInt64.random(in: .min ... .max))"
        let descriptor = try systemCall("open") { open(path, O_WRONLY | O_CREAT | O_EXCL, 0o600) }
        defer { unlink(path) }
        let content = [UInt8](repeating: 7, count: 20_000)
        #expect(write(descriptor, content, content.count) == content.count)
        close(descriptor)
        #expect(try FileBytes.read(path, limit: 20_000) == content)
        #expect(throws: SystemError("read", errno: EFBIG)) { try FileBytes.read(path, limit: 19_999) }
        #expect(throws: SystemError("open", errno: ENOENT)) { try FileBytes.read(path + "-not", limit: 1) }
        #expect(throws: SystemError("read", errno: EISDIR)) { try FileBytes.read("/tmp", limit: 1) }
    }
}

/// A shell that runs a script and meets the test at agreed lines.
private final class Shell {
    let process: pid_t
    private let input: CInt
    private let output: CInt

    init(_ script: String) throws {
        var input: [CInt] = [0, 0]
        var output: [CInt] = [0, 0]
        try systemCall("pipe") { pipe(&input) }
        try systemCall("pipe") { pipe(&output) }
        for descriptor in [input[1], output[0]] { _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC) }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, input[0], 0)
        posix_spawn_file_actions_adddup2(&actions, output[1], 1)
        let arguments = ["sh", "-c", script].map { (text: String) in strdup(text) } + [nil]
        defer { for argument in arguments { free(argument) } }
        var process = pid_t()
        let result = posix_spawn(&process, "/bin/sh", &actions, nil, arguments, environ)
        guard result == 0 else { throw SystemError("posix_spawn", errno: result) }
        close(input[0])
        close(output[1])
        (self.process, self.input, self.output) = (process, input[1], output[0])
    }

    deinit {
        close(self.input)
        close(self.output)
        waitpid(self.process, nil, 0)
    }

    func waitForLine() {
        var byte: UInt8 = 0
        #expect(read(self.output, &byte, 1) == 1)
    }

    func sendLine() {
        #expect(write(self.input, "\n", 1) == 1)
    }
}
