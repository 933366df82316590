internal import CLinux
internal import Glibc
package import Shared

/// What other threads hold of an event loop: its mailbox and its figures.
package final class LoopHandle: Sendable {
    /// Work for the loop's thread. It is given the loop, since it may not capture it.
    package typealias Task = @Sendable (EventLoop) -> Void

    /// The loop's number in its group.
    package let index: Int
    package let statistics = LoopStatistics()
    let mailbox: Mailbox<Task>
    /// An eventfd; it lives as long as any handle, so that a late `post` writes into nothing, not into another's file.
    private let wake: WakeDescriptor

    private final class WakeDescriptor: Sendable {
        let raw: CInt

        init() throws(SystemError) {
            self.raw = try systemCall("eventfd") { eventfd(0, CInt(EFD_NONBLOCK) | CInt(EFD_CLOEXEC)) }
        }

        deinit { close(self.raw) }
    }

    package init(index: Int) throws(SystemError) {
        let wake = try WakeDescriptor()
        self.index = index
        self.wake = wake
        self.mailbox = Mailbox {
            var one: UInt64 = 1
            // A full counter (EAGAIN) means that the loop has been woken already.
            _ = write(wake.raw, &one, 8)
        }
    }

    /// What the loop tells about itself, as it is now.
    package var figures: LoopFigures { self.statistics.figures(of: self.index) }

    var wakeDescriptor: CInt { self.wake.raw }

    /// Runs `task` on the loop's thread, after the tasks posted before it. If the loop stops before that, or has stopped, the
    /// task never runs and is let go of: what it holds goes, and an `Answer` that it holds is its fallback.
    package func post(_ task: @escaping Task) { self.mailbox.send(task) }

    func acknowledgeWake() {
        var count: UInt64 = 0
        _ = read(self.wake.raw, &count, 8)
    }
}
