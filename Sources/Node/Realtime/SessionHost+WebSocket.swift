package import Reactor
internal import Shared
package import Wire

extension SessionHost {
    // MARK: Opening

    func upgrade(
        _ id: ConnectionID, _ session: UnsafeMutablePointer<Session>, _ request: HTTPRequest, to endpoint: Int
    ) {
        let behind = self.endpoints[endpoint]
        guard !self.isLeaving else {
            self.write(HTTPResponse(status: .serviceUnavailable, problem: "this node is leaving"), request, id, session)
            return
        }
        let handshake: WebSocketHandshake
        do throws(WebSocketHandshakeError) {
            handshake = try WebSocketHandshake(
                request, policy: WebSocketHandshake.Policy(deflate: behind.terms.deflate))
        } catch {
            self.write(HTTPResponse(error), request, id, session)
            return
        }
        self.emit(id) { handshake.appendResponse(to: &$0) }
        self.statistics.answered(101)
        session.pointee.stage = .webSocket
        session.pointee.endpoint = UInt8(endpoint)
        session.pointee.socket = WebSocketSession(
            deflate: handshake.deflate,
            life: WebSocketConnectionState(role: .server, now: self.loop.now, timings: behind.terms.timings))
        self.awaitPeer(id, session)
        session.pointee.isServed = true
        self.statistics.socketsOpen.add(1)
        // The answer leaves before anything that the endpoint sends.
        _ = self.flushOutput(id)
        behind.opened(id, request: request)
    }

    // MARK: Input

    /// Takes one message or control frame out of the input.
    ///
    /// - Returns: whether to go on.
    func takeFrame(
        _ id: ConnectionID, _ session: UnsafeMutablePointer<Session>, _ input: inout UnsafeMutableRawBufferPointer
    ) -> Bool {
        let endpoint = self.endpoints[Int(session.pointee.endpoint)]
        guard !input.isEmpty else { return false }
        let now = self.loop.now
        let timings = endpoint.terms.timings
        let event: WebSocketEvent?
        do throws(WebSocketError) {
            event = try session.pointee.socket?.reader.next(
                &input, limits: endpoint.terms.limits, inflater: self.compression.inflater)
        } catch {
            self.act(id, session, session.pointee.socket?.life.failed(error, now: now, timings: timings))
            return false
        }
        session.pointee.socket?.life.heard(now: now, timings: timings)
        session.pointee.socket?.noteProgress(due: now + endpoint.terms.messageWithin)
        self.awaitPeer(id, session)
        guard let event else { return false }
        self.statistics.framesReceived.increment()
        // RFC 6455 5.5.1: what follows a close is of no interest to anyone.
        let isOpen = session.pointee.socket?.life.isOpen ?? false
        switch event {
        case .text(let payload): if isOpen { endpoint.received(id, payload, isText: true) }
        case .binary(let payload): if isOpen { endpoint.received(id, payload, isText: false) }
        case .ping(let payload):
            let canSend = self.loop.queuedBytes(id) == 0
            self.act(id, session, session.pointee.socket?.life.pingReceived(payload, canSend: canSend))
        case .pong: break
        case .close(let code, _):
            self.act(id, session, session.pointee.socket?.life.closeReceived(code, now: now, timings: timings))
        }
        return session.pointee.stage == .webSocket
    }

    /// A WebSocket peer that ends its half without a close frame has gone.
    func socketInputEnded(_ id: ConnectionID, _ session: UnsafeMutablePointer<Session>) {
        _ = session.pointee.socket?.life.socketClosed()
        self.end(id, session)
    }

    func socketOverdue(_ id: ConnectionID, _ session: UnsafeMutablePointer<Session>) {
        // We do not read while the peer's own answers wait for it: its silence means nothing.
        guard !session.pointee.isHolding else {
            self.expect(id, session, until: self.loop.now + self.terms.idleMilliseconds)
            return
        }
        let timings = self.endpoints[Int(session.pointee.endpoint)].terms.timings
        let now = self.loop.now
        if session.pointee.socket?.messageDue ?? .max <= now {
            session.pointee.socket?.messageDue = .max
            self.act(id, session, session.pointee.socket?.life.close(.policyViolation, now: now, timings: timings))
        } else {
            self.act(id, session, session.pointee.socket?.life.deadlinePassed(now: now, timings: timings))
        }
        if session.pointee.stage == .webSocket { self.awaitPeer(id, session) }
    }

    /// While we did not read, the time of a message that had begun was not the peer's.
    func socketResumes(_ id: ConnectionID, _ session: UnsafeMutablePointer<Session>) {
        guard session.pointee.stage == .webSocket, session.pointee.socket?.messageDue ?? .max != .max else { return }
        let within = self.endpoints[Int(session.pointee.endpoint)].terms.messageWithin
        session.pointee.socket?.messageDue = self.loop.now + within
        self.awaitPeer(id, session)
    }

    func socketDrained(_ id: ConnectionID, _ session: UnsafeMutablePointer<Session>) {
        self.act(id, session, session.pointee.socket?.life.writable())
    }

    /// Does what the socket's life asks for.
    private func act(
        _ id: ConnectionID, _ session: UnsafeMutablePointer<Session>, _ action: WebSocketConnectionState.Action?
    ) {
        // RFC 6455 5.5.1: nothing is sent after a close frame, so the endpoint parts with the socket now, not when the peer
        // has taken its time to answer.
        if session.pointee.socket?.life.isOpen == false { self.retire(id, session) }
        switch action {
        case nil, .nothing: break
        case .sendPing: self.emit(id) { WebSocketFrame.append(.ping, Self.noBytes, to: &$0) }
        case .sendPong(let payload):
            self.emit(id) { output in payload.withUnsafeBytes { WebSocketFrame.append(.pong, $0, to: &output) } }
        case .sendClose(let code): self.emit(id) { WebSocketFrame.appendClose(code, to: &$0) }
        case .sendCloseAndFinish(let code):
            self.emit(id) { WebSocketFrame.appendClose(code, to: &$0) }
            self.end(id, session)
        case .finish: self.end(id, session)
        case .dropSocket: self.loop.drop(id)
        }
    }

    private static var noBytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: nil, count: 0) }

    private func awaitPeer(_ id: ConnectionID, _ session: UnsafeMutablePointer<Session>) {
        let due = session.pointee.socket?.messageDue ?? .max
        self.expect(id, session, until: min(session.pointee.socket?.life.deadline ?? .max, due))
    }

    // MARK: Sending

    /// Sends one message to one socket.
    package func send(_ payload: UnsafeRawBufferPointer, to id: ConnectionID, isText: Bool) {
        guard self.loop.isOpen(id) else { return }
        let session = self.sessions + id.place
        guard session.pointee.socket?.life.isOpen ?? false else { return }
        let opcode: WebSocketOpcode = isText ? .text : .binary
        let deflateFrom = self.endpoints[Int(session.pointee.endpoint)].terms.deflateFrom
        self.emit(id) { output in
            guard payload.count >= deflateFrom, let socket = session.pointee.socket,
                self.compression.appendFrame(opcode, payload, for: socket, to: &output)
            else { return WebSocketFrame.append(opcode, payload, to: &output) }
        }
        self.statistics.framesSent.increment()
    }

    /// Closes a socket: the peer has some time to answer, then the connection ends.
    package func closeSocket(_ id: ConnectionID, _ code: WebSocketCloseCode) {
        guard self.loop.isOpen(id) else { return }
        let session = self.sessions + id.place
        guard session.pointee.stage == .webSocket else { return }
        let timings = self.endpoints[Int(session.pointee.endpoint)].terms.timings
        self.act(id, session, session.pointee.socket?.life.close(code, now: self.loop.now, timings: timings))
        self.awaitPeer(id, session)
    }

    // MARK: Frames for many

    /// Before many are sent to: who has closed hears nothing more, and answers that are being collected go first.
    func prepareBroadcast() {
        self.tellParted()
        if let digesting = self.digesting { _ = self.flushOutput(digesting) }
    }

    /// Whether data frames may be sent to this socket.
    func takesFrames(_ id: ConnectionID) -> Bool {
        self.loop.isOpen(id) && self.sessions[id.place].socket?.life.isOpen ?? false
    }

    /// Sends whole frames that only this socket gets, behind everything that was sent to it before.
    func sendFrames(_ frames: [UInt8], to id: ConnectionID) {
        guard self.takesFrames(id) else { return }
        if self.digesting == id { _ = self.flushOutput(id) }
        frames.withUnsafeBytes { _ = self.loop.send(id, $0) }
    }

    /// Whether the frames that are compressed once for all suit this socket.
    func sharesDeflatedFrames(_ id: ConnectionID) -> Bool {
        self.sessions[id.place].socket?.sharesDeflatedFrames ?? false
    }

    /// Appends a text message, compressed once for all sockets that share it.
    func appendSharedDeflatedFrame(_ payload: UnsafeRawBufferPointer, to run: inout [UInt8]) {
        guard payload.count >= SharedCompression.smallestPayload else {
            WebSocketFrame.append(.text, payload, to: &run)
            return
        }
        self.compression.appendSharedFrame(.text, payload, to: &run)
    }
}

extension HTTPResponse {
    /// What a client sees whose handshake was refused.
    init(_ error: WebSocketHandshakeError) {
        let (status, field) = error.answer
        self.init(status: HTTPStatus(rawValue: UInt16(status)), problem: "not a WebSocket handshake")
        if let field { self.setField(field.name, field.value) }
    }
}
