/// Runs Swift tasks on an event loop's thread, so that a task that waits for that loop's work is resumed without a hop to
/// another thread.
///
/// What runs here must not block, nor compute for long: the loop has connections to serve. A job that is enqueued after the
/// loop has stopped never runs: stop the tasks first.
package final class LoopExecutor: TaskExecutor {
    private let handle: LoopHandle

    package init(_ handle: LoopHandle) { self.handle = handle }

    package func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        self.handle.post { _ in job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }
}
