/// What the parser found.
package enum HTTPRequestEvent: Sendable {
    /// The head of a request that announces a body; `.request` follows with the same head when the body is complete.
    ///
    /// This is the moment to refuse, to lower the body's limit with `limitBody(to:)`, or to answer `100 Continue`.
    case head(HTTPRequest)
    /// A complete request.
    case request(HTTPRequest)
}

/// Turns the bytes of one connection into requests.
///
/// Bytes are pulled from the caller's buffer and never kept while no message is partial: an idle parser is one null
/// pointer. A partial message lives in a box of its own, so a copy of a parser is the same parser: keep one.
/// After an error the connection has to be answered with `HTTPError.response` and closed.
package struct HTTPRequestParser {
    /// What is under way; it decides which deadline applies.
    package enum Phase: Sendable, Equatable {
        /// Between two requests: keep-alive time.
        case idle
        /// Part of a head has arrived.
        case head
        /// The head is complete, the body is not.
        case body
    }

    private var partial: PartialRequest?

    package init() {}

    package var phase: Phase {
        guard let partial = self.partial else { return .idle }
        return partial.request == nil ? .head : .body
    }

    /// Bytes that are held for the partial message, for accounting.
    package var heldBytes: Int { self.partial?.heldBytes ?? 0 }

    /// Takes the next event from the front of `input`.
    ///
    /// - Returns: `nil` when more bytes are needed; then `input` is empty. After a `.request` the bytes that follow it
    ///   stay in `input`: pipelined requests, or another protocol's bytes after an upgrade. Call again until `nil`.
    /// - Throws: the connection's last event.
    package mutating func next(
        _ input: inout UnsafeRawBufferPointer, limits: HTTPLimits
    ) throws(HTTPError) -> HTTPRequestEvent? {
        guard self.partial == nil else { return try self.resume(&input, limits: limits) }
        guard !input.isEmpty else { return nil }
        return try self.begin(&input, limits: limits)
    }

    /// The one request that some bytes are, all of them; `nil` if they are none, or not all, or more.
    package static func whole(_ bytes: [UInt8], limits: HTTPLimits = HTTPLimits()) -> HTTPRequest? {
        bytes.withUnsafeBytes { buffer in
            var parser = HTTPRequestParser()
            var rest = buffer
            while let event = try? parser.next(&rest, limits: limits) {
                if case .request(let request) = event { return rest.isEmpty ? request : nil }
            }
            return nil
        }
    }

    /// Lowers the limit for the body whose head was just returned.
    ///
    /// - Throws: `contentTooLarge` at once when the head announces more.
    package mutating func limitBody(to limit: Int) throws(HTTPError) {
        guard let partial = self.partial, let request = partial.request else { return }
        partial.bodyLimit = min(partial.bodyLimit, limit)
        guard request.head.contentLength <= limit else { throw .contentTooLarge }
    }

    /// Reads a message from its first byte, in place.
    private mutating func begin(
        _ input: inout UnsafeRawBufferPointer, limits: HTTPLimits
    ) throws(HTTPError) -> HTTPRequestEvent? {
        let bytes = input
        var consumed = 0
        let event = try withUnsafeTemporaryAllocation(of: HTTPFieldSpan.self, capacity: limits.fieldCount) {
            (buffer) throws(HTTPError) -> HTTPRequestEvent? in
            guard let base = bytes.baseAddress, let spans = buffer.baseAddress else { return nil }
            // Safety: raw bytes may be read as UInt8; both buffers outlive this closure and nothing keeps the pointers.
            let start = base.assumingMemoryBound(to: UInt8.self)
            var scan = HTTPHeadScan()
            let count = min(bytes.count, limits.head)
            let complete = HTTPRequestParser.endOfLastLine(start, count: count)
            guard try scan.advance(start, count: count, complete: complete, spans: spans, limits: limits) else {
                consumed = count
                self.partial = PartialRequest(scan, bytes: start, count: count, spans: spans, limits: limits)
                return nil
            }
            consumed = scan.position
            let request = HTTPRequest(scan.head, bytes: start, spans: spans)
            guard scan.head.announcesBody else { return .request(request) }
            self.partial = PartialRequest(request, limits: limits)
            return .head(request)
        }
        input = UnsafeRawBufferPointer(rebasing: bytes[consumed...])
        return event
    }

    /// Goes on with a partial message.
    private mutating func resume(
        _ input: inout UnsafeRawBufferPointer, limits: HTTPLimits
    ) throws(HTTPError) -> HTTPRequestEvent? {
        guard let partial = self.partial else { return nil }
        guard partial.request == nil else {
            guard let request = try partial.takeBody(&input) else { return nil }
            self.partial = nil
            return .request(request)
        }
        guard let request = try partial.takeHead(&input) else { return nil }
        guard request.head.announcesBody else {
            self.partial = nil
            return .request(request)
        }
        self.partial = PartialRequest(request, limits: limits)
        return .head(request)
    }

    /// The byte after the last LF; 0 when there is none.
    @inline(__always)
    static func endOfLastLine(_ bytes: UnsafePointer<UInt8>, count: Int) -> Int {
        var end = count
        while end > 0, bytes[end &- 1] != .lineFeed { end &-= 1 }
        return end
    }
}
