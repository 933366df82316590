extension HTTPRequest {
    /// The value of a field, without a search; of a field that came more than once, the first.
    ///
    /// Bytes that are not UTF-8 are replaced.
    package func value(_ name: HTTPFieldName) -> String? {
        self.withValue(name) { value in value.map { String(decoding: $0, as: UTF8.self) } }
    }

    /// The value of any field, by a search that ignores case; of several, the first.
    package func value(named name: String) -> String? {
        for position in 0..<self.head.fieldCount {
            let span = self.span(position)
            let isMatch = self.withName(span) { bytes in
                bytes.count == name.utf8.count && zip(bytes, name.utf8).allSatisfy { $0.lowercased == $1.lowercased }
            }
            if isMatch { return self.string(from: Int(span.valueStart), count: Int(span.valueCount)) }
        }
        return nil
    }

    /// Whether the field is there at all.
    package func contains(_ name: HTTPFieldName) -> Bool {
        self.head.index[Int(name.rawValue)] != 0
    }

    /// The items of a list field over all its lines (RFC 9110 5.3), in their order, without empty ones.
    package func list(_ name: HTTPFieldName) -> [String] {
        var items: [String] = []
        self.forEachValue(name) { value in
            value.forEachListItem { items.append(String(decoding: $0, as: UTF8.self)) }
        }
        return items
    }

    /// All fields in their order, with the names as they were sent.
    package var fields: [(name: String, value: String)] {
        (0..<self.head.fieldCount).map { position in
            let span = self.span(position)
            return (
                name: self.string(from: Int(span.nameStart), count: Int(span.nameCount)),
                value: self.string(from: Int(span.valueStart), count: Int(span.valueCount))
            )
        }
    }

    /// Calls `body` with the bytes of a field's first value, or `nil`.
    func withValue<Result>(_ name: HTTPFieldName, _ body: (UnsafeRawBufferPointer?) -> Result) -> Result {
        let position = self.head.index[Int(name.rawValue)]
        guard position > 0 else { return body(nil) }
        let span = self.span(position &- 1)
        return self.withBytes(from: Int(span.valueStart), count: Int(span.valueCount)) { body($0) }
    }

    /// Calls `body` with the bytes of each value of that name.
    func forEachValue(_ name: HTTPFieldName, _ body: (UnsafeRawBufferPointer) -> Void) {
        let first = self.head.index[Int(name.rawValue)]
        guard first > 0 else { return }
        for position in (first &- 1)..<self.head.fieldCount {
            let span = self.span(position)
            if self.withName(span, { $0.equalsIgnoringCase(name.text) }) {
                self.withBytes(from: Int(span.valueStart), count: Int(span.valueCount), body)
            }
        }
    }

    private func withName<Result>(_ span: HTTPFieldSpan, _ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        self.withBytes(from: Int(span.nameStart), count: Int(span.nameCount), body)
    }

    private func span(_ position: UInt8) -> HTTPFieldSpan {
        let offset = Int(self.head.byteCount) &+ Int(position) &* MemoryLayout<HTTPFieldSpan>.stride
        // Safety: `storage` holds `fieldCount` spans behind the head, and `position` is less.
        return self.storage.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: offset, as: HTTPFieldSpan.self) }
    }
}
