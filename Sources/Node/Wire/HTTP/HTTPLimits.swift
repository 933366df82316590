/// How much of a peer's message is taken before it is refused. All sizes are bytes.
///
/// Time limits belong to whoever owns the clock: `HTTPRequestParser.phase` says which one applies.
package struct HTTPLimits: Sendable, Equatable {
    /// The request line with its line end; a longer one is refused with 414.
    package let requestLine: Int
    /// One field line with its line end; a longer one is refused with 431.
    package let fieldLine: Int
    /// The number of field lines, 1 to 254; more are refused with 431.
    package let fieldCount: Int
    /// Request line and all fields, at most 65,535; more is refused with 431. Trailers have the same limit.
    package let head: Int
    /// The body; a longer one is refused with 413. A route may lower it, see `HTTPRequestParser.limitBody(to:)`.
    package let body: Int
    /// All chunk extensions of one message together.
    package let chunkExtensions: Int

    /// Values outside the documented bounds are a mistake of ours and trap.
    package init(
        requestLine: Int = 8_192, fieldLine: Int = 8_192, fieldCount: Int = 100, head: Int = 32_768,
        body: Int = 1 << 20, chunkExtensions: Int = 1_024
    ) {
        precondition((1...254).contains(fieldCount), "field count outside 1...254")
        precondition((1...65_535).contains(head), "head limit outside 1...65,535")
        precondition(requestLine > 0 && fieldLine > 0 && body >= 0 && chunkExtensions >= 0, "a limit below zero")
        self.requestLine = requestLine
        self.fieldLine = fieldLine
        self.fieldCount = fieldCount
        self.head = head
        self.body = body
        self.chunkExtensions = chunkExtensions
    }
}
