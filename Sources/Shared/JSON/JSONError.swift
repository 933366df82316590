/// Why bytes are not the JSON that was asked for, and where.
package struct JSONError: Error, Equatable, Sendable {
    /// Offset of the byte that cannot be, from the start of the bytes; their count if more were needed.
    package let offset: Int
    /// What is wrong there.
    package let reason: Reason

    package init(offset: Int, reason: Reason) {
        self.offset = offset
        self.reason = reason
    }

    /// What can be wrong with a text that should be JSON.
    package enum Reason: Equatable, Sendable {
        case tooLarge(limit: Int)
        case tooDeep(limit: Int)
        case numberTooLong(limit: Int)
        case invalidUTF8
        case unexpectedEnd
        case unexpectedByte(UInt8)
        case controlCharacter
        case invalidEscape
        case loneSurrogate
        case duplicateKey
        case trailingBytes
    }
}

/// The bounds within which foreign JSON is read.
package struct JSONLimits: Equatable, Sendable {
    /// Bytes of the whole text, white space included.
    package var bytes: Int
    /// Arrays and objects inside one another; a lone `[]` has depth 1.
    package var depth: Int
    /// Bytes of one number. Longer ones carry no meaning that we know and make conversions slow.
    package var numberBytes: Int

    /// - Parameter depth: at most 512, because the readers recurse.
    package init(bytes: Int = 1 << 20, depth: Int = 32, numberBytes: Int = 128) {
        precondition(bytes >= 0 && (0...512).contains(depth) && numberBytes >= 1)
        self.bytes = bytes
        self.depth = depth
        self.numberBytes = numberBytes
    }
}
