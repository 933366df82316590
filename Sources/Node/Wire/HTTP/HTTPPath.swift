/// The path of a request target: what makes it safe, and its decoded form.
enum HTTPPath {
    /// Refuses every path that two readers could understand differently, or that leaves its folder.
    ///
    /// RFC 3986 6.2.2.3 would have dot segments removed; browsers do it before they send: whoever sends one means harm.
    static func check(_ path: UnsafeRawBufferPointer) throws(HTTPError) {
        var segmentCount = 0
        var segmentDots = 0
        var cursor = 0
        while cursor < path.count {
            var byte = path[cursor]
            let isEscaped = byte == UInt8(ascii: "%")
            if isEscaped { byte = self.unescape(path, at: cursor) }
            cursor &+= isEscaped ? 3 : 1
            if byte == UInt8(ascii: "/"), !isEscaped {
                guard segmentCount == 0 || segmentDots != segmentCount || segmentCount > 2 else { throw .unsafePath }
                segmentCount = 0
                segmentDots = 0
                continue
            }
            guard byte >= .space, byte != 0x7F, byte != UInt8(ascii: "/"), byte != UInt8(ascii: "\\") else {
                throw .unsafePath
            }
            segmentCount &+= 1
            if byte == UInt8(ascii: ".") { segmentDots &+= 1 }
        }
        guard segmentCount == 0 || segmentDots != segmentCount || segmentCount > 2 else { throw .unsafePath }
        guard String(validating: self.decoded(path), as: UTF8.self) != nil else { throw .unsafePath }
    }

    /// The bytes with every escape replaced; the escapes were checked before.
    static func decoded(_ path: UnsafeRawBufferPointer) -> [UInt8] {
        self.decoded(path, plusIsSpace: false)
    }

    /// The same for a part of a query, where `+` may stand for a space.
    static func decoded(_ text: UnsafeRawBufferPointer, plusIsSpace: Bool) -> [UInt8] {
        var decoded: [UInt8] = []
        decoded.reserveCapacity(text.count)
        var cursor = 0
        while cursor < text.count {
            let byte = text[cursor]
            if byte == UInt8(ascii: "%"), cursor &+ 2 < text.count {
                decoded.append(self.unescape(text, at: cursor))
                cursor &+= 3
            } else {
                decoded.append(plusIsSpace && byte == UInt8(ascii: "+") ? .space : byte)
                cursor &+= 1
            }
        }
        return decoded
    }

    private static func unescape(_ text: UnsafeRawBufferPointer, at cursor: Int) -> UInt8 {
        guard cursor &+ 2 < text.count else { return text[cursor] }
        return (text[cursor &+ 1].hexadecimalValue ?? 0) &<< 4 | (text[cursor &+ 2].hexadecimalValue ?? 0)
    }
}
