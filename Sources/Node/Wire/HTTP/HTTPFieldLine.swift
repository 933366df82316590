/// Where one field's name and trimmed value lie in a head; heads are at most 65,535 bytes.
struct HTTPFieldSpan: Sendable {
    var nameStart: UInt16
    var nameCount: UInt16
    var valueStart: UInt16
    var valueCount: UInt16
}

/// One field line, read in place: the same strict reader for heads, trailers and responses.
enum HTTPFieldLine {
    /// Reads the line that begins at `start`.
    ///
    /// - Parameters:
    ///   - end: where the readable bytes end, at most 65,535.
    ///   - next: set to the byte after the line.
    /// - Throws: what is wrong with the first byte that is wrong. A line that has no LF before `end` throws too.
    @inline(__always)
    static func read(
        _ bytes: UnsafePointer<UInt8>, from start: Int, to end: Int, next: inout Int
    ) throws(HTTPError) -> HTTPFieldSpan {
        var cursor = start
        while cursor < end, HTTPByteSet.token.contains(bytes[cursor]) { cursor &+= 1 }
        // RFC 9112 5.1: no whitespace between name and colon. RFC 9112 5.2: a line that begins with one is a fold.
        guard cursor < end, cursor > start, bytes[cursor] == UInt8(ascii: ":") else {
            throw self.nameFailure(bytes, from: start, at: cursor, to: end)
        }
        let nameCount = cursor &- start
        cursor &+= 1
        while cursor < end, bytes[cursor] == .space || bytes[cursor] == .tab { cursor &+= 1 }
        let valueStart = cursor
        cursor = self.endOfValue(bytes, from: cursor, to: end)
        guard cursor &+ 1 < end, bytes[cursor] == .carriageReturn, bytes[cursor &+ 1] == .lineFeed else {
            throw self.valueFailure(bytes, at: cursor, to: end)
        }
        next = cursor &+ 2
        while cursor > valueStart, bytes[cursor &- 1] == .space || bytes[cursor &- 1] == .tab { cursor &-= 1 }
        return HTTPFieldSpan(
            nameStart: UInt16(truncatingIfNeeded: start), nameCount: UInt16(truncatingIfNeeded: nameCount),
            valueStart: UInt16(truncatingIfNeeded: valueStart),
            valueCount: UInt16(truncatingIfNeeded: cursor &- valueStart))
    }

    /// The first byte that cannot stand in a value (RFC 9110 5.5: controls, but not tab), or `end`.
    @inline(__always)
    private static func endOfValue(_ bytes: UnsafePointer<UInt8>, from start: Int, to end: Int) -> Int {
        var cursor = start
        while true {
            while cursor &+ 8 <= end {
                // Safety: the eight bytes lie before `end`, which the caller vouches for.
                let word = UnsafeRawPointer(bytes + cursor).loadUnaligned(as: UInt64.self)
                let marks = self.controls(in: word)
                if marks != 0 {
                    cursor &+= marks.trailingZeroBitCount &>> 3
                    break
                }
                cursor &+= 8
            }
            while cursor < end, bytes[cursor] >= .space, bytes[cursor] != 0x7F { cursor &+= 1 }
            guard cursor < end, bytes[cursor] == .tab else { return cursor }
            cursor &+= 1
        }
    }

    /// The high bit of each byte below 0x20 or equal to 0x7F; only the lowest mark is exact, and only it is used.
    @inline(__always)
    private static func controls(in word: UInt64) -> UInt64 {
        let ones: UInt64 = 0x0101_0101_0101_0101
        let highs: UInt64 = 0x8080_8080_8080_8080
        let isLow = (word &- (ones &* 0x20)) & ~word
        let delete = word ^ (ones &* 0x7F)
        let isDelete = (delete &- ones) & ~delete
        return (isLow | isDelete) & highs
    }

    private static func nameFailure(
        _ bytes: UnsafePointer<UInt8>, from start: Int, at cursor: Int, to end: Int
    ) -> HTTPError {
        guard cursor < end else { return .malformedField }
        switch bytes[cursor] {
        case .space, .tab: return cursor == start ? .obsoleteFolding : .malformedField
        case .lineFeed, .carriageReturn: return cursor == start ? .bareLineEnd : .malformedField
        default: return .malformedField
        }
    }

    private static func valueFailure(_ bytes: UnsafePointer<UInt8>, at cursor: Int, to end: Int) -> HTTPError {
        guard cursor < end else { return .malformedField }
        return bytes[cursor] == .lineFeed || bytes[cursor] == .carriageReturn ? .bareLineEnd : .malformedField
    }
}
