extension HTTPHead {
    /// Reads `method SP origin-form SP HTTP-version CRLF` and returns where the next line begins.
    ///
    /// - Parameter end: where the readable bytes end. A line without LF before it throws.
    @inline(__always)
    mutating func readRequestLine(
        _ bytes: UnsafePointer<UInt8>, from start: Int, to end: Int
    ) throws(HTTPError) -> Int {
        var cursor = start
        while cursor < end, HTTPByteSet.token.contains(bytes[cursor]) { cursor &+= 1 }
        guard cursor &+ 1 < end, cursor > start, bytes[cursor] == .space else { throw .malformedRequestLine }
        self.methodStart = UInt16(truncatingIfNeeded: start)
        self.methodCount = UInt16(truncatingIfNeeded: cursor &- start)
        if cursor &- start == 3, bytes[start] == UInt8(ascii: "G"), bytes[start &+ 1] == UInt8(ascii: "E"),
            bytes[start &+ 2] == UInt8(ascii: "T")
        {
            self.method = .get
        } else {
            self.method = HTTPMethod(bytes: UnsafeRawBufferPointer(start: bytes + start, count: cursor &- start))
        }
        cursor &+= 1
        self.targetStart = UInt16(truncatingIfNeeded: cursor)
        cursor = try self.readTarget(bytes, from: cursor, to: end)
        guard cursor < end, bytes[cursor] == .space else { throw .malformedTarget }
        return try self.readVersion(bytes, from: cursor &+ 1, to: end)
    }

    /// RFC 9112 3.2: an origin form, or `*` for OPTIONS. The other two forms are for proxies.
    @inline(__always)
    private mutating func readTarget(
        _ bytes: UnsafePointer<UInt8>, from start: Int, to end: Int
    ) throws(HTTPError) -> Int {
        guard bytes[start] == UInt8(ascii: "/") else {
            guard bytes[start] != .space else { throw .malformedTarget }
            guard bytes[start] == UInt8(ascii: "*"), self.method == .options else { throw .unsupportedTargetForm }
            self.pathCount = 1
            return start &+ 1
        }
        var cursor = start
        var isSuspicious = false
        while cursor < end {
            let byte = bytes[cursor]
            if HTTPByteSet.path.contains(byte) {
                if byte == UInt8(ascii: "."), bytes[cursor &- 1] == UInt8(ascii: "/") { isSuspicious = true }
                cursor &+= 1
            } else if byte == UInt8(ascii: "%") {
                try HTTPHead.checkEscape(bytes, at: cursor, to: end)
                self.traits.insert(.escapedPath)
                cursor &+= 3
            } else {
                break
            }
        }
        self.pathCount = UInt16(truncatingIfNeeded: cursor &- start)
        if isSuspicious || self.traits.contains(.escapedPath) {
            try HTTPPath.check(UnsafeRawBufferPointer(start: bytes + start, count: cursor &- start))
        }
        guard cursor < end, bytes[cursor] == UInt8(ascii: "?") else { return cursor }
        return try self.readQuery(bytes, from: cursor &+ 1, to: end)
    }

    private mutating func readQuery(
        _ bytes: UnsafePointer<UInt8>, from start: Int, to end: Int
    ) throws(HTTPError) -> Int {
        var cursor = start
        while cursor < end, HTTPByteSet.query.contains(bytes[cursor]) {
            if bytes[cursor] == UInt8(ascii: "%") { try HTTPHead.checkEscape(bytes, at: cursor, to: end) }
            cursor &+= 1
        }
        self.traits.insert(.query)
        self.queryCount = UInt16(truncatingIfNeeded: cursor &- start)
        return cursor
    }

    private static func checkEscape(
        _ bytes: UnsafePointer<UInt8>, at cursor: Int, to end: Int
    ) throws(HTTPError) {
        guard cursor &+ 2 < end, bytes[cursor &+ 1].hexadecimalValue != nil, bytes[cursor &+ 2].hexadecimalValue != nil
        else { throw .malformedTarget }
    }

    @inline(__always)
    private mutating func readVersion(
        _ bytes: UnsafePointer<UInt8>, from start: Int, to end: Int
    ) throws(HTTPError) -> Int {
        guard start &+ 8 <= end else { throw .malformedRequestLine }
        // Safety: the eight bytes lie before `end`.
        let word = UInt64(littleEndian: UnsafeRawPointer(bytes + start).loadUnaligned(as: UInt64.self))
        switch word {
        case 0x312E_312F_5054_5448: self.traits.insert(.version11)  // HTTP/1.1
        case 0x302E_312F_5054_5448: break  // HTTP/1.0
        default:
            let isVersion =
                word & 0x00FF_00FF_FFFF_FFFF == 0x002E_002F_5054_5448  // HTTP/_._
                && bytes[start &+ 5].decimalValue != nil && bytes[start &+ 7].decimalValue != nil
            throw isVersion ? .unsupportedVersion : .malformedRequestLine
        }
        let cursor = start &+ 8
        guard cursor < end, bytes[cursor] == .carriageReturn || bytes[cursor] == .lineFeed else {
            throw .malformedRequestLine
        }
        guard cursor &+ 1 < end, bytes[cursor] == .carriageReturn, bytes[cursor &+ 1] == .lineFeed else {
            throw .bareLineEnd
        }
        return cursor &+ 2
    }
}
