import Glibc

/// Finds the parts of a JSON text without building a tree: places in the bytes, valid by themselves, to be cut out and
/// spliced into another text unchanged.
///
/// The whole text is checked once, as strictly as `JSONValue` checks it; names and strings are unescaped only when asked
/// for and only if they hold escapes. It is good for as long as the bytes it was made from stay in place.
package struct JSONReader {
    /// One member of the outermost object.
    package struct Member {
        /// The name's string.
        package let name: JSONSlice
        package let value: JSONSlice
    }

    // Safety: the caller of `init` keeps the bytes in place for as long as the reader is used.
    private let bytes: UnsafeRawBufferPointer
    /// The outermost value.
    package let root: JSONSlice
    /// Of the outermost object, in their order; none for other values.
    package private(set) var members: [Member] = []
    /// Of the outermost array; none for other values.
    package private(set) var elements: [JSONSlice] = []

    /// Checks all of `bytes` and remembers the parts of the outermost value.
    package init(_ bytes: UnsafeRawBufferPointer, limits: JSONLimits = JSONLimits()) throws(JSONError) {
        self.bytes = bytes
        var scanner = try JSONScanner(bytes, limits: limits)
        var members: [Member] = []
        var elements: [JSONSlice] = []
        self.root = try scanner.document { (scanner) throws(JSONError) in
            let start = try scanner.peek()
            let first = scanner.next - scanner.start
            switch start {
            case UInt8(ascii: "{"):
                members.reserveCapacity(8)
                try scanner.object(depth: 0) { (scanner, name) throws(JSONError) in
                    members.append(Member(name: name, value: try scanner.value(depth: 1)))
                }
                return scanner.slice(.object, from: first)
            case UInt8(ascii: "["):
                try scanner.array(depth: 0) { (scanner) throws(JSONError) in
                    elements.append(try scanner.value(depth: 1))
                }
                return scanner.slice(.array, from: first)
            default:
                return try scanner.value(depth: 0)
            }
        }
        self.members = members
        self.elements = elements
    }

    /// The value under `name` in the outermost object.
    package subscript(name: StaticString) -> JSONSlice? {
        // Safety: a static string is valid for its count, for ever.
        let wanted = UnsafeRawBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount)
        return self.members.first { self.string($0.name, hasBytes: wanted) }?.value
    }

    /// The bytes of a slice of this reader, to be spliced. They are good for as long as the reader is.
    package func bytes(of slice: JSONSlice) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(rebasing: self.bytes[slice.range])
    }

    /// The text of a string; `nil` for other kinds.
    package func text(of slice: JSONSlice) -> String? {
        guard slice.kind == .string, let base = self.bytes.baseAddress else { return nil }
        precondition(slice.end <= self.bytes.count, "a slice belongs to the reader it came from")
        return JSONText.text(of: slice, in: base)
    }

    /// Whether `slice` is a string with exactly these UTF-8 bytes; costs a comparison unless it holds escapes.
    package func isString(_ slice: JSONSlice, _ text: StaticString) -> Bool {
        // Safety: a static string is valid for its count, for ever.
        slice.kind == .string
            && self.string(
                slice, hasBytes: UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    /// The number; `nil` for other kinds.
    package func number(_ slice: JSONSlice) -> JSONNumber? {
        guard slice.kind == .number else { return nil }
        return JSONNumber(unchecked: String(decoding: self.bytes(of: slice), as: UTF8.self))
    }

    /// The truth value; `nil` for other kinds.
    package func bool(_ slice: JSONSlice) -> Bool? {
        guard slice.kind == .bool else { return nil }
        return self.bytes[slice.start] == UInt8(ascii: "t")
    }

    /// Everything in the slice as a tree. What was accepted once fails only by tighter `limits`.
    package func value(
        _ slice: JSONSlice, limits: JSONLimits = JSONLimits(bytes: .max, depth: 512, numberBytes: .max)
    ) throws(JSONError) -> JSONValue {
        try JSONValue(parsing: self.bytes(of: slice), limits: limits)
    }

    /// A reader of what is inside the slice; its own slices count from the start of this one.
    package func inside(
        _ slice: JSONSlice, limits: JSONLimits = JSONLimits(bytes: .max, depth: 512, numberBytes: .max)
    ) throws(JSONError) -> JSONReader {
        try JSONReader(self.bytes(of: slice), limits: limits)
    }

    private func string(_ slice: JSONSlice, hasBytes wanted: UnsafeRawBufferPointer) -> Bool {
        if slice.hasEscapes { return self.text(of: slice).map { $0.utf8.elementsEqual(wanted) } ?? false }
        guard slice.end - slice.start - 2 == wanted.count else { return false }
        guard let wanted = wanted.baseAddress, let base = self.bytes.baseAddress else { return true }
        // Safety: the slice lies inside the bytes, between its quotes there are as many as are wanted.
        return memcmp(base + slice.start + 1, wanted, slice.end - slice.start - 2) == 0
    }
}
