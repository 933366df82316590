internal import Reactor
internal import Wire

extension SessionHost {
    /// What a connection is told for which there is no room: it has not been read, so it is answered blindly.
    static var refusal: [UInt8] {
        var bytes: [UInt8] = []
        var response = HTTPResponse(
            status: .serviceUnavailable, problem: "no room for another connection", closes: true)
        response.setField("Retry-After", "1")
        HTTPResponseWriter(date: nil).append(response, to: &bytes, isHead: false, keepAlive: false)
        return bytes
    }

    /// Closes all sessions of this loop, spread over the time, so that their clients do not all come back elsewhere at once.
    func leave(over milliseconds: UInt64) {
        guard !self.isLeaving, let handler = self.handler else { return }
        self.isLeaving = true
        let ids = self.loop.connections(of: handler)
        let steps = max(1, Int(milliseconds / Self.leavingStepMilliseconds))
        self.farewell(ids, perStep: (ids.count + steps - 1) / steps)
    }

    private static let leavingStepMilliseconds: UInt64 = 50

    private func farewell(_ ids: [ConnectionID], perStep: Int) {
        for id in ids.prefix(perStep) where self.loop.isOpen(id) { self.farewell(id) }
        let rest = Array(ids.dropFirst(perStep))
        guard !rest.isEmpty else { return }
        self.loop.schedule(after: Self.leavingStepMilliseconds) { [unowned self] in
            self.farewell(rest, perStep: perStep)
        }
    }

    private func farewell(_ id: ConnectionID) {
        let session = self.sessions + id.place
        switch session.pointee.stage {
        case .webSocket:
            let endpoint = self.endpoints[Int(session.pointee.endpoint)]
            endpoint.leaving(id)
            self.closeSocket(id, endpoint.terms.goodbye)
        // Whoever is in the middle of a request gets its answer, and with it `Connection: close`.
        case .requests where session.pointee.parser.phase != .idle || session.pointee.isHolding: break
        case .proxyHeader, .requests: self.end(id, session)
        case .awaitingReply, .ending: break
        }
    }
}
