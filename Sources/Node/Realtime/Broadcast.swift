package import Reactor
internal import Wire

/// One audience on one loop. Frames are collected in a run while a turn lasts; at its end every listener gets the run in
/// one call to the kernel: with many events in flight that is where nearly all the cost was.
///
/// A frame is built once for all listeners without compression, and once, and only if somebody wants it, for all those
/// with it: without context takeover the compressed bytes are the same for everyone.
package final class Broadcast {
    /// A run is sent early when it is this long, so that a turn's memory and its time stay bounded.
    private static let runBytes = 256 << 10

    // Safety: the host owns its endpoints, and they their broadcasts.
    private unowned(unsafe) let host: SessionHost
    private var plain = Audience()
    private var deflated = Audience()

    private struct Audience {
        var listeners = SubscriberSet()
        var run: [UInt8] = []
    }

    package init(host: SessionHost) { self.host = host }

    package var listenerCount: Int { self.plain.listeners.count + self.deflated.listeners.count }

    package func join(_ id: ConnectionID) {
        // Frames that were published before belong to those who were there before.
        self.flush()
        if self.host.sharesDeflatedFrames(id) {
            self.deflated.listeners.insert(id)
        } else {
            self.plain.listeners.insert(id)
        }
    }

    package func leave(_ id: ConnectionID) {
        if !self.plain.listeners.remove(id) { self.deflated.listeners.remove(id) }
    }

    /// The first listener of whom it holds.
    func first(where holds: (ConnectionID) -> Bool) -> ConnectionID? {
        self.plain.listeners.ids.first(where: holds) ?? self.deflated.listeners.ids.first(where: holds)
    }

    /// Sends a text message, known to be UTF-8, to everyone at the end of the turn.
    package func publish(text payload: UnsafeRawBufferPointer) {
        if self.plain.listeners.count > 0 {
            WebSocketFrame.append(.text, payload, to: &self.plain.run)
        }
        if self.deflated.listeners.count > 0 {
            self.host.appendSharedDeflatedFrame(payload, to: &self.deflated.run)
        }
        if max(self.plain.run.count, self.deflated.run.count) >= Self.runBytes { self.flush() }
    }

    /// Sends what was collected; to be called when the loop's turn ends.
    package func flush() {
        guard !self.plain.run.isEmpty || !self.deflated.run.isEmpty else { return }
        self.host.prepareBroadcast()
        self.send(&self.plain)
        self.send(&self.deflated)
    }

    private func send(_ audience: inout Audience) {
        guard !audience.run.isEmpty else { return }
        audience.listeners.ids.withUnsafeBufferPointer { ids in
            audience.run.withUnsafeBytes { self.host.loop.sendToAll(ids, $0) }
        }
        audience.run.removeAll(keepingCapacity: true)
    }
}
