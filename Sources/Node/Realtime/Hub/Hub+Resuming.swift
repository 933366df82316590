package import Reactor
internal import Shared
internal import Wire

/// Names one replay of this loop in questions to the followers and their answers.
struct ReplayTicket: Equatable, Sendable {
    let slot: UInt32
    let number: UInt64
}

/// A subscription that is being brought up to date.
struct Replay {
    let number: UInt64
    let stream: HubStream
    /// The latest event that was looked at.
    var cursor: Int64
    /// Up to here the followers are asked; what lies behind is live, and waits in the stream's tail.
    var cut: Int64
    var visible = 0
    /// Events that have been fetched; those before `next` have been looked at.
    var page: [LoggedEvent] = []
    var next = 0
    /// The kernel has not taken everything yet.
    var isBlocked = false
    var isFirstPage = true

    /// What is to be done when a page has been used up.
    enum Step: Equatable {
        /// Ask the followers for what lies behind the cursor, up to the cut.
        case fetch
        /// Go on with the live events that were held back.
        case takeTail
        /// Everything has been sent.
        case finish
        /// The client knows more than this loop: another node was quicker.
        case wait
    }

    var isPageEmpty: Bool { self.next >= self.page.count }

    func step(position: Int64, isTailComplete: Bool) -> Step {
        if self.cursor > position { return .wait }
        if self.cursor == position { return .finish }
        if self.cursor >= self.cut, isTailComplete { return .takeTail }
        return .fetch
    }
}

extension Hub {
    /// The stream has a position: the subscription starts there, or where the client has come to.
    func begin(_ id: SubscriptionID, since: ResumePoint?) {
        guard let stream = self.slab[Int(id.slot)].channel?.stream else { return }
        let head = stream.head
        guard let since else {
            self.tellListener(id) { $0.subscribed($1, at: head) }
            if self.isCurrent(id) { self.join(id.slot) }
            return
        }
        guard since.epoch == head.epoch, since.seq >= 0, since.seq >= head.seq - self.terms.mostScanned else {
            self.tellListener(id) { $0.subscribed($1, at: head) }
            self.giveUp(id)
            return
        }
        // Complete from where the client was: should it be cut off in the middle, that is where it comes back from.
        self.tellListener(id) { $0.subscribed($1, at: StreamHead(epoch: head.epoch, seq: since.seq)) }
        guard self.isCurrent(id) else { return }
        self.lastReplay += 1
        self.replays[id.slot] = Replay(
            number: self.lastReplay, stream: stream, cursor: since.seq, cut: max(since.seq, head.seq))
        stream.replaying += 1
        if since.seq > head.seq { self.waitForStream(id.slot, stream, since) }
        self.advance(id.slot)
    }

    /// The kernel has taken what waited for the socket.
    package func socketDrained(_ connection: ConnectionID) {
        guard !self.replays.isEmpty else { return }
        for slot in self.slots(of: connection) where self.replays[slot]?.isBlocked == true {
            self.replays[slot]?.isBlocked = false
            self.advance(slot)
        }
    }

    /// Events that were asked for.
    func replayed(_ events: [LoggedEvent], for ticket: ReplayTicket) {
        guard let replay = self.replays[ticket.slot], replay.number == ticket.number, replay.isPageEmpty else { return }
        // Somebody else's idea of what comes next would be a gap or a repetition.
        guard let first = events.first, first.seq == replay.cursor + 1 else { return self.replayLost(ticket) }
        if replay.isFirstPage, self.isTooOld(first) { return self.replayLost(ticket) }
        self.replays[ticket.slot]?.isFirstPage = false
        self.replays[ticket.slot]?.page = events
        self.replays[ticket.slot]?.next = 0
        self.advance(ticket.slot)
    }

    /// What was missed is not to be had any more.
    func replayLost(_ ticket: ReplayTicket) {
        guard self.replays[ticket.slot]?.number == ticket.number else { return }
        self.giveUp(self.id(ticket.slot))
    }

    private func isTooOld(_ event: LoggedEvent) -> Bool {
        SystemClock.now.milliseconds - event.recordedAt.milliseconds > self.terms.oldestMilliseconds
    }

    /// Goes on until the kernel is full, a page is needed, or everything has been sent.
    private func advance(_ slot: UInt32) {
        guard var replay = self.replays[slot], let channel = self.slab[Int(slot)].channel else { return }
        let id = self.id(slot)
        let stream = replay.stream
        while true {
            guard self.send(&replay, slot, channel) else {
                self.replays[slot] = replay
                return
            }
            guard replay.visible <= self.terms.mostVisible else { return self.giveUp(id) }
            let held = replay.cursor >= replay.cut ? stream.tail.events(after: replay.cursor) : nil
            switch replay.step(position: stream.position, isTailComplete: held != nil) {
            case .takeTail:
                replay.page = held ?? []
                replay.next = 0
                replay.cut = stream.position
            case .fetch:
                if replay.cursor >= replay.cut { replay.cut = stream.position }
                self.replays[slot] = replay
                return self.fetch(replay, slot)
            case .wait:
                self.replays[slot] = replay
                return
            case .finish:
                self.dropReplay(slot)
                self.metrics.resumed.increment()
                let (seq, visible) = (replay.cursor, replay.visible)
                self.tellListener(id) { $0.resumed($1, at: seq, replayed: visible) }
                if self.isCurrent(id) { self.join(slot) }
                return
            }
        }
    }

    /// The client comes from a node that was quicker than this one, or from nowhere: the log's head will tell which.
    private func waitForStream(_ slot: UInt32, _ stream: HubStream, _ since: ResumePoint) {
        stream.ahead.append(slot)
        let (name, loop) = (stream.stream, self.loopIndex)
        let ticket = ReplayTicket(slot: slot, number: self.lastReplay)
        self.doors.tell { $0.vouch(for: since, of: name, on: loop, ticket) }
    }

    /// The stream has come further: those who were ahead of it may not be any more.
    func overtake(_ stream: HubStream) {
        let ahead = stream.ahead
        stream.ahead = []
        for slot in ahead {
            guard let replay = self.replays[slot], replay.stream === stream else { continue }
            if replay.cursor > stream.position {
                stream.ahead.append(slot)
            } else {
                self.advance(slot)
            }
        }
    }

    private func fetch(_ replay: Replay, _ slot: UInt32) {
        let request = Followers.PageRequest(
            loop: self.loopIndex, ticket: ReplayTicket(slot: slot, number: replay.number),
            source: RecentEvents.Source(stream: replay.stream.stream, epoch: replay.stream.epoch),
            after: replay.cursor, through: replay.cut)
        self.doors.tell { $0.replay(request) }
    }

    /// Sends the rest of the page in pieces.
    ///
    /// - Returns: whether the page is used up and the socket has room.
    private func send(_ replay: inout Replay, _ slot: UInt32, _ channel: HubChannel) -> Bool {
        let connection = self.slab[Int(slot)].connection
        while !replay.isPageEmpty {
            guard self.host.takesFrames(connection), self.host.loop.queuedBytes(connection) == 0 else {
                replay.isBlocked = true
                return false
            }
            self.frame.removeAll(keepingCapacity: true)
            while !replay.isPageEmpty, self.frame.count < self.terms.replayBytes,
                replay.visible <= self.terms.mostVisible
            {
                let event = replay.page[replay.next]
                replay.next += 1
                replay.cursor = event.seq
                self.appendFrame(of: event, &replay, channel)
            }
            if replay.visible > self.terms.mostVisible {
                replay.page = []
                replay.next = 0
            }
            if !self.frame.isEmpty { self.host.sendFrames(self.frame, to: connection) }
        }
        replay.page = []
        replay.next = 0
        return true
    }

    private func appendFrame(of event: LoggedEvent, _ replay: inout Replay, _ channel: HubChannel) {
        guard let target = event.targets.first(where: { $0.audience == channel.audience }) else { return }
        replay.visible += 1
        guard replay.visible <= self.terms.mostVisible else { return }
        let projection = Int(target.projection)
        self.parts.begin(event)
        self.parts.prepare(projection, of: event)
        self.message.removeAll(keepingCapacity: true)
        self.parts.append(projection, middle: channel.middle, to: &self.message)
        self.message.withUnsafeBytes { WebSocketFrame.append(.text, $0, to: &self.frame) }
    }

    // MARK: Ending

    /// The client has to load anew; it hears what comes from now on.
    private func giveUp(_ id: SubscriptionID) {
        self.dropReplay(id.slot)
        guard self.isCurrent(id), let stream = self.slab[Int(id.slot)].channel?.stream else { return }
        self.metrics.resyncs.increment()
        let head = stream.head
        self.tellListener(id) { $0.resyncRequired($1, at: head) }
        if self.isCurrent(id) { self.join(id.slot) }
    }

    func dropReplay(_ slot: UInt32) {
        guard let replay = self.replays.removeValue(forKey: slot) else { return }
        replay.stream.replaying -= 1
        if replay.stream.replaying == 0 { replay.stream.tail.clear() }
    }

    /// The stream is not what it was: all who listen to it load anew.
    func reset(_ name: EventStream, to head: StreamHead) {
        guard let stream = self.streams[name], stream.isOpen else { return }
        // What was told before the reset was true.
        self.flush()
        stream.completeSince = self.host.loop.now
        stream.epoch = head.epoch
        stream.position = head.seq
        stream.tail.clear()
        stream.ahead = []
        var affected = self.replays.filter { $0.value.stream === stream }.map { self.id($0.key) }
        for channels in stream.channels.values {
            for channel in channels {
                channel.lastSeq = head.seq
                affected += (channel.plain.slots + channel.deflated.slots).map { self.id($0) }
            }
        }
        for id in affected { self.giveUp(id) }
    }
}
