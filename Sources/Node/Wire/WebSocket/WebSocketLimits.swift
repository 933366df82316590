/// What one peer may ask of us while it sends; passing any bound fails the connection with the error's close code.
package struct WebSocketLimits: Equatable, Sendable {
    /// Payload bytes of one data frame as it is on the wire; checked when its header is read.
    package var frameBytes = 1 << 20
    /// Bytes of one message, after inflating.
    package var messageBytes = 1 << 20
    /// Frames of one message.
    package var fragments = 4096
    /// How many bytes one compressed byte may become, asked once a message inflates beyond `ratioFreeBytes`.
    /// Deflate itself ends at 1032.
    package var inflationRatio = 200
    /// Whether binary messages are accepted; otherwise they end the connection with 1003.
    package var acceptsBinary = true

    /// Inflated bytes up to which no ratio is asked: short repetitive texts compress very well.
    package static let ratioFreeBytes = 1 << 20

    package init() {}

    /// Bytes of one message on the wire: deflate adds a few bytes to what it cannot compress, five per stored block,
    /// and a small compressor makes small blocks.
    func wireBytes(isCompressed: Bool) -> Int {
        guard isCompressed else { return self.messageBytes }
        let (sum, overflow) = self.messageBytes.addingReportingOverflow(self.messageBytes / 16 + 64)
        return overflow ? Int.max : sum
    }
}
