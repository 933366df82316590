/// Takes numbers and runs off the front of bytes that nobody has checked: every step says whether there was enough.
///
/// Numbers are big-endian. Nothing is copied; the bytes are valid as long as the caller's.
struct HintBytes {
    private(set) var rest: UnsafeRawBufferPointer

    init(_ bytes: UnsafeRawBufferPointer) { self.rest = bytes }

    mutating func take<Number: FixedWidthInteger & BitwiseCopyable>(
        _ type: Number.Type = Number.self
    ) throws(HintError) -> Number {
        let bytes = try self.take(bytes: MemoryLayout<Number>.size)
        // Safety: `take(bytes:)` gave exactly as many as the number has.
        return Number(bigEndian: bytes.loadUnaligned(as: Number.self))
    }

    mutating func take(bytes count: Int) throws(HintError) -> UnsafeRawBufferPointer {
        guard count >= 0, count <= self.rest.count else { throw .cut }
        let taken = UnsafeRawBufferPointer(rebasing: self.rest[..<count])
        self.rest = UnsafeRawBufferPointer(rebasing: self.rest[count...])
        return taken
    }

    mutating func take(text count: Int) throws(HintError) -> String {
        guard let text = String(validating: try self.take(bytes: count), as: UTF8.self) else { throw .malformed }
        return text
    }

    func mustBeEmpty() throws(HintError) {
        guard self.rest.isEmpty else { throw .trailingBytes }
    }
}

extension [UInt8] {
    mutating func append<Number: FixedWidthInteger & BitwiseCopyable>(bigEndian number: Number) {
        Swift.withUnsafeBytes(of: number.bigEndian) { self.append(contentsOf: $0) }
    }
}
