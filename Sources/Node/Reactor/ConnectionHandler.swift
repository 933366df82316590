/// What a protocol does with the connections of a loop. All calls come on the loop's thread, none is re-entrant: a
/// connection that is closed inside a call is reported closed at the end of the turn.
package protocol ConnectionHandler: AnyObject {
    /// A connection was accepted, or one that we asked for is there.
    func opened(_ id: ConnectionID, peer: SocketAddress?)

    /// Bytes came. They lie in the loop's read buffer: the handler may change them in place, and what it needs after the
    /// call it copies.
    func received(_ id: ConnectionID, _ bytes: UnsafeMutableRawBufferPointer)

    /// The peer will send no more; it may still read. Whoever does not answer should close.
    func inputEnded(_ id: ConnectionID)

    /// Everything that was queued has been handed to the kernel.
    func drained(_ id: ConnectionID)

    /// The connection's deadline came.
    func deadlinePassed(_ id: ConnectionID)

    /// The connection is gone. Comes once for each connection that `opened` or `connect` named, and is the last call for it.
    func closed(_ id: ConnectionID, _ reason: CloseReason)

    /// The turn's events are dealt with: the time to send what was collected for many.
    func turnEnded()
}
