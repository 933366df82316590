/// Names one connection of one event loop for as long as the process lives.
///
/// It is the place in the loop's slab plus a generation, so that an id that outlived its connection, or an event that the
/// kernel reported just before the descriptor was closed, never reaches the next owner of the place.
package struct ConnectionID: Hashable, Sendable {
    /// Generation in the upper half, place in the lower; this is also what epoll hands back.
    package let raw: UInt64

    @inline(__always)
    init(raw: UInt64) { self.raw = raw }

    @inline(__always)
    init(generation: UInt32, place: UInt32) { self.raw = UInt64(generation) << 32 | UInt64(place) }

    @inline(__always)
    var generation: UInt32 { UInt32(truncatingIfNeeded: self.raw >> 32) }

    /// Index below the loop's `connectionLimit`; places of closed connections are used again, lowest memory first.
    @inline(__always)
    package var place: Int { Int(UInt32(truncatingIfNeeded: self.raw)) }
}

/// Why a connection ended; the last thing a handler hears of it.
package enum CloseReason: Equatable, Sendable {
    /// We closed it, and everything that was queued had been handed to the kernel.
    case closedHere
    /// We gave up waiting until the peer took what was queued, or acknowledged the end.
    case lingerTimedOut
    /// The peer closed while nothing was left to send.
    case closedByPeer
    /// The connection broke; the kernel's error number.
    case failed(errno: CInt)
    /// The peer read too slowly, and more bytes were queued for it than the bound allows.
    case slowConsumer
    /// The loop stops.
    case loopStopped
}
