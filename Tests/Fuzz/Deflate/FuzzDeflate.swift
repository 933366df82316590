import Wire

/// Inflates arbitrary bytes within bounds that they must never pass, and gives back what was deflated.
@c(LLVMFuzzerTestOneInput)
public func fuzzOne(_ data: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let input = UnsafeRawBufferPointer(start: data, count: count)
    guard count > 2 else { return 0 }
    let bytes = UnsafeRawBufferPointer(rebasing: input[2...])
    let bounds = Inflater.Bounds(
        bytes: Int(input[0]) << 6, ratio: 1 + Int(input[1]), ratioFreeBytes: input[1] & 1 == 0 ? 0 : 1024)
    let inflater = Inflater(windowBits: 9 + Int(input[1] >> 2 & 7) % 7)
    for _ in 1...2 { inflate(bytes, with: inflater, within: bounds, keepingContext: input[1] & 2 != 0) }
    roundTrip(bytes, windowBits: 9 + Int(input[0] % 7), level: 1 + Int(input[1] % 9))
    return 0
}

private func inflate(
    _ bytes: UnsafeRawBufferPointer, with inflater: Inflater, within bounds: Inflater.Bounds, keepingContext: Bool
) {
    do throws(InflateError) {
        let output = try inflater.inflate(bytes, keepingContext: keepingContext, within: bounds)
        precondition(output.count <= bounds.bytes, "more bytes than allowed")
        precondition(
            output.count <= max(bounds.ratioFreeBytes, bytes.count * bounds.ratio), "a larger ratio than allowed")
    } catch {
        switch error {
        case .corrupt: break
        case .tooLarge(let limit): precondition(limit == bounds.bytes)
        case .ratioTooLarge(let ratio): precondition(ratio == bounds.ratio)
        }
    }
}

private func roundTrip(_ bytes: UnsafeRawBufferPointer, windowBits: Int, level: Int) {
    let deflater = Deflater(.init(windowBits: windowBits, level: level, memoryLevel: level))
    let reader = Inflater(windowBits: windowBits)
    for _ in 1...2 {
        var payload: [UInt8] = []
        deflater.deflate(bytes, keepingContext: false, to: &payload)
        let isSame = payload.withUnsafeBytes { payload in
            let output = try? reader.inflate(payload, keepingContext: false, within: .init(bytes: bytes.count))
            return output.map { $0.elementsEqual(bytes) } ?? false
        }
        precondition(isSame, "what was deflated did not come back")
    }
    let packed = gzip(bytes, level: level)
    precondition(packed.count >= 18, "a gzip member is at least its header and trailer")
}
