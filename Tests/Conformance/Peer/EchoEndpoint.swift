import Reactor
import Realtime
import Wire

/// Sends back what it gets.
final class EchoEndpoint: WebSocketEndpoint {
    private(set) var terms: WebSocketTerms
    private unowned let host: SessionHost

    init(host: SessionHost) {
        self.host = host
        var limits = WebSocketLimits()
        limits.frameBytes = 16 << 20
        limits.messageBytes = 16 << 20
        // The published suite sends messages in single bytes and messages of one repeated character.
        limits.fragments = 1 << 20
        limits.inflationRatio = 1100
        self.terms = WebSocketTerms(limits: limits, deflate: PerMessageDeflate.Policy())
        // The suite wants to see even the shortest message compressed, though RFC 7692 leaves it to the sender.
        self.terms.deflateFrom = 0
        // Suites and benchmarks expect nothing that they did not ask for.
        self.terms.timings.pingAfter = nil
    }

    func opened(_ id: ConnectionID, request: HTTPRequest) {}

    func received(_ id: ConnectionID, _ payload: UnsafeRawBufferPointer, isText: Bool) {
        self.host.send(payload, to: id, isText: isText)
    }

    func closed(_ id: ConnectionID) {}

    func turnEnded() {}
}
