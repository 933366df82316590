internal import Reactor
internal import Shared
internal import Wire

extension Hub {
    // MARK: Framing

    /// The followers' next events of a stream: each is framed once per channel, and waits for the end of the turn.
    func deliver(_ events: [LoggedEvent], of name: EventStream) {
        guard let stream = self.streams[name], stream.isOpen else { return }
        for event in events {
            // What a wish that has been withdrawn brought.
            guard event.seq > stream.position else { continue }
            guard event.seq == stream.position + 1 else {
                // It cannot be; if it is, nobody may go on as if nothing were missing.
                return self.reset(name, to: StreamHead(epoch: stream.epoch, seq: events.last?.seq ?? event.seq))
            }
            self.announce(event, of: name)
            stream.position = event.seq
            if stream.replaying > 0 { stream.tail.append(event) }
            self.parts.begin(event)
            for target in event.targets {
                guard let channels = stream.channels[target.audience] else { continue }
                for channel in channels { self.tell(event, Int(target.projection), channel) }
            }
            if self.dirtyBytes >= self.terms.runBytes { self.flush() }
        }
        if !stream.ahead.isEmpty { self.overtake(stream) }
    }

    private func tell(_ event: LoggedEvent, _ projection: Int, _ channel: HubChannel) {
        guard channel.lastSeq < event.seq else { return }
        channel.lastSeq = event.seq
        let (plain, deflated) = (!channel.plain.ids.isEmpty, !channel.deflated.ids.isEmpty)
        guard plain || deflated else { return }
        self.parts.prepare(projection, of: event)
        if plain {
            let run = channel.plain.run ?? self.takeRun(&channel.plain)
            let before = run.count
            self.parts.append(projection, middle: channel.middle, to: run)
            self.dirtyBytes += run.count - before
        }
        if deflated {
            self.message.removeAll(keepingCapacity: true)
            self.frame.removeAll(keepingCapacity: true)
            self.parts.append(projection, middle: channel.middle, to: &self.message)
            self.message.withUnsafeBytes { self.host.appendSharedDeflatedFrame($0, to: &self.frame) }
            (channel.deflated.run ?? self.takeRun(&channel.deflated)).append(frame: self.frame)
            self.dirtyBytes += self.frame.count
        }
        if !channel.isDirty {
            channel.isDirty = true
            self.dirty.append(channel)
        }
    }

    /// Memory for frames exists only while there are some; a few runs are kept for the next turn.
    private func takeRun(_ members: inout HubChannel.Members) -> FrameRun {
        let run = self.idleRuns.popLast() ?? FrameRun()
        members.run = run
        return run
    }

    private func giveBack(_ members: inout HubChannel.Members) {
        guard let run = members.run else { return }
        members.run = nil
        run.clear()
        if self.idleRuns.count < 64, run.capacity <= 1 << 20 { self.idleRuns.append(run) }
    }

    // MARK: Sending

    /// The loop's turn ends.
    package func turnEnded() { self.flush() }

    /// Sends what was collected: one call to the kernel per socket, however many channels have news for it.
    func flush() {
        guard !self.dirty.isEmpty else { return }
        self.host.prepareBroadcast()
        let dirty = self.dirty
        self.dirty.removeAll(keepingCapacity: true)
        self.dirtyBytes = 0
        for channel in dirty { channel.isDirty = false }
        if dirty.count == 1 {
            self.sendAll(dirty[0].plain)
            self.sendAll(dirty[0].deflated)
        } else {
            self.sendGathered(dirty)
        }
        for channel in dirty {
            self.giveBack(&channel.plain)
            self.giveBack(&channel.deflated)
        }
    }

    private func sendAll(_ members: HubChannel.Members) {
        guard let run = members.run, !members.ids.isEmpty else { return }
        members.ids.withUnsafeBufferPointer { self.host.loop.sendToAll($0, run.bytes) }
        self.host.statistics.framesSent.add(UInt64(run.frames * members.ids.count))
    }

    /// Who is in one dirty channel only gets its run; who is in several gets all of them in one call.
    private func sendGathered(_ channels: [HubChannel]) {
        var runs: [(members: HubChannel.Members, run: FrameRun)] = []
        for channel in channels {
            if let run = channel.plain.run { runs.append((channel.plain, run)) }
            if let run = channel.deflated.run { runs.append((channel.deflated, run)) }
        }
        for (members, _) in runs { self.gathering.count(members.ids) }
        if self.gathering.hasOverlap {
            for (index, entry) in runs.enumerated() {
                for id in entry.members.ids where !self.gathering.isGathered(id, run: index) {
                    _ = self.host.loop.send(id, entry.run.bytes)
                }
            }
            self.gathering.forEachSocket { id, indices in
                withUnsafeTemporaryAllocation(of: UnsafeRawBufferPointer.self, capacity: indices.count) { pieces in
                    for (place, index) in indices.enumerated() {
                        pieces.initializeElement(at: place, to: runs[index].run.bytes)
                    }
                    _ = self.host.loop.send(id, gathering: UnsafeBufferPointer(pieces))
                }
            }
            for (members, run) in runs {
                self.host.statistics.framesSent.add(UInt64(run.frames * members.ids.count))
            }
        } else {
            for (members, _) in runs { self.sendAll(members) }
        }
        for (members, _) in runs { self.gathering.forget(members.ids) }
    }
}

/// Finds the sockets for which several runs wait. Its memory stays from turn to turn.
struct Gathering {
    /// By the connection's place: for how many runs it is a member.
    private var counts: [UInt16] = []
    private(set) var hasOverlap = false
    /// By the connection's place: one more than its number among the gathered, for those who are in several.
    private var numbers: [UInt32] = []
    private var sockets: [ConnectionID] = []
    /// Per gathered socket, the first and the last of its links.
    private var ends: [(first: Int32, last: Int32)] = []
    private var links: [(run: Int32, next: Int32)] = []
    private var indices: [Int] = []

    mutating func count(_ ids: [ConnectionID]) {
        for id in ids {
            while self.counts.count <= id.place {
                self.counts.append(contentsOf: repeatElement(0, count: max(64, id.place / 8)))
            }
            let count = self.counts[id.place]
            if count > 0 { self.hasOverlap = true }
            if count < .max { self.counts[id.place] = count + 1 }
        }
    }

    /// Whether the socket is in several runs: then this one is noted for it.
    mutating func isGathered(_ id: ConnectionID, run: Int) -> Bool {
        guard self.counts[id.place] > 1 else { return false }
        while self.numbers.count <= id.place {
            self.numbers.append(contentsOf: repeatElement(0, count: max(64, id.place / 8)))
        }
        let link = Int32(self.links.count)
        self.links.append((Int32(run), -1))
        if self.numbers[id.place] == 0 {
            self.sockets.append(id)
            self.ends.append((link, link))
            self.numbers[id.place] = UInt32(self.sockets.count)
        } else {
            let number = Int(self.numbers[id.place]) - 1
            self.links[Int(self.ends[number].last)].next = link
            self.ends[number].last = link
        }
        return true
    }

    /// The gathered sockets, each with its runs in their order; afterwards they are forgotten.
    mutating func forEachSocket(_ body: (ConnectionID, [Int]) -> Void) {
        for (number, id) in self.sockets.enumerated() {
            self.indices.removeAll(keepingCapacity: true)
            var link = self.ends[number].first
            while link >= 0 {
                self.indices.append(Int(self.links[Int(link)].run))
                link = self.links[Int(link)].next
            }
            body(id, self.indices)
            self.numbers[id.place] = 0
        }
        self.sockets.removeAll(keepingCapacity: true)
        self.ends.removeAll(keepingCapacity: true)
        self.links.removeAll(keepingCapacity: true)
    }

    mutating func forget(_ ids: [ConnectionID]) {
        for id in ids { self.counts[id.place] = 0 }
        self.hasOverlap = false
    }
}
