internal import CLinux
internal import Glibc
internal import Shared

/// What became of bytes that were to be sent.
package enum SendOutcome: Equatable, Sendable {
    /// The kernel has them.
    case sent
    /// Some wait in the outbox; `drained` will be called when they are gone.
    case queued
    /// The connection is closed, or was closed for this.
    case gone
}

extension EventLoop {
    // MARK: Sending

    /// Sends bytes after all that was sent before. They are copied if they have to wait.
    @discardableResult
    package func send(_ id: ConnectionID, _ bytes: UnsafeRawBufferPointer) -> SendOutcome {
        guard let slot = self.slab.live(id), slot.pointee.state == .open else { return .gone }
        return self.transmit(slot, id, bytes)
    }

    /// Sends two pieces, one behind the other, with one call to the kernel: a head and its body, say.
    @discardableResult
    package func send(
        _ id: ConnectionID, _ first: UnsafeRawBufferPointer, _ second: UnsafeRawBufferPointer
    ) -> SendOutcome {
        guard let slot = self.slab.live(id), slot.pointee.state == .open else { return .gone }
        guard slot.pointee.outbox == nil else {
            let outcome = self.queue(slot, id, first)
            return outcome == .gone ? .gone : self.queue(slot, id, second)
        }
        let count = withUnsafeTemporaryAllocation(of: iovec.self, capacity: 2) { vectors in
            vectors.initializeElement(at: 0, to: iovec(first))
            vectors.initializeElement(at: 1, to: iovec(second))
            return self.sendVectors(slot.pointee.descriptor, vectors)
        }
        guard count >= 0 else { return self.broken(id, CInt(-count)) }
        if count == first.count + second.count { return .sent }
        if count < first.count {
            _ = self.queue(slot, id, UnsafeRawBufferPointer(rebasing: first[count...]))
            return self.queue(slot, id, second)
        }
        return self.queue(slot, id, UnsafeRawBufferPointer(rebasing: second[(count - first.count)...]))
    }

    /// Sends several pieces, one behind the other, with as few calls to the kernel as it allows: usually one.
    @discardableResult
    package func send(
        _ id: ConnectionID, gathering pieces: UnsafeBufferPointer<UnsafeRawBufferPointer>
    ) -> SendOutcome {
        guard let slot = self.slab.live(id), slot.pointee.state == .open else { return .gone }
        var outcome = SendOutcome.sent
        var rest = pieces[...]
        while !rest.isEmpty, outcome != .gone {
            outcome = self.gather(slot, id, rest.prefix(Self.mostVectors))
            rest = rest.dropFirst(Self.mostVectors)
        }
        return outcome
    }

    private static let mostVectors = 64

    private func gather(
        _ slot: UnsafeMutablePointer<ConnectionSlot>, _ id: ConnectionID,
        _ pieces: Slice<UnsafeBufferPointer<UnsafeRawBufferPointer>>
    ) -> SendOutcome {
        var sent = 0
        if slot.pointee.outbox == nil {
            sent = withUnsafeTemporaryAllocation(of: iovec.self, capacity: pieces.count) { vectors in
                for (place, piece) in pieces.enumerated() {
                    vectors.initializeElement(at: place, to: iovec(piece))
                }
                return self.sendVectors(slot.pointee.descriptor, vectors)
            }
            guard sent >= 0 else { return self.broken(id, CInt(-sent)) }
        }
        var outcome = SendOutcome.sent
        for piece in pieces where outcome != .gone {
            if sent < piece.count {
                outcome = self.queue(slot, id, UnsafeRawBufferPointer(rebasing: piece[sent...]))
            }
            sent = max(0, sent - piece.count)
        }
        return outcome
    }

    /// The same bytes for many: the path of every event. One call to the kernel per connection and nothing else.
    package func sendToAll(_ ids: UnsafeBufferPointer<ConnectionID>, _ bytes: UnsafeRawBufferPointer) {
        for id in ids {
            guard let slot = self.slab.live(id), slot.pointee.state == .open else { continue }
            _ = self.transmit(slot, id, bytes)
        }
    }

    @inline(__always)
    private func transmit(
        _ slot: UnsafeMutablePointer<ConnectionSlot>, _ id: ConnectionID, _ bytes: UnsafeRawBufferPointer
    ) -> SendOutcome {
        guard slot.pointee.outbox == nil else { return self.queue(slot, id, bytes) }
        let count = bellhop_send(slot.pointee.descriptor, bytes.baseAddress, UInt(bytes.count))
        self.tally.sends &+= 1
        if count == bytes.count {
            self.tally.bytesSent &+= UInt64(count)
            return .sent
        }
        if count < 0, errno != EAGAIN, errno != EINTR { return self.broken(id, errno) }
        self.tally.bytesSent &+= UInt64(max(0, count))
        return self.queue(slot, id, UnsafeRawBufferPointer(rebasing: bytes[max(0, count)...]))
    }

    /// - Returns: bytes taken, or the complement of nothing: a negated error number.
    private func sendVectors(_ descriptor: CInt, _ vectors: UnsafeMutableBufferPointer<iovec>) -> Int {
        var message = msghdr()
        message.msg_iov = vectors.baseAddress
        message.msg_iovlen = vectors.count
        let count = sendmsg(descriptor, &message, CInt(MSG_NOSIGNAL) | CInt(MSG_DONTWAIT))
        self.tally.sends &+= 1
        if count < 0 { return errno == EAGAIN || errno == EINTR ? 0 : -Int(errno) }
        self.tally.bytesSent &+= UInt64(count)
        return count
    }

    private func queue(
        _ slot: UnsafeMutablePointer<ConnectionSlot>, _ id: ConnectionID, _ bytes: UnsafeRawBufferPointer
    ) -> SendOutcome {
        guard slot.pointee.state == .open else { return .gone }
        let waiting = slot.pointee.outbox?.pointee.byteCount ?? 0
        if self.tally.outboxBytes >= self.options.outboxBytesTotal { self.closeTheSlowest() }
        guard slot.pointee.state == .open, waiting < self.options.outboxBytes else {
            self.closeAsSlow(slot, id)
            return .gone
        }
        if slot.pointee.outbox == nil {
            let outbox = UnsafeMutablePointer<Outbox>.allocate(capacity: 1)
            outbox.initialize(to: Outbox(now: self.now))
            slot.pointee.outbox = outbox
            self.watchForStall(slot, id)
            slot.pointee.flags.insert(.awaitsDrain)
        }
        slot.pointee.outbox?.pointee.append(bytes)
        self.tally.outboxBytes += bytes.count
        self.updateInterest(slot, id)
        return .queued
    }

    private func closeAsSlow(_ slot: UnsafeMutablePointer<ConnectionSlot>, _ id: ConnectionID) {
        guard slot.pointee.state == .open else { return }
        self.tally.slowConsumers += 1
        // A reset frees the kernel's own queue at once; a peer that does not read would not read a farewell either.
        self.abort(slot)
        self.end(id, .slowConsumer)
    }

    /// The ceiling of all outboxes is reached: whoever fills it most has to go, not whoever comes next.
    private func closeTheSlowest() {
        var slowest: (id: ConnectionID, bytes: Int)?
        for id in self.blocked {
            let bytes = self.queuedBytes(id)
            if self.isOpen(id), bytes > slowest?.bytes ?? 0 { slowest = (id, bytes) }
        }
        if let slowest, let slot = self.slab.live(slowest.id) { self.closeAsSlow(slot, slowest.id) }
    }

    /// Whoever reads nothing at all for the stall time is closed, however little waits for it: its outbox is memory, too.
    private func watchForStall(_ slot: UnsafeMutablePointer<ConnectionSlot>, _ id: ConnectionID) {
        // Once, however often its outbox fills and empties until it is looked at.
        guard !slot.pointee.flags.contains(.watchedForStall) else { return }
        slot.pointee.flags.insert(.watchedForStall)
        if self.blocked.isEmpty { self.schedule(after: 1000) { [unowned self] in self.sweepStalled() } }
        self.blocked.append(id)
    }

    private func sweepStalled() {
        self.blocked.removeAll { id in
            guard let slot = self.slab.live(id) else { return true }
            // The linger time rules a connection whose end was decided.
            guard let outbox = slot.pointee.outbox, slot.pointee.state == .open else {
                slot.pointee.flags.remove(.watchedForStall)
                return true
            }
            guard self.now - outbox.pointee.lastProgress >= self.options.stallMilliseconds else { return false }
            self.closeAsSlow(slot, id)
            return true
        }
        if !self.blocked.isEmpty { self.schedule(after: 1000) { [unowned self] in self.sweepStalled() } }
    }

    /// Bytes that wait for this connection.
    package func queuedBytes(_ id: ConnectionID) -> Int {
        self.slab.live(id)?.pointee.outbox?.pointee.byteCount ?? 0
    }

    /// Whether the connection is still there, however far its end has come.
    package func isKnown(_ id: ConnectionID) -> Bool { self.slab.live(id) != nil }

    /// Whether the connection is still there and takes bytes.
    package func isOpen(_ id: ConnectionID) -> Bool { self.slab.live(id)?.pointee.state == .open }

    // MARK: Events

    func connectionReady(_ id: ConnectionID, _ events: UInt32) {
        guard let slot = self.slab.live(id) else { return }
        if slot.pointee.state == .connecting {
            self.connected(slot, id)
            return
        }
        if events & EPOLLOUT.rawValue != 0 { self.flush(slot, id) }
        let broken = EPOLLERR.rawValue | EPOLLHUP.rawValue
        if events & (EPOLLIN.rawValue | broken) != 0, slot.pointee.state != .closed,
            slot.pointee.generation == id.generation
        {
            if slot.pointee.interest & EPOLLIN.rawValue != 0 {
                self.read(slot, id)
            } else if events & broken != 0 {
                self.end(id, .failed(errno: self.pendingError(slot.pointee.descriptor)))
            }
        }
    }

    private func connected(_ slot: UnsafeMutablePointer<ConnectionSlot>, _ id: ConnectionID) {
        let error = self.pendingError(slot.pointee.descriptor)
        guard error == 0 else {
            self.end(id, .failed(errno: error))
            return
        }
        slot.pointee.state = .open
        self.setDeadline(id, at: nil)
        self.updateInterest(slot, id)
        self.handlers[Int(slot.pointee.handler)].opened(id, peer: nil)
    }

    private func read(_ slot: UnsafeMutablePointer<ConnectionSlot>, _ id: ConnectionID) {
        let count = bellhop_receive(
            slot.pointee.descriptor, self.readBuffer.baseAddress, UInt(self.readBuffer.count))
        if count > 0 {
            self.tally.bytesReceived &+= UInt64(count)
            if slot.pointee.state == .open {
                self.handlers[Int(slot.pointee.handler)].received(
                    id, UnsafeMutableRawBufferPointer(rebasing: self.readBuffer[..<count]))
            } else {
                self.discard(count, slot, id)
            }
        } else if count == 0 {
            self.inputEnded(slot, id)
        } else if errno != EAGAIN, errno != EINTR {
            self.end(id, .failed(errno: errno))
        }
    }

    private func inputEnded(_ slot: UnsafeMutablePointer<ConnectionSlot>, _ id: ConnectionID) {
        slot.pointee.flags.insert(.inputEnded)
        switch slot.pointee.state {
        case .lingering: self.end(id, .closedHere)
        case .open:
            self.handlers[Int(slot.pointee.handler)].inputEnded(id)
            // Who closes now, as most do, is spared a call to the kernel; for the others the end is readable for ever.
            if slot.pointee.state != .closed { self.updateInterest(slot, id) }
        case .finishing: self.updateInterest(slot, id)
        case .free, .connecting, .closed: break
        }
    }

    /// Input after our decision to close is thrown away, but not without end.
    private func discard(_ count: Int, _ slot: UnsafeMutablePointer<ConnectionSlot>, _ id: ConnectionID) {
        slot.pointee.discardedBytes += UInt32(count)
        guard slot.pointee.discardedBytes > Self.mostDiscardedBytes else { return }
        if slot.pointee.state == .finishing {
            // What is queued may still go out; the peer just is not read any more.
            slot.pointee.flags.insert(.inputPaused)
            self.updateInterest(slot, id)
        } else {
            self.abort(slot)
            self.end(id, .lingerTimedOut)
        }
    }

    private static let mostDiscardedBytes: UInt32 = 16 << 20

    private func flush(_ slot: UnsafeMutablePointer<ConnectionSlot>, _ id: ConnectionID) {
        guard let outbox = slot.pointee.outbox else { return }
        let count = outbox.pointee.withVectors { self.sendVectors(slot.pointee.descriptor, $0) }
        guard count >= 0 else {
            _ = self.broken(id, CInt(-count))
            return
        }
        outbox.pointee.consume(count, now: self.now)
        self.tally.outboxBytes -= count
        guard outbox.pointee.isEmpty else { return }
        self.dropOutbox(slot)
        self.updateInterest(slot, id)
        if slot.pointee.state == .finishing {
            self.linger(slot, id)
        } else if slot.pointee.flags.contains(.awaitsDrain) {
            slot.pointee.flags.remove(.awaitsDrain)
            self.handlers[Int(slot.pointee.handler)].drained(id)
        }
    }

    // MARK: Reading less

    /// Stops reading from a connection, so that its sender feels that we do not keep up.
    package func pauseInput(_ id: ConnectionID) {
        guard let slot = self.slab.live(id), slot.pointee.state == .open else { return }
        slot.pointee.flags.insert(.inputPaused)
        self.updateInterest(slot, id)
    }

    /// Reads again.
    package func resumeInput(_ id: ConnectionID) {
        guard let slot = self.slab.live(id), slot.pointee.state == .open else { return }
        slot.pointee.flags.remove(.inputPaused)
        self.updateInterest(slot, id)
    }

    private func updateInterest(_ slot: UnsafeMutablePointer<ConnectionSlot>, _ id: ConnectionID) {
        var interest: UInt32 = 0
        if slot.pointee.flags.isDisjoint(with: [.inputPaused, .inputEnded]) { interest |= EPOLLIN.rawValue }
        if slot.pointee.outbox != nil { interest |= EPOLLOUT.rawValue }
        guard interest != slot.pointee.interest else { return }
        do throws(SystemError) {
            try self.control(EPOLL_CTL_MOD, slot.pointee.descriptor, interest, id.raw)
            slot.pointee.interest = interest
        } catch {
            self.end(id, .failed(errno: error.errno))
        }
    }

    // MARK: Closing

    /// Closes in order: what is queued goes out, our half is closed, and the peer has some time to read it and to close
    /// its half. The handler hears only `closed` from now on.
    package func finish(_ id: ConnectionID) {
        guard let slot = self.slab.live(id) else { return }
        guard slot.pointee.state == .open else {
            if slot.pointee.state == .connecting { self.end(id, .closedHere) }
            return
        }
        slot.pointee.state = .finishing
        slot.pointee.flags.remove(.inputPaused)
        if slot.pointee.outbox == nil {
            self.linger(slot, id)
        } else {
            self.setDeadline(id, at: self.now + self.options.stallMilliseconds)
            self.updateInterest(slot, id)
        }
    }

    /// A long answer to a slow line takes its time; only who takes nothing of it for the stall time is given up.
    func finishingIsOverdue(_ slot: UnsafeMutablePointer<ConnectionSlot>, _ id: ConnectionID) {
        let progress = slot.pointee.outbox?.pointee.lastProgress ?? 0
        guard self.now - progress >= self.options.stallMilliseconds else {
            self.setDeadline(id, at: progress + self.options.stallMilliseconds)
            return
        }
        self.tally.slowCloses += 1
        self.abort(slot)
        self.end(id, .lingerTimedOut)
    }

    /// Closes at once; what is queued is lost, and the peer sees a reset.
    package func drop(_ id: ConnectionID) {
        guard let slot = self.slab.live(id) else { return }
        self.abort(slot)
        self.end(id, .closedHere)
    }

    private func linger(_ slot: UnsafeMutablePointer<ConnectionSlot>, _ id: ConnectionID) {
        guard !slot.pointee.flags.contains(.inputEnded) else {
            self.end(id, .closedHere)
            return
        }
        shutdown(slot.pointee.descriptor, CInt(SHUT_WR))
        slot.pointee.state = .lingering
        self.setDeadline(id, at: self.now + self.options.lingerMilliseconds)
        self.updateInterest(slot, id)
    }

    private func broken(_ id: ConnectionID, _ number: CInt) -> SendOutcome {
        self.end(id, number == EPIPE || number == ECONNRESET ? .closedByPeer : .failed(errno: number))
        return .gone
    }

    /// Makes the following close a reset.
    func abort(_ slot: UnsafeMutablePointer<ConnectionSlot>) {
        var option = Glibc.linger(l_onoff: 1, l_linger: 0)
        setsockopt(slot.pointee.descriptor, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<Glibc.linger>.size))
    }

    /// The one place where a connection ends: descriptor and memory are freed now, the handler is told at the turn's end.
    func end(_ id: ConnectionID, _ reason: CloseReason) {
        guard let slot = self.slab.live(id) else { return }
        if slot.pointee.outbox != nil { self.dropOutbox(slot) }
        bellhop_close(slot.pointee.descriptor)
        slot.pointee.state = .closed
        self.graveyard.append(Ended(id: id, reason: reason))
    }

    private func dropOutbox(_ slot: UnsafeMutablePointer<ConnectionSlot>) {
        guard let outbox = slot.pointee.outbox else { return }
        self.tally.outboxBytes -= outbox.pointee.byteCount
        outbox.deinitialize(count: 1)
        outbox.deallocate()
        slot.pointee.outbox = nil
    }

    private func pendingError(_ descriptor: CInt) -> CInt {
        var error: CInt = 0
        var length = socklen_t(MemoryLayout<CInt>.size)
        getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &error, &length)
        return error
    }
}

extension iovec {
    init(_ bytes: UnsafeRawBufferPointer) {
        self.init(iov_base: UnsafeMutableRawPointer(mutating: bytes.baseAddress), iov_len: bytes.count)
    }
}
