/// All that other threads may hold of an event loop: a queue of messages and a way to wake its reader.
///
/// The reader is woken once per batch: only the message that finds the queue empty pays for the wake.
public final class Mailbox<Message: Sendable>: Sendable {
    private let queue = Locked<[Message]>([])
    private let wake: @Sendable () -> Void

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
        if isFirst { self.wake() }
    }

    /// Takes everything that waits, in the order of arrival.
    public func drain() -> [Message] {
        self.queue.withLock { queue in
            var taken: [Message] = []
            swap(&taken, &queue)
            return taken
        }
    }
}
