internal import Synchronization

/// All that other threads may hold of an event loop: a queue of messages and a way to wake its reader.
///
/// The reader is woken once per batch: only the message that finds the queue empty pays for the wake.
///
/// What always holds: a message is read, or, when its reader has closed the mailbox, let go of with all that it holds. Whoever
/// waits for what a message was to do must notice that, as `Answer` does.
public final class Mailbox<Message: Sendable>: Sendable {
    private let queue = Locked<[Message]>([])
    private let wake: @Sendable () -> Void
    private let isClosed = Atomic<Bool>(false)

    /// - Parameter wake: called outside the lock, from the sending thread, when the queue stops being empty.
    public init(wake: @escaping @Sendable () -> Void) {
        self.wake = wake
    }

    /// Adds a message; safe from any thread.
    public func send(_ message: Message) {
        let isFirst = self.queue.withLock { queue in
            queue.append(message)
            return queue.count == 1
        }
        if isFirst { self.announce() }
    }

    /// Takes everything that waits, in the order of arrival.
    public func drain() -> [Message] {
        self.queue.withLock { queue in
            var taken: [Message] = []
            swap(&taken, &queue)
            return taken
        }
    }

    /// Nobody will read any more: what waits is let go of here, and what still comes by those who send it.
    public func close() {
        self.isClosed.store(true, ordering: .releasing)
        _ = self.drain()
    }

    /// A message that comes after the last `drain` of `close` finds the flag set, because both were under the lock; if it is
    /// not the first in the queue, the sender of the first has still to come here and takes both.
    private func announce() {
        if self.isClosed.load(ordering: .acquiring) { _ = self.drain() } else { self.wake() }
    }
}
