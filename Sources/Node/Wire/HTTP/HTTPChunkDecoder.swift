/// Removes the chunked transfer coding (RFC 9112 7.1), strictly: no sign, prefix or blanks around the size, CR LF only.
///
/// Extensions are bounded and ignored. Trailers are checked and bounded like fields and then all dropped
/// (RFC 9110 6.5.1 allows that): so none can change what the head said.
struct HTTPChunkDecoder: Sendable {
    private enum State: Sendable {
        case size(digits: Int, value: Int)
        case sizeExtension(size: Int)
        case sizeLineFeed(size: Int)
        case data(remaining: Int)
        case dataCarriageReturn
        case dataLineFeed
        case trailer
        case finished
    }

    private var state = State.size(digits: 0, value: 0)
    private var extensionBytes = 0
    private var trailerBytes = 0
    private var trailerCount = 0
    private var line: [UInt8] = []

    /// Takes bytes from the front of `input` and appends the decoded ones to `body`.
    ///
    /// - Parameter bodyLimit: what `body` may hold in all; checked with each chunk's size, before its data.
    /// - Returns: whether the body is complete; otherwise `input` is empty.
    mutating func decode(
        _ input: inout UnsafeRawBufferPointer, into body: inout [UInt8], bodyLimit: Int, limits: HTTPLimits
    ) throws(HTTPError) -> Bool {
        while !input.isEmpty {
            if case .data(let remaining) = self.state {
                let count = min(remaining, input.count)
                body.append(contentsOf: UnsafeRawBufferPointer(rebasing: input[..<count]))
                input = UnsafeRawBufferPointer(rebasing: input[count...])
                self.state = count == remaining ? .dataCarriageReturn : .data(remaining: remaining &- count)
                continue
            }
            let byte = input[0]
            input = UnsafeRawBufferPointer(rebasing: input[1...])
            try self.take(byte, room: bodyLimit &- body.count, limits: limits)
            if case .finished = self.state { return true }
        }
        return false
    }

    /// One byte of the framing.
    private mutating func take(_ byte: UInt8, room: Int, limits: HTTPLimits) throws(HTTPError) {
        switch self.state {
        case .size(let digits, let value):
            self.state = try self.takeSize(byte, digits: digits, value: value, room: room)
        case .sizeExtension(let size):
            if byte == .carriageReturn {
                self.state = .sizeLineFeed(size: size)
                return
            }
            self.extensionBytes &+= 1
            guard self.extensionBytes <= limits.chunkExtensions else { throw .chunkExtensionsTooLong }
            guard byte != .lineFeed else { throw .bareLineEnd }
            guard byte == .tab || byte >= .space && byte < 0x7F else { throw .malformedChunk }
        case .sizeLineFeed(let size):
            guard byte == .lineFeed else { throw .bareLineEnd }
            self.state = size == 0 ? .trailer : .data(remaining: size)
        case .dataCarriageReturn:
            guard byte == .carriageReturn else { throw .malformedChunk }
            self.state = .dataLineFeed
        case .dataLineFeed:
            guard byte == .lineFeed else { throw .malformedChunk }
            self.state = .size(digits: 0, value: 0)
        case .trailer:
            try self.takeTrailer(byte, limits: limits)
        case .data, .finished:
            preconditionFailure("no framing byte is due")
        }
    }

    private func takeSize(_ byte: UInt8, digits: Int, value: Int, room: Int) throws(HTTPError) -> State {
        if let digit = byte.hexadecimalValue {
            // Eight digits are 4 GiB, more than any limit; leading zeros count, or a size could be made of them alone.
            guard digits < 8 else { throw .malformedChunk }
            let size = value &<< 4 | Int(digit)
            guard size <= room else { throw .contentTooLarge }
            return .size(digits: digits &+ 1, value: size)
        }
        guard digits > 0 else { throw .malformedChunk }
        switch byte {
        case UInt8(ascii: ";"): return .sizeExtension(size: value)
        case .carriageReturn: return .sizeLineFeed(size: value)
        case .lineFeed: throw .bareLineEnd
        default: throw .malformedChunk
        }
    }

    private mutating func takeTrailer(_ byte: UInt8, limits: HTTPLimits) throws(HTTPError) {
        self.line.append(byte)
        self.trailerBytes &+= 1
        guard self.line.count <= limits.fieldLine else { throw .fieldTooLong }
        guard self.trailerBytes <= limits.head else { throw .headTooLarge }
        guard byte == .lineFeed else { return }
        if self.line.count == 2, self.line[0] == .carriageReturn {
            self.state = .finished
            return
        }
        self.trailerCount &+= 1
        guard self.trailerCount <= limits.fieldCount else { throw .tooManyFields }
        try HTTPChunkDecoder.checkTrailer(self.line)
        self.line.removeAll(keepingCapacity: true)
    }

    private static func checkTrailer(_ line: [UInt8]) throws(HTTPError) {
        try line.withUnsafeBufferPointer { (bytes) throws(HTTPError) in
            guard let base = bytes.baseAddress else { return }
            var next = 0
            _ = try HTTPFieldLine.read(base, from: 0, to: bytes.count, next: &next)
        }
    }
}
