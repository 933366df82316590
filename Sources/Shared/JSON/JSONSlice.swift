/// What a JSON value is, told by its first byte.
package enum JSONKind: Equatable, Sendable {
    case null, bool, number, string, array, object
}

/// The place of one value in the bytes that it was read from: valid JSON by itself, fit to be spliced unchanged.
package struct JSONSlice: Equatable, Sendable {
    /// What the value is.
    package let kind: JSONKind
    /// True for a string whose bytes between the quotes are not yet its text.
    package let hasEscapes: Bool
    /// Offset of the first byte; for a string that is its opening quote.
    package let start: Int
    /// Offset after the last byte.
    package let end: Int

    /// The offsets of the value's bytes.
    package var range: Range<Int> { self.start..<self.end }
}
