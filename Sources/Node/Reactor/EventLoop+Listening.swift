internal import CLinux
internal import Glibc
package import Shared

/// A socket on which a loop accepts connections.
struct Listener {
    var descriptor: CInt
    let handler: UInt8
    /// What a connection is told that cannot be taken.
    let refusal: [UInt8]
}

/// Names a listener of one loop.
package struct ListenerID: Sendable {
    let index: Int
    /// Where it listens; the port that the kernel chose, if it was asked to.
    package let address: SocketAddress
}

extension EventLoop {
    /// Listens at an address that other loops and processes of this user may share: the kernel spreads the connections.
    ///
    /// - Parameter refusal: sent to connections that cannot be taken because descriptors or places have run out.
    package func listen(
        at address: SocketAddress, handler: HandlerID, refusal: [UInt8] = [], backlog: CInt = 4096
    ) throws(SystemError) -> ListenerID {
        let socket = try Descriptor.listening(
            at: address, backlog: backlog, liveness: self.options.liveness, sharesPort: true)
        let bound = socket.localAddress ?? address
        try self.control(EPOLL_CTL_ADD, socket.raw, EPOLLIN.rawValue, UInt64(self.listeners.count))
        self.listeners.append(Listener(descriptor: socket.release(), handler: handler.index, refusal: refusal))
        return ListenerID(index: self.listeners.count - 1, address: bound)
    }

    /// Fails if somebody listens there already: sharing a port is for the loops of one node, and a second node that took
    /// half of the first one's clients by mistake would be hard to find.
    package static func claim(_ address: SocketAddress) throws(SystemError) {
        let probe = try Descriptor.stream(address.family)
        try probe.set(SOL_SOCKET, SO_REUSEADDR, 1)
        try systemCall("bind") { address.withSocketAddress { bind(probe.raw, $0, $1) } }
        try systemCall("listen") { Glibc.listen(probe.raw, 1) }
    }

    /// Takes in who is already waiting, then listens no more.
    package func stopListening(_ listener: ListenerID) {
        guard self.listeners[listener.index].descriptor >= 0 else { return }
        while self.accept(listener.index) {}
        Glibc.close(self.listeners[listener.index].descriptor)
        self.listeners[listener.index].descriptor = -1
    }

    /// - Returns: whether more may be waiting.
    @discardableResult
    func accept(_ index: Int) -> Bool {
        let listener = self.listeners[index]
        guard listener.descriptor >= 0 else { return false }
        for _ in 0..<self.options.acceptsPerTurn {
            var storage = sockaddr_storage()
            var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
            // Safety: the storage is large enough for every address family.
            let descriptor = bellhop_accept(listener.descriptor, &storage, &length)
            if descriptor < 0 {
                guard self.acceptFailed(errno, listener, index) else { return false }
                continue
            }
            self.take(descriptor, listener, SocketAddress(storage))
        }
        return true
    }

    private func take(_ descriptor: CInt, _ listener: Listener, _ peer: SocketAddress?) {
        guard let id = self.admit(descriptor, handler: listener.handler, state: .open, events: EPOLLIN.rawValue) else {
            self.refuse(descriptor, listener)
            return
        }
        self.tally.accepted += 1
        self.handlers[Int(listener.handler)].opened(id, peer: peer)
    }

    /// Gives a descriptor a place and has it watched; `nil` if there is no place. The descriptor stays the caller's then.
    func admit(
        _ descriptor: CInt, handler: UInt8, state: ConnectionSlot.State, events: UInt32
    ) -> ConnectionID? {
        let budget = self.budgets[Int(handler)]
        guard budget.claim() else { return nil }
        guard let id = self.slab.claim(descriptor: descriptor, handler: handler, state: state) else {
            budget.release()
            return nil
        }
        do throws(SystemError) {
            try self.control(EPOLL_CTL_ADD, descriptor, events, id.raw)
        } catch {
            self.slab.release(id.place)
            budget.release()
            return nil
        }
        self.slab.slots[id.place].interest = events
        return id
    }

    /// - Returns: whether accepting goes on in this turn.
    private func acceptFailed(_ number: CInt, _ listener: Listener, _ index: Int) -> Bool {
        switch number {
        case EAGAIN: return false
        // accept(2): these belong to the connection that was about to be accepted; the next may be fine.
        case ECONNABORTED, EINTR, EPROTO, ENETDOWN, ENOPROTOOPT, EHOSTDOWN, ENONET, EHOSTUNREACH, EOPNOTSUPP,
            ENETUNREACH:
            self.tally.acceptErrors += 1
            return true
        case EMFILE, ENFILE:
            switch self.refuseWithSpare(listener) {
            case .refused:
                self.tally.acceptErrors += 1
                return true
            // Without a free descriptor the kernel says so before it looks whether anyone waits.
            case .nobodyWaits: return false
            case .noSpare:
                self.tally.acceptErrors += 1
                self.pause(index)
                return false
            }
        default:
            self.tally.acceptErrors += 1
            self.pause(index)
            return false
        }
    }

    /// Descriptors have run out: the spare one makes room to take a connection from the queue and turn it away. Without
    /// that, the waiting connection would keep the listener readable and the loop spinning.
    private func refuseWithSpare(_ listener: Listener) -> RefusalOutcome {
        guard self.spareDescriptor >= 0 else {
            self.spareDescriptor = open("/dev/null", O_RDONLY | O_CLOEXEC)
            return .noSpare
        }
        Glibc.close(self.spareDescriptor)
        let descriptor = bellhop_accept(listener.descriptor, nil, nil)
        let number = errno
        if descriptor >= 0 { self.refuse(descriptor, listener) }
        self.spareDescriptor = open("/dev/null", O_RDONLY | O_CLOEXEC)
        if descriptor >= 0 { return .refused }
        return number == EAGAIN ? .nobodyWaits : .noSpare
    }

    private enum RefusalOutcome {
        case refused, nobodyWaits
        /// Another thread or process took the descriptor that was freed for a moment.
        case noSpare
    }

    private func refuse(_ descriptor: CInt, _ listener: Listener) {
        self.tally.refused += 1
        _ = listener.refusal.withUnsafeBytes { bellhop_send(descriptor, $0.baseAddress, UInt($0.count)) }
        shutdown(descriptor, CInt(SHUT_WR))
        // What the peer has sent is taken out, else closing would reset the connection and the refusal would be lost.
        _ = bellhop_receive(descriptor, self.readBuffer.baseAddress, UInt(self.readBuffer.count))
        bellhop_close(descriptor)
    }

    /// Lets the queue of a listener wait for a moment: something is short, and asking again at once would only burn time.
    private func pause(_ index: Int) {
        let descriptor = self.listeners[index].descriptor
        try? self.control(EPOLL_CTL_MOD, descriptor, 0, UInt64(index))
        self.schedule(after: 50) { [unowned self] in
            guard self.listeners[index].descriptor >= 0 else { return }
            try? self.control(EPOLL_CTL_MOD, descriptor, EPOLLIN.rawValue, UInt64(index))
        }
    }

    /// Connects to an address; the handler hears `opened`, or `closed` with the reason.
    ///
    /// - Parameters:
    ///   - source: the local address to come from; its port 0 lets the kernel choose.
    ///   - milliseconds: how long it may take.
    package func connect(
        to address: SocketAddress, from source: SocketAddress? = nil, handler: HandlerID, within milliseconds: UInt64
    ) throws(SystemError) -> ConnectionID {
        let socket = try Descriptor.stream(address.family)
        try socket.setUpStream(self.options.liveness)
        if let source {
            // The port is then chosen at `connect`, when the whole four-tuple is known: far more ports to choose from.
            try socket.set(CInt(IPPROTO_IP), IP_BIND_ADDRESS_NO_PORT, 1)
            try systemCall("bind") { source.withSocketAddress { bind(socket.raw, $0, $1) } }
        }
        let result = address.withSocketAddress { Glibc.connect(socket.raw, $0, $1) }
        if result != 0, errno != EINPROGRESS { throw SystemError("connect") }
        let descriptor = socket.release()
        guard
            let id = self.admit(descriptor, handler: handler.index, state: .connecting, events: EPOLLOUT.rawValue)
        else {
            Glibc.close(descriptor)
            throw SystemError("connect", errno: EMFILE)
        }
        self.setDeadline(id, at: self.now + milliseconds)
        return id
    }
}
