import Shared

/// One thread for work that may block or take longer than an event loop can wait, such as reading /proc for a report.
final class Workbench: Sendable {
    private struct Work {
        var waiting: [@Sendable () -> Void] = []
        var isClosed = false
    }

    /// Reports are asked for by a few operators; more than this means that something asks without end.
    private static let limit = 64

    private let work = Locked(Work())
    private let arrived = Semaphore()

    init() throws(SystemError) {
        let (work, arrived) = (self.work, self.arrived)
        try spawnThread(named: "workbench") {
            while true {
                arrived.wait()
                let next = work.withLock { work in work.waiting.isEmpty ? nil : work.waiting.removeFirst() }
                if let next { next() } else if work.withLock({ $0.isClosed }) { return }
            }
        }
    }

    deinit {
        self.work.withLock { $0.isClosed = true }
        self.arrived.signal()
    }

    /// - Returns: whether it will be done; `false` if too much waits already.
    func take(_ task: @escaping @Sendable () -> Void) -> Bool {
        let isTaken = self.work.withLock { work in
            guard work.waiting.count < Self.limit else { return false }
            work.waiting.append(task)
            return true
        }
        if isTaken { self.arrived.signal() }
        return isTaken
    }
}
