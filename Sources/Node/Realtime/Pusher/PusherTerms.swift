package import Wire

/// What a socket of the Pusher protocol is allowed, and how long it is waited for.
package struct PusherTerms: Sendable {
    /// Seconds without anything from the client after which it is asked whether it is there; clients are told it and ask us
    /// by the same measure.
    package var activitySeconds: UInt64 = 120
    /// Milliseconds in which a client that was asked must say anything; then it is closed with 4201.
    package var pongMilliseconds: UInt64 = 30_000
    /// Channels of one socket.
    package var mostSubscriptions = 100
    /// Seconds that a socket may live without any subscription; `nil` for ever. Then it is closed with 4202.
    package var emptySeconds: UInt32? = 30
    /// Seconds for which a signature may be used, by the wall clocks of the node that signed and of this one.
    package var signatureSeconds: Int64 = 60
    /// Seconds by which those clocks may differ.
    package var clockSkewSeconds: Int64 = 30
    /// Seconds between two ticks for a quiet socket.
    package var tickSeconds: UInt32 = 30
    /// Messages that a client may send at once, beyond what it may send all the time; more than `mostSubscriptions`, because
    /// whoever comes back subscribes to everything at once.
    package var messageBurst: Int32 = 300
    /// Messages that a client may send all the time.
    package var messagesPerSecond: Int32 = 20
    /// Bytes of one message.
    package var messageBytes = 16 << 10
    package var deflate: PerMessageDeflate.Policy? = PerMessageDeflate.Policy()

    package init() {}

    /// For external apps, whose clients choose their channels themselves: the protocol knows no limit, memory does.
    package static var external: PusherTerms {
        var terms = PusherTerms()
        terms.mostSubscriptions = 1_000
        terms.messageBurst = 1_200
        return terms
    }

    var webSocket: WebSocketTerms {
        var limits = WebSocketLimits()
        limits.frameBytes = self.messageBytes
        limits.messageBytes = self.messageBytes
        // The protocol is text.
        limits.acceptsBinary = false
        var terms = WebSocketTerms(limits: limits, deflate: self.deflate)
        terms.timings.pingAfter = self.activitySeconds * 1000
        terms.timings.pongWithin = self.pongMilliseconds
        terms.timings.silenceCode = .pongMissing
        terms.messageWithin = 10_000
        terms.goodbye = .reconnect
        return terms
    }
}
