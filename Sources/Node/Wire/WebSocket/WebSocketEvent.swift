/// One thing that a peer said: a whole message or a control frame.
///
/// The bytes belong to the reader, the inflater or the read buffer: they are valid until the reader's next call.
package enum WebSocketEvent {
    /// A message of valid UTF-8.
    case text(UnsafeRawBufferPointer)
    case binary(UnsafeRawBufferPointer)
    /// To be answered by a pong with the same bytes, at most 125 (RFC 6455 5.5.2).
    case ping(UnsafeRawBufferPointer)
    case pong(UnsafeRawBufferPointer)
    /// The peer's last frame; `noStatus` stands for a close without a code. The reason is valid UTF-8.
    case close(WebSocketCloseCode, reason: UnsafeRawBufferPointer)
}
