internal import Reactor
internal import Shared

/// What a protocol asks about the subscriptions of its sockets, so that it need not keep a list of its own.
extension Hub {
    func subscriptionCount(of connection: ConnectionID) -> Int {
        var count = 0
        _ = self.firstSlot(of: connection) { _ in
            count += 1
            return false
        }
        return count
    }

    func hasSubscriptions(_ connection: ConnectionID) -> Bool { self.firstSlot(of: connection) { _ in true } != nil }

    /// The socket's subscription under this spelling.
    func subscription(of connection: ConnectionID, to channel: String) -> SubscriptionID? {
        self.firstSlot(of: connection) { self.slab[Int($0)].channel?.style.channel == channel }.map { self.id($0) }
    }

    func isSubscribed(_ connection: ConnectionID, toAnyOf stream: EventStream) -> Bool {
        self.firstSlot(of: connection) { self.slab[Int($0)].channel?.stream.stream == stream } != nil
    }

    /// Keeps a number beside a subscription for its listener; one that has ended is left alone.
    func note(_ note: UInt32, for id: SubscriptionID) {
        if self.isCurrent(id) { self.slab[Int(id.slot)].note = note }
    }

    /// The smallest number, besides 0, that was kept beside a socket's subscriptions.
    func leastNote(of connection: ConnectionID) -> UInt32? {
        var least: UInt32?
        _ = self.firstSlot(of: connection) { slot in
            let note = self.slab[Int(slot)].note
            if note != 0 { least = min(least ?? note, note) }
            return false
        }
        return least
    }

    /// From which time of the loop on every event of the subscription's stream was told here; `nil` before it has a position.
    func completeSince(_ id: SubscriptionID) -> UInt64? {
        guard self.isCurrent(id), let stream = self.slab[Int(id.slot)].channel?.stream, stream.isOpen else {
            return nil
        }
        return stream.completeSince
    }

    /// A stream that a socket listens to.
    struct Listening {
        let stream: EventStream
        /// How far the stream has been told.
        let position: Int64
        /// The latest event that one of the socket's channels had.
        var heard: Int64
    }

    /// The streams that a socket listens to; `nil` while one of its subscriptions is not live yet.
    func listening(_ connection: ConnectionID) -> [Listening]? {
        var result: [Listening] = []
        let notLive = self.firstSlot(of: connection) { slot in
            guard self.slab[Int(slot)].position >= 0, let channel = self.slab[Int(slot)].channel else { return true }
            if let index = result.firstIndex(where: { $0.stream == channel.stream.stream }) {
                result[index].heard = max(result[index].heard, channel.lastSeq)
            } else {
                let stream = channel.stream
                result.append(Listening(stream: stream.stream, position: stream.position, heard: channel.lastSeq))
            }
            return false
        }
        return notLive == nil ? result : nil
    }
}
