internal import Synchronization

/// Runs Swift tasks on an event loop's thread, so that a task that waits for that loop's work is resumed without a hop to
/// another thread.
///
/// What runs here must not block, nor compute for long: the loop has connections to serve. A task outlives its loop: jobs that
/// the loop does not come to before it stops, or that come later, run on Swift's own threads, so that no task is left half done.
package final class LoopExecutor: TaskExecutor {
    private let handle: LoopHandle

    package init(_ handle: LoopHandle) { self.handle = handle }

    package func enqueue(_ job: consuming ExecutorJob) {
        let waiting = WaitingJob(UnownedJob(job), of: self)
        self.handle.post { _ in waiting.run() }
    }
}

/// A job on its way to the loop. Only a loop that has stopped lets go of one that has not run.
private final class WaitingJob: Sendable {
    private let job: UnownedJob
    private let executor: LoopExecutor
    private let hasRun = Atomic<Bool>(false)

    init(_ job: UnownedJob, of executor: LoopExecutor) {
        self.job = job
        self.executor = executor
    }

    deinit {
        if !self.hasRun.load(ordering: .relaxed) { globalConcurrentExecutor.enqueue(self.job) }
    }

    func run() {
        self.hasRun.store(true, ordering: .relaxed)
        self.job.runSynchronously(on: self.executor.asUnownedTaskExecutor())
    }
}
