extension JSONText {
    /// Whether every byte stands for itself in a JSON string.
    static func isPlain(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard let start = bytes.baseAddress else { return true }
        let end = start + bytes.count
        return self.afterPlain(from: start, to: end) == end
    }

    /// Appends `text` as a JSON string: plain runs in one piece, only what must be escaped.
    @inline(__always)
    static func append(_ text: String, to bytes: inout [UInt8]) {
        bytes.append(UInt8(ascii: "\""))
        var text = text
        text.withUTF8 { self.appendInside(UnsafeRawBufferPointer($0), to: &bytes) }
        bytes.append(UInt8(ascii: "\""))
    }

    /// Appends UTF-8 as the inside of a JSON string.
    static func appendInside(_ text: UnsafeRawBufferPointer, to bytes: inout [UInt8]) {
        guard var next = text.baseAddress else { return }
        let end = next + text.count
        // Safety: `next` and `special` stay between the start and the end of `text`.
        while true {
            let special = self.afterPlain(from: next, to: end)
            if special > next { bytes.append(contentsOf: UnsafeRawBufferPointer(start: next, count: special - next)) }
            if special == end { return }
            self.appendEscaped(special.load(as: UInt8.self), to: &bytes)
            next = special + 1
        }
    }

    /// RFC 8259 7: a quote, a backslash or a control character.
    private static func appendEscaped(_ byte: UInt8, to bytes: inout [UInt8]) {
        bytes.append(UInt8(ascii: "\\"))
        switch byte {
        case 0x08: bytes.append(UInt8(ascii: "b"))
        case 0x09: bytes.append(UInt8(ascii: "t"))
        case 0x0A: bytes.append(UInt8(ascii: "n"))
        case 0x0C: bytes.append(UInt8(ascii: "f"))
        case 0x0D: bytes.append(UInt8(ascii: "r"))
        case 0x00..<0x20:
            let low = byte & 15
            bytes.append(contentsOf: "u00".utf8)
            bytes.append(UInt8(ascii: "0") + byte >> 4)
            bytes.append(low < 10 ? UInt8(ascii: "0") + low : UInt8(ascii: "a") + low - 10)
        default: bytes.append(byte)
        }
    }

    /// Appends the decimal digits.
    static func append(_ magnitude: UInt64, to bytes: inout [UInt8]) {
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 20) { digits in
            // Safety: the largest number has 20 digits; each place is written before it is read.
            var first = 20
            var rest = magnitude
            repeat {
                first -= 1
                digits[first] = UInt8(ascii: "0") + UInt8(rest % 10)
                rest /= 10
            } while rest > 0
            bytes.append(contentsOf: UnsafeBufferPointer(rebasing: digits[first..<20]))
        }
    }
}
