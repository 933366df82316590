internal import Glibc

/// Carries log lines from any thread to a descriptor, on a thread of its own.
///
/// A slow, full or closed descriptor blocks only that thread. Lines wait in a queue of bounded size; at the bound the new
/// line is dropped and counted, details before warnings, and the count is logged as `log.dropped` when lines flow again.
public final class LogWriter: LogSink {
    private let queue: LogQueue

    /// Copies `descriptor`, so that closing or reusing its number later cannot send lines elsewhere, and starts the thread.
    ///
    /// - Parameters:
    ///   - style: of the lines that the writer itself adds.
    ///   - limitBytes: how much may wait, the line being written included.
    public init(descriptor: CInt, style: LogStyle, limitBytes: Int = 1 << 20) throws(SystemError) {
        let output = LogOutput(
            descriptor: try systemCall("fcntl") { fcntl(descriptor, F_DUPFD_CLOEXEC, CInt(3)) })
        let queue = LogQueue(limitBytes: limitBytes)
        self.queue = queue
        try spawnThread(named: "bellhop-log") { LogDrain(queue: queue, output: output, style: style).run() }
    }

    /// What was accepted is still written, then the thread ends.
    deinit {
        self.queue.add(.stop)
    }

    /// Queues one line; never blocks.
    public func write(_ line: [UInt8], level: LogLevel) {
        self.queue.add(line, level: level)
    }

    /// Waits until everything queued so far was handed to the kernel: before the process exits.
    ///
    /// - Returns: false when the time was up first, because nobody reads the descriptor.
    @discardableResult
    public func flush(within limit: Duration) -> Bool {
        let done = Semaphore()
        self.queue.add(.flush(done))
        return done.wait(within: limit)
    }

    /// Lines that were lost since the start, because the queue was full or the descriptor refused them.
    public var droppedLines: Int { self.queue.droppedLines }
}

/// Owns a descriptor and writes whole lines to it.
private final class LogOutput: Sendable {
    private let descriptor: CInt

    init(descriptor: CInt) {
        self.descriptor = descriptor
    }

    deinit {
        close(self.descriptor)
    }

    /// One write(2) per line, so that lines of several processes on one pipe do not mix; more only if the kernel takes less.
    ///
    /// - Returns: false if the line is lost.
    func write(_ line: [UInt8]) -> Bool {
        var written = 0
        while written < line.count {
            // Safety: the pointer is used only inside the closure, and stays inside the array.
            let count = line.withUnsafeBytes { bytes in
                Glibc.write(self.descriptor, bytes.baseAddress.map { $0 + written }, bytes.count - written)
            }
            if count > 0 {
                written += count
            } else if count < 0, errno == EAGAIN {
                // Whoever shares the terminal or pipe made it non-blocking.
                var waiting = pollfd(fd: self.descriptor, events: Int16(POLLOUT), revents: 0)
                poll(&waiting, 1, -1)
            } else if count == 0 || errno != EINTR {
                return false
            }
        }
        return true
    }
}

/// The reader of a ``LogQueue``: what the writer's thread does.
private struct LogDrain {
    let queue: LogQueue
    let output: LogOutput
    let style: LogStyle
    private var writtenBytes = 0
    private var lostLines = 0
    private var reported = 0

    private static let settledBytes = 16_384

    init(queue: LogQueue, output: LogOutput, style: LogStyle) {
        self.queue = queue
        self.output = output
        self.style = style
    }

    func run() {
        var drain = self
        while drain.writeBatch() {}
    }

    /// - Returns: false after the last batch.
    private mutating func writeBatch() -> Bool {
        for entry in self.queue.take() {
            switch entry {
            case .line(let line):
                if !self.output.write(line) { self.lostLines += 1 }
                self.writtenBytes += line.count
                if self.writtenBytes >= Self.settledBytes { self.settle() }
            case .flush(let done):
                self.settle()
                done.signal()
            case .stop:
                self.settle()
                return false
            }
        }
        self.settle()
        return true
    }

    /// Gives back the room of what was written. Not for each line: the lock is the one that event loops take.
    private mutating func settle() {
        self.queue.settle(bytes: self.writtenBytes, lostLines: self.lostLines)
        (self.writtenBytes, self.lostLines) = (0, 0)
        self.reportDropped()
    }

    private mutating func reportDropped() {
        let dropped = self.queue.droppedLines
        guard dropped > self.reported else { return }
        let line = self.style.line(.warning, "log.dropped", ["lines": .int(dropped - self.reported)])
        if self.output.write(line) { self.reported = dropped }
    }
}
