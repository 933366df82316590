internal import Reactor
internal import Shared
internal import Wire

/// What is due by time. There is no timer per socket: once a second all of them are looked at, which is a walk over an array.
extension PusherEndpoint {
    private static let sweepMilliseconds: UInt64 = 1000
    /// Signatures of before a revocation are too old after this time, whatever the clocks.
    private var revocationMilliseconds: UInt64 {
        UInt64(self.service.terms.signatureSeconds + 2 * self.service.terms.clockSkewSeconds) * 1000
    }

    /// Sees to it that there is a next look, as long as there is anything to look at.
    func scheduleSweep() {
        guard !self.isSweeping else { return }
        self.isSweeping = true
        self.host.loop.schedule(after: Self.sweepMilliseconds) { [weak self] in self?.sweep() }
    }

    private func sweep() {
        self.isSweeping = false
        let second = self.second
        var isFlushed = false
        for place in self.seats.places.indices {
            guard let seat = self.seats.places[place], !seat.isEnding else { continue }
            if seat.expires <= second { self.lookAtExpiry(seat, second) }
            if let most = self.service.terms.emptySeconds, second >= seat.emptySince &+ most,
                !self.hub.hasSubscriptions(seat.id)
            {
                self.metrics.empty.increment()
                self.end(seat.id, .inactive, "This connection has no subscription")
            }
            if seat.takesTicks, (second &+ UInt32(truncatingIfNeeded: place)) % self.service.terms.tickSeconds == 0 {
                // A tick says that everything before it has been told.
                if !isFlushed { self.hub.turnEnded() }
                isFlushed = true
                self.tick(seat.id)
            }
        }
        if self.forgetRevocations() || self.seats.count > 0 { self.scheduleSweep() }
    }

    /// Lets go of what no signature can be older than any more.
    ///
    /// - Returns: whether something is left.
    private func forgetRevocations() -> Bool {
        let oldest = self.now - min(self.now, self.revocationMilliseconds)
        func forget<Key>(_ times: inout [Key: UInt64]) -> Bool {
            if times.values.contains(where: { $0 < oldest }) { times = times.filter { $0.value >= oldest } }
            return !times.isEmpty
        }
        let (users, sessions) = (forget(&self.revokedUsers), forget(&self.revokedSessions))
        return forget(&self.revokedTenants) || users || sessions
    }

    /// Something may have expired; it may also have been renewed, or have ended.
    private func lookAtExpiry(_ seat: PusherSeat, _ second: UInt32) {
        let expires = self.leastExpiry(of: seat.id) ?? .max
        self.seats.change(seat.id) { $0.expires = expires }
        guard expires <= second else { return }
        self.metrics.expired.increment()
        self.end(seat.id, .reconnect, "The authorisation has expired")
    }

    /// Tells a socket how far its streams have come, if it has heard nothing since it was looked at last.
    private func tick(_ id: ConnectionID) {
        guard let streams = self.hub.listening(id) else { return }
        var (heard, told): (Int64, Int64) = (0, 0)
        for stream in streams {
            heard &+= stream.heard
            told &+= stream.position
        }
        let (heardMark, toldMark) = (UInt32(truncatingIfNeeded: heard), UInt32(truncatingIfNeeded: told))
        guard let seat = self.seats[id], seat.ticked != toldMark || seat.heard != heardMark else { return }
        let isQuiet = seat.heard == heardMark
        self.seats.change(id) { seat in
            seat.heard = heardMark
            if isQuiet { seat.ticked = toldMark }
        }
        guard isQuiet else { return }
        for stream in streams where stream.position > stream.heard {
            self.say(PusherMessage.tick(stream: Self.name(of: stream.stream), seq: stream.position), to: id)
        }
    }

    private static func name(of stream: EventStream) -> String {
        switch stream {
        case .system: "system"
        case .tenant(let id): id.description
        }
    }
}
