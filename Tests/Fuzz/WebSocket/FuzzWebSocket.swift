import Wire

/// What a reader said, with the bytes that it lent out.
private struct Heard: Equatable {
    var events: [[UInt8]] = []
    var error: WebSocketError?
    var isIdle = true

    mutating func add(_ event: WebSocketEvent) {
        switch event {
        case .text(let bytes): self.events.append([1] + bytes)
        case .binary(let bytes): self.events.append([2] + bytes)
        case .ping(let bytes): self.events.append([9] + bytes)
        case .pong(let bytes): self.events.append([10] + bytes)
        case .close(let code, let reason):
            self.events.append([8, UInt8(code.rawValue >> 8), UInt8(code.rawValue & 0xFF)] + reason)
        }
    }
}

/// What the first three bytes of an input choose: the reader, its limits and how the rest is cut.
private struct Plan {
    static let headerBytes = 3

    var role: WebSocketRole
    var deflate: PerMessageDeflate?
    var limits = WebSocketLimits()
    private var cuts: UInt32

    init(_ header: UnsafeBufferPointer<UInt8>) {
        self.role = header[0] & 1 == 0 ? .server : .client
        let direction = PerMessageDeflate.Direction(
            keepsContext: header[0] & 4 != 0, windowBits: 8 + Int(header[0] >> 5))
        self.deflate = header[0] & 2 == 0 ? nil : PerMessageDeflate(server: direction, client: direction)
        self.limits.acceptsBinary = header[0] & 8 == 0
        if header[0] & 16 != 0 {
            self.limits.frameBytes = 40
            self.limits.messageBytes = 60
            self.limits.fragments = 3
        }
        self.limits.inflationRatio = 20
        self.cuts = UInt32(header[1]) << 8 | UInt32(header[2])
    }

    /// The size of the next piece: many small ones, some larger.
    mutating func nextPiece() -> Int {
        self.cuts = self.cuts &* 1_664_525 &+ 1_013_904_223
        return self.cuts >> 28 == 0 ? 200 : 1 + Int(self.cuts >> 29)
    }

    func read(_ pieces: [[UInt8]]) -> Heard {
        var heard = Heard()
        var reader = WebSocketReader(role: self.role, deflate: self.deflate)
        let inflater = self.deflate.map { _ in Inflater() }
        for piece in pieces {
            // Memory of exactly this size, so that AddressSanitizer sees the first byte beyond it.
            let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: piece.count, alignment: 1)
            defer { memory.deallocate() }
            memory.copyBytes(from: piece)
            var input = memory
            do throws(WebSocketError) {
                while let event = try reader.next(&input, limits: self.limits, inflater: inflater) { heard.add(event) }
            } catch {
                precondition(heard.error == nil, "a reader failed twice")
                heard.error = error
            }
            precondition(input.isEmpty, "a reader left bytes")
        }
        heard.isIdle = reader.isIdle
        return heard
    }
}

/// Reads the same bytes at once and in pieces: both must say the same, and keep to the limits.
@c(LLVMFuzzerTestOneInput)
public func fuzzOne(_ data: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let input = UnsafeBufferPointer(start: data, count: count)
    guard count > Plan.headerBytes else { return 0 }
    var plan = Plan(input)
    var rest = input.dropFirst(Plan.headerBytes)
    let whole = plan.read([Array(rest)])
    var pieces: [[UInt8]] = []
    while !rest.isEmpty {
        pieces.append(Array(rest.prefix(plan.nextPiece())))
        rest = rest.dropFirst(pieces[pieces.count - 1].count)
    }
    let split = plan.read(pieces)
    precondition(whole == split, "a cut changed what was read")
    for event in whole.events {
        precondition(event.count - 1 <= max(plan.limits.messageBytes, 125), "a message beyond its limit")
    }
    return 0
}
