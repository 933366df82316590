package import Reactor
package import Shared

/// Who on this loop listens to which audience of which stream, and the way of every logged event to their sockets.
///
/// One per loop, confined to its thread. What always holds for one connection and channel: events leave in the order of `seq`,
/// each once, none skipped behind the position that `subscribed` named, unless `resyncRequired` says so; a socket that cannot
/// keep up is closed by the reactor and resumes.
///
/// The endpoint that owns the sockets calls `socketClosed`, `socketDrained` and, at the end of each turn, `turnEnded`.
package final class Hub {
    package struct Terms: Sendable {
        /// A replay that would tell more than this is refused.
        package var mostVisible = 5000
        /// A replay that would have to look through more than this is refused.
        package var mostScanned: Int64 = 100_000
        /// What is older than this is not replayed.
        package var oldestMilliseconds: Int64 = 24 * 3_600_000
        /// Bytes of a replay that are handed to the kernel at once.
        package var replayBytes = 64 << 10
        /// Bytes of all runs at which they are sent before the turn ends.
        package var runBytes = 256 << 10

        package init() {}
    }

    /// One subscription, in a slab: small, since every socket has several.
    struct Subscription {
        var connection: ConnectionID
        var channel: HubChannel?
        var generation: UInt32
        /// Its place among the channel's members, or -1 if it is not live.
        var position: Int32 = -1
        /// The next subscription of the same socket, or the next free slot; one more than the slot, 0 for none.
        var next: UInt32
        var listener: UInt8
        var isDeflated = false
        /// The listener's own; 0 until it says something else.
        var note: UInt32 = 0
    }

    unowned let host: SessionHost
    let terms: Terms
    let metrics: FanoutMetrics
    let doors: FanoutDoors
    private var listeners: [Listener] = []

    private struct Listener {
        unowned let object: any HubListener
    }

    var streams: [EventStream: HubStream] = [:]
    var slab: [Subscription] = []
    private var firstFree: UInt32 = 0
    /// By the connection's place in the loop: one more than the slot of its latest subscription.
    private var bySocket: [UInt32] = []
    private var lastNumber: UInt64 = 0

    // Telling.
    var parts: EventParts
    var message: [UInt8] = []
    var frame: [UInt8] = []
    var dirty: [HubChannel] = []
    var dirtyBytes = 0
    var idleRuns: [FrameRun] = []
    var gathering = Gathering()

    // Resuming.
    var replays: [UInt32: Replay] = [:]
    var lastReplay: UInt64 = 0

    /// Makes the hub of the host's loop, which keeps it; to be called before the loop turns.
    package init(
        host: SessionHost, doors: FanoutDoors, metrics: FanoutMetrics, names: PusherEventNames = PusherEventNames(),
        terms: Terms = Terms()
    ) {
        self.host = host
        self.doors = doors
        self.metrics = metrics
        self.terms = terms
        self.parts = EventParts(names: names)
        host.loop.attach(self)
        doors.add(host.loop.handle)
    }

    var loopIndex: Int { self.host.loop.handle.index }

    /// Adds a protocol; what is returned names it. It lives at least as long as the loop turns.
    package func add(_ listener: any HubListener) -> UInt8 {
        precondition(self.listeners.count < 255, "a hub has a few listeners")
        self.listeners.append(Listener(object: listener))
        return UInt8(self.listeners.count - 1)
    }

    // MARK: Subscribing

    /// Subscribes a socket to an audience. The listener hears `subscribed` when the stream has a position, at once if others
    /// on this loop listen to it. A second subscription to the same is the first, and is answered again.
    ///
    /// - Parameter since: where the client has come to, if it comes back.
    /// - Returns: `nil` if the socket takes nothing more.
    @discardableResult
    package func subscribe(
        _ connection: ConnectionID, to audience: Audience, of stream: EventStream, style: FrameStyle,
        since: ResumePoint? = nil, listener: UInt8
    ) -> SubscriptionID? {
        guard self.host.takesFrames(connection) else { return nil }
        let hubStream = self.streams[stream] ?? self.open(stream)
        let channel = self.channel(hubStream, audience, style)
        if let slot = self.slot(of: connection, in: channel) {
            let id = self.id(slot)
            if self.slab[Int(slot)].position >= 0 {
                self.tellListener(id) { $0.subscribed($1, at: hubStream.head) }
            }
            return id
        }
        let id = self.add(connection, channel, listener)
        if hubStream.isOpen {
            self.begin(id, since: since)
        } else {
            hubStream.waiting.append((id, since))
        }
        return id
    }

    /// Ends a subscription; one that has ended is left alone.
    package func unsubscribe(_ id: SubscriptionID) {
        guard self.isCurrent(id) else { return }
        let place = self.slab[Int(id.slot)].connection.place
        if self.bySocket[place] == id.slot + 1 {
            self.bySocket[place] = self.slab[Int(id.slot)].next
        } else {
            var slot = self.bySocket[place]
            while slot != 0 {
                let next = self.slab[Int(slot - 1)].next
                if next == id.slot + 1 {
                    self.slab[Int(slot - 1)].next = self.slab[Int(id.slot)].next
                    break
                }
                slot = next
            }
        }
        self.remove(id.slot)
    }

    /// The socket takes nothing more: all its subscriptions end.
    package func socketClosed(_ connection: ConnectionID) {
        guard connection.place < self.bySocket.count else { return }
        var slot = self.bySocket[connection.place]
        guard slot != 0, self.slab[Int(slot - 1)].connection == connection else { return }
        self.bySocket[connection.place] = 0
        while slot != 0 {
            let next = self.slab[Int(slot - 1)].next
            self.remove(slot - 1)
            slot = next
        }
    }

    /// How far a stream has been told on this loop: for ticks on quiet channels.
    package func position(of stream: EventStream) -> StreamHead? {
        guard let stream = self.streams[stream], stream.isOpen else { return nil }
        return stream.head
    }

    // MARK: Streams

    /// Every channel that somebody here has subscribed to, as it was spelled, and how many have.
    func forEachChannel(_ body: (_ stream: EventStream, _ channel: String, _ subscriptions: Int) -> Void) {
        for (name, stream) in self.streams {
            for channels in stream.channels.values {
                for channel in channels { body(name, channel.style.channel, channel.subscriptionCount) }
            }
        }
    }

    private func open(_ stream: EventStream) -> HubStream {
        self.lastNumber += 1
        let (loop, number) = (self.loopIndex, self.lastNumber)
        let hubStream = HubStream(stream, number: number)
        self.streams[stream] = hubStream
        self.doors.tell { $0.want(stream, on: loop, number: number) }
        return hubStream
    }

    private func close(_ stream: HubStream) {
        let (name, loop, number) = (stream.stream, self.loopIndex, stream.number)
        self.streams[name] = nil
        self.doors.tell { $0.release(name, on: loop, number: number) }
    }

    /// The answer to a wish: the stream's position, behind which events will come.
    func opened(_ name: EventStream, number: UInt64, at head: StreamHead) {
        // An answer to an earlier wish says nothing about this one.
        guard let stream = self.streams[name], case .opening(number) = stream.phase else { return }
        stream.phase = .open(number)
        stream.completeSince = self.host.loop.now
        stream.epoch = head.epoch
        stream.position = head.seq
        let waiting = stream.waiting
        stream.waiting = []
        for (id, since) in waiting where self.isCurrent(id) { self.begin(id, since: since) }
    }

    /// The answer to a wish for a stream that does not exist.
    func missing(_ name: EventStream, number: UInt64) {
        guard let stream = self.streams[name], case .opening(number) = stream.phase else { return }
        let waiting = stream.waiting
        stream.waiting = []
        for (id, _) in waiting where self.isCurrent(id) {
            self.tellListener(id) { $0.refused($1) }
            self.unsubscribe(id)
        }
    }

    private func channel(_ stream: HubStream, _ audience: Audience, _ style: FrameStyle) -> HubChannel {
        if let channel = stream.channels[audience]?.first(where: { $0.style == style }) { return channel }
        let channel = HubChannel(stream, audience, style)
        stream.channels[audience, default: []].append(channel)
        return channel
    }

    // MARK: The slab

    func isCurrent(_ id: SubscriptionID) -> Bool {
        let slot = Int(id.slot)
        return slot < self.slab.count && self.slab[slot].generation == id.generation
            && self.slab[slot].channel != nil
    }

    func id(_ slot: UInt32) -> SubscriptionID {
        SubscriptionID(slot: slot, generation: self.slab[Int(slot)].generation)
    }

    /// The subscriptions of a socket.
    func slots(of connection: ConnectionID) -> [UInt32] {
        var slots: [UInt32] = []
        _ = self.firstSlot(of: connection) { slot in
            slots.append(slot)
            return false
        }
        return slots
    }

    /// The first subscription of a socket of which `fits` says so; it may not add or end any.
    func firstSlot(of connection: ConnectionID, where fits: (UInt32) -> Bool) -> UInt32? {
        guard connection.place < self.bySocket.count else { return nil }
        var slot = self.bySocket[connection.place]
        while slot != 0 {
            if self.slab[Int(slot - 1)].connection == connection, fits(slot - 1) { return slot - 1 }
            slot = self.slab[Int(slot - 1)].next
        }
        return nil
    }

    private func slot(of connection: ConnectionID, in channel: HubChannel) -> UInt32? {
        self.firstSlot(of: connection) { self.slab[Int($0)].channel === channel }
    }

    private func add(_ connection: ConnectionID, _ channel: HubChannel, _ listener: UInt8) -> SubscriptionID {
        while self.bySocket.count <= connection.place {
            self.bySocket.append(contentsOf: repeatElement(0, count: max(64, connection.place / 8)))
        }
        let slot: UInt32
        let next = self.bySocket[connection.place]
        if self.firstFree != 0 {
            slot = self.firstFree - 1
            self.firstFree = self.slab[Int(slot)].next
            let generation = self.slab[Int(slot)].generation &+ 1
            self.slab[Int(slot)] = Subscription(
                connection: connection, channel: channel, generation: generation, next: next, listener: listener)
        } else {
            slot = UInt32(self.slab.count)
            self.slab.append(
                Subscription(connection: connection, channel: channel, generation: 0, next: next, listener: listener))
        }
        self.bySocket[connection.place] = slot + 1
        channel.subscriptionCount += 1
        channel.stream.subscriptionCount += 1
        return self.id(slot)
    }

    /// Takes a subscription out of its channel and frees its slot; its socket's list does not name it any more.
    private func remove(_ slot: UInt32) {
        guard let channel = self.slab[Int(slot)].channel else { return }
        let stream = channel.stream
        self.leave(slot, channel)
        self.dropReplay(slot)
        self.slab[Int(slot)].channel = nil
        self.slab[Int(slot)].next = self.firstFree
        self.firstFree = slot + 1
        channel.subscriptionCount -= 1
        if channel.subscriptionCount == 0 {
            stream.channels[channel.audience]?.removeAll { $0 === channel }
            if stream.channels[channel.audience]?.isEmpty == true { stream.channels[channel.audience] = nil }
        }
        stream.subscriptionCount -= 1
        if stream.subscriptionCount == 0 { self.close(stream) }
    }

    // MARK: Members

    /// From now on events are told to this subscription.
    func join(_ slot: UInt32) {
        guard let channel = self.slab[Int(slot)].channel, self.slab[Int(slot)].position < 0 else { return }
        // Frames that were built before belong to those who were there before.
        if channel.isDirty { self.flush() }
        let connection = self.slab[Int(slot)].connection
        let isDeflated = self.host.sharesDeflatedFrames(connection)
        self.slab[Int(slot)].isDeflated = isDeflated
        func append(to members: inout HubChannel.Members) {
            self.slab[Int(slot)].position = Int32(members.ids.count)
            members.ids.append(connection)
            members.slots.append(slot)
        }
        if isDeflated { append(to: &channel.deflated) } else { append(to: &channel.plain) }
    }

    private func leave(_ slot: UInt32, _ channel: HubChannel) {
        let position = Int(self.slab[Int(slot)].position)
        guard position >= 0 else { return }
        self.slab[Int(slot)].position = -1
        func remove(from members: inout HubChannel.Members) {
            let lastID = members.ids.removeLast()
            let lastSlot = members.slots.removeLast()
            guard lastSlot != slot else { return }
            members.ids[position] = lastID
            members.slots[position] = lastSlot
            self.slab[Int(lastSlot)].position = Int32(position)
        }
        if self.slab[Int(slot)].isDeflated {
            remove(from: &channel.deflated)
        } else {
            remove(from: &channel.plain)
        }
    }

    // MARK: Listeners

    /// Tells the subscription's protocol, which may end the subscription meanwhile.
    func tellListener(_ id: SubscriptionID, _ tell: (any HubListener, HubSubscription) -> Void) {
        guard self.isCurrent(id), let channel = self.slab[Int(id.slot)].channel else { return }
        let subscription = HubSubscription(
            id: id, connection: self.slab[Int(id.slot)].connection, channel: channel.style.channel)
        tell(self.listeners[Int(self.slab[Int(id.slot)].listener)].object, subscription)
    }

    func announce(_ event: LoggedEvent, of stream: EventStream) {
        for listener in self.listeners { listener.object.willTell(event, of: stream) }
    }
}
