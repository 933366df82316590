/// Bounds on what one client, and all of them together, may make a node hold.
struct NodeLimits: Sendable, Equatable {
    /// `BELLHOP_MAX_CONNECTIONS`: sockets open at once; without it as many as the limit of descriptors leaves room for.
    var connections: Int?
    /// `BELLHOP_MAX_HEADER_BYTES`: request line and header fields together.
    var headerBytes = 16 << 10
    /// `BELLHOP_MAX_BODY_BYTES`: body of a request.
    var bodyBytes = 1 << 20
    /// `BELLHOP_MAX_MESSAGE_BYTES`: WebSocket message after inflating.
    var messageBytes = 128 << 10
    /// `BELLHOP_OUTBOX_BYTES`: bytes queued for one client before it is closed as slow.
    var outboxBytes = 1 << 20
    /// `BELLHOP_OUTBOX_TOTAL_BYTES`: bytes queued for all clients, at least ``outboxBytes``.
    var outboxTotalBytes = 256 << 20
    /// `BELLHOP_HEADER_SECONDS`: from the first byte of a request to the end of its head.
    var headerSeconds = 10
    /// `BELLHOP_BODY_SECONDS`: from the end of the head to the end of the body.
    var bodySeconds = 30
    /// `BELLHOP_IDLE_SECONDS`: between two requests of a connection.
    var idleSeconds = 75
}
