internal import Reactor
internal import Shared
internal import Wire

extension SessionHost {
    /// Takes one event out of the input.
    ///
    /// - Returns: whether to go on.
    func takeRequest(
        _ id: ConnectionID, _ session: UnsafeMutablePointer<Session>, _ input: inout UnsafeMutableRawBufferPointer
    ) -> Bool {
        var rest = UnsafeRawBufferPointer(input)
        let event: HTTPRequestEvent?
        do throws(HTTPError) {
            event = try session.pointee.parser.next(&rest, limits: self.terms.http)
        } catch {
            self.refuse(id, session, error)
            return false
        }
        input = UnsafeMutableRawBufferPointer(rebasing: input[(input.count - rest.count)...])
        switch event {
        case .none:
            if session.pointee.parser.phase == .head { self.awaitHead(id, session) }
            return false
        case .head(let head):
            self.welcome(id, session, head)
            return session.pointee.stage == .requests
        case .request(let request):
            self.answer(id, session, request)
            // An empty rest needs no second look, unless the connection changed its protocol.
            return !input.isEmpty
        }
    }

    /// The head's time runs from its first byte, not from its latest.
    private func awaitHead(_ id: ConnectionID, _ session: UnsafeMutablePointer<Session>) {
        let deadline = self.loop.now + self.terms.headMilliseconds
        if session.pointee.deadline > deadline { self.expect(id, session, until: deadline) }
    }

    private func welcome(_ id: ConnectionID, _ session: UnsafeMutablePointer<Session>, _ head: HTTPRequest) {
        session.pointee.requestBegan = self.loop.turnBegan
        switch self.service.welcome(head, in: self.context(session)) {
        case .refused(var response):
            // The body is on its way and is not wanted: the connection cannot be used any further.
            response.closes = true
            self.write(response, head, id, session)
        case .bodyUpTo(let limit):
            do throws(HTTPError) {
                try session.pointee.parser.limitBody(to: limit)
            } catch {
                self.refuse(id, session, error)
                return
            }
            self.expect(id, session, until: self.loop.now + self.terms.bodyMilliseconds)
            if head.expectsContinue { self.emit(id) { HTTPResponseWriter.appendContinue(to: &$0) } }
        }
    }

    private func context(_ session: UnsafeMutablePointer<Session>) -> HTTPContext {
        HTTPContext(loop: self.loop, peer: session.pointee.peer, isSecure: session.pointee.isSecure)
    }

    private func answer(_ id: ConnectionID, _ session: UnsafeMutablePointer<Session>, _ request: HTTPRequest) {
        self.expect(id, session, until: self.loop.now + self.terms.idleMilliseconds)
        session.pointee.requestBegan = self.loop.turnBegan
        switch self.service.answer(request, in: self.context(session)) {
        case .prebuilt(let response):
            let keepAlive = request.keepAlive && !self.isLeaving && session.pointee.keepsAlive
            self.emit(id) {
                self.writer.append(response, to: &$0, isHead: request.method == .head, keepAlive: keepAlive)
            }
            self.answered(session, response.response.status)
            if !keepAlive { self.end(id, session) }
        case .now(let response):
            self.write(response, request, id, session)
        case .later(let start):
            session.pointee.stage = .awaitingReply
            session.pointee.ticket &+= 1
            session.pointee.answersHead = request.method == .head
            session.pointee.keepsAlive = session.pointee.keepsAlive && request.keepAlive
            start(HTTPReply(loop: self.loop.handle, id: id, ticket: session.pointee.ticket))
        case .upgrade(let endpoint):
            self.upgrade(id, session, request, to: endpoint)
        }
    }

    func write(
        _ response: HTTPResponse, _ request: HTTPRequest, _ id: ConnectionID, _ session: UnsafeMutablePointer<Session>
    ) {
        _ = self.write(
            response, isHead: request.method == .head, keepAlive: request.keepAlive && session.pointee.keepsAlive, id,
            session)
    }

    private func write(
        _ response: HTTPResponse, isHead: Bool, keepAlive: Bool, _ id: ConnectionID,
        _ session: UnsafeMutablePointer<Session>
    ) -> Bool {
        let keepAlive = keepAlive && !self.isLeaving && !response.closes
        let hasRoom = self.emit(id) { self.writer.append(response, to: &$0, isHead: isHead, keepAlive: keepAlive) }
        self.answered(session, response.status)
        if !keepAlive { self.end(id, session) }
        return hasRoom
    }

    private func answered(_ session: UnsafeMutablePointer<Session>, _ status: HTTPStatus) {
        self.statistics.answered(status.rawValue)
        self.statistics.requestDuration.observe(SystemClock.monotonicNanoseconds &- session.pointee.requestBegan)
    }

    func refuse(_ id: ConnectionID, _ session: UnsafeMutablePointer<Session>, _ error: HTTPError) {
        self.statistics.malformedRequests.increment()
        self.emit(id) { self.writer.append(error.response, to: &$0, isHead: false, keepAlive: false) }
        self.end(id, session)
    }

    /// An operation has its answer.
    func deliver(_ response: HTTPResponse, to id: ConnectionID, ticket: UInt32) {
        guard self.loop.isOpen(id) else { return }
        let session = self.sessions + id.place
        guard session.pointee.stage == .awaitingReply, session.pointee.ticket == ticket else { return }
        session.pointee.stage = .requests
        self.expect(id, session, until: self.loop.now + self.terms.idleMilliseconds)
        let hasRoom = self.write(
            response, isHead: session.pointee.answersHead, keepAlive: session.pointee.keepsAlive, id, session)
        if hasRoom { self.resume(id, session) }
    }

    // MARK: PROXY protocol

    func takeProxyHeader(
        _ id: ConnectionID, _ session: UnsafeMutablePointer<Session>, _ input: inout UnsafeMutableRawBufferPointer
    ) -> Bool {
        var rest = UnsafeRawBufferPointer(input)
        guard let proxies = self.terms.proxyProtocol, let peer = session.pointee.peer?.ip,
            proxies.trusted.contains(peer)
        else {
            self.end(id, session)
            return false
        }
        var parser = session.pointee.proxyParser ?? ProxyHeaderParser()
        let header: ProxyHeader?
        do throws(ProxyHeaderError) {
            header = try parser.next(&rest)
        } catch {
            // Whoever is no balancer gets no answer: there is no protocol yet in which to give one.
            self.statistics.malformedRequests.increment()
            self.end(id, session)
            return false
        }
        input = UnsafeMutableRawBufferPointer(rebasing: input[(input.count - rest.count)...])
        guard let header else {
            session.pointee.proxyParser = parser
            return false
        }
        session.pointee.proxyParser = nil
        if case .proxied(let source, let port, let isSecure) = header {
            session.pointee.peer = SocketAddress(source.description, port: port)
            session.pointee.isSecure = isSecure
        }
        session.pointee.stage = .requests
        return true
    }
}
