/// The message that a parser is in the middle of; it exists only as long as that.
final class PartialRequest {
    /// The complete head; `nil` while it is still arriving.
    let request: HTTPRequest?
    var bodyLimit: Int
    /// The limits with which the message began: `spans` has room for their count of fields.
    private let limits: HTTPLimits
    private var scan: HTTPHeadScan
    private var bytes: [UInt8]
    private var spans: [HTTPFieldSpan]
    private var body: [UInt8] = []
    private var chunks: HTTPChunkDecoder?

    /// A head that is not complete: `scan` has seen the `count` bytes.
    init(
        _ scan: HTTPHeadScan, bytes: UnsafePointer<UInt8>, count: Int, spans: UnsafePointer<HTTPFieldSpan>,
        limits: HTTPLimits
    ) {
        self.request = nil
        self.bodyLimit = limits.body
        self.limits = limits
        self.scan = scan
        self.bytes = [UInt8](UnsafeBufferPointer(start: bytes, count: count))
        // All of them, known or not yet known: the unknown ones are written before they are read.
        self.spans = [HTTPFieldSpan](UnsafeBufferPointer(start: spans, count: limits.fieldCount))
    }

    /// A complete head whose body is due.
    init(_ request: HTTPRequest, limits: HTTPLimits) {
        self.request = request
        self.bodyLimit = limits.body
        self.limits = limits
        self.scan = HTTPHeadScan()
        self.bytes = []
        self.spans = []
        self.chunks = request.head.traits.contains(.chunked) ? HTTPChunkDecoder() : nil
    }

    var heldBytes: Int {
        self.bytes.count &+ self.body.count &+ (self.request?.storage.count ?? 0)
    }

    /// Adds bytes to the head; returns it when it is complete, and leaves in `input` what follows it.
    ///
    /// Each byte is searched once for its LF and each line is read once, however small the pieces are.
    func takeHead(_ input: inout UnsafeRawBufferPointer) throws(HTTPError) -> HTTPRequest? {
        let known = self.bytes.count
        let taken = min(input.count, self.limits.head &- known)
        self.bytes.append(contentsOf: UnsafeRawBufferPointer(rebasing: input[..<taken]))
        let request = try self.scanHead(known: known)
        let consumed = request == nil ? taken : self.scan.position &- known
        input = UnsafeRawBufferPointer(rebasing: input[consumed...])
        return request
    }

    private func scanHead(known: Int) throws(HTTPError) -> HTTPRequest? {
        try self.bytes.withUnsafeBufferPointer { (bytes) throws(HTTPError) -> HTTPRequest? in
            try self.spans.withUnsafeMutableBufferPointer { (spans) throws(HTTPError) -> HTTPRequest? in
                guard let base = bytes.baseAddress, let room = spans.baseAddress else { return nil }
                let lastLineEnd = bytes[known...].lastIndex(of: .lineFeed)
                let complete = lastLineEnd.map { $0 &+ 1 } ?? self.scan.position
                let isComplete = try self.scan.advance(
                    base, count: bytes.count, complete: complete, spans: room, limits: self.limits)
                return isComplete ? HTTPRequest(self.scan.head, bytes: base, spans: room) : nil
            }
        }
    }

    /// Adds bytes to the body; returns the whole request when it is complete.
    func takeBody(_ input: inout UnsafeRawBufferPointer) throws(HTTPError) -> HTTPRequest? {
        guard var request = self.request else { return nil }
        if self.chunks != nil {
            let isComplete = try self.chunks?.decode(
                &input, into: &self.body, bodyLimit: self.bodyLimit, limits: self.limits)
            guard isComplete == true else { return nil }
        } else {
            let missing = UnsafeRawBufferPointer(rebasing: input.prefix(request.head.contentLength &- self.body.count))
            // Memory is taken for bytes that came, not for bytes that were promised.
            self.body.append(contentsOf: missing)
            input = UnsafeRawBufferPointer(rebasing: input[missing.count...])
            guard self.body.count == request.head.contentLength else { return nil }
        }
        request.body = self.body
        return request
    }
}
