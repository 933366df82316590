/// Names one thing of one kind for ever: a UUID that cannot be taken for the id of another kind.
///
/// `Subject` is never made; it only tells kinds apart.
package struct ID<Subject>: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// The UUID's 128 bits, its first digit in the highest.
    package let raw: UInt128

    package init(raw: UInt128) { self.raw = raw }

    /// The id behind the canonical text of a UUID.
    package init?(_ text: some StringProtocol) {
        let parsed = text.utf8.withContiguousStorageIfAvailable { UUIDText.parse(UnsafeRawBufferPointer($0)) }
        guard let value = parsed ?? Array(text.utf8).withUnsafeBytes({ UUIDText.parse($0) }) else { return nil }
        self.raw = value
    }

    /// A new id, version 7 (RFC 9562 5.7): ids of one node sort by the time at which they were made, as far as its wall clock
    /// is right. Nothing is decided by that order; it keeps neighbours in time neighbours in an index.
    package static func new(at now: Timestamp = SystemClock.now) -> ID {
        var random = SystemRandomNumberGenerator()
        let time = UInt128(UInt64(bitPattern: now.milliseconds) & 0xFFFF_FFFF_FFFF) &<< 80
        let variant: UInt128 = 0b10 &<< 62
        let high = UInt128(random.next() & 0xFFF) &<< 64
        let low = UInt128(random.next() & 0x3FFF_FFFF_FFFF_FFFF)
        return ID(raw: time | 0x7 &<< 76 | high | variant | low)
    }

    package static func < (left: ID, right: ID) -> Bool { left.raw < right.raw }

    /// The canonical text, in lower case.
    package var description: String {
        var text: [UInt8] = []
        text.reserveCapacity(UUIDText.count)
        UUIDText.append(self.raw, to: &text)
        return String(decoding: text, as: UTF8.self)
    }
}
