/// The bounded queue between those who log and the thread that writes.
final class LogQueue: Sendable {
    enum Entry: Sendable {
        case line([UInt8])
        /// Signalled when everything before it was written.
        case flush(Semaphore)
        case stop
    }

    private struct State {
        var entries: [Entry] = []
        /// Bytes accepted and not yet written, those in the reader's hands included.
        var bytes = 0
        var droppedLines = 0
    }

    private let state = Locked(State())
    private let arrived = Semaphore()
    private let limitBytes: Int

    init(limitBytes: Int) {
        self.limitBytes = limitBytes
    }

    var droppedLines: Int { self.state.withLock { $0.droppedLines } }

    /// Queues a line, or drops it at the bound. The last quarter is kept for warnings and errors.
    func add(_ line: [UInt8], level: LogLevel) {
        let limit = level >= .warning ? self.limitBytes : self.limitBytes - self.limitBytes / 4
        let isFirst = self.state.withLock { state in
            guard state.bytes + line.count <= limit else {
                state.droppedLines += 1
                return false
            }
            state.bytes += line.count
            state.entries.append(.line(line))
            return state.entries.count == 1
        }
        if isFirst { self.arrived.signal() }
    }

    /// Queues what is not a line and is never dropped.
    func add(_ entry: Entry) {
        let isFirst = self.state.withLock { state in
            state.entries.append(entry)
            return state.entries.count == 1
        }
        if isFirst { self.arrived.signal() }
    }

    /// Sleeps until something is there and takes all of it. For the one reader.
    func take() -> [Entry] {
        self.arrived.wait()
        return self.state.withLock { state in
            var taken: [Entry] = []
            swap(&taken, &state.entries)
            return taken
        }
    }

    /// Gives back the room of lines that were taken, and counts those that could not be written.
    func settle(bytes: Int, lostLines: Int) {
        self.state.withLock { state in
            state.bytes -= bytes
            state.droppedLines += lostLines
        }
    }
}
