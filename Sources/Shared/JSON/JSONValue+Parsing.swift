extension JSONValue {
    /// Reads one JSON text, strictly as RFC 8259 has it, within `limits`.
    package init(parsing bytes: UnsafeRawBufferPointer, limits: JSONLimits = JSONLimits()) throws(JSONError) {
        // Safety: the scanner does not outlive this call, during which the caller keeps `bytes` in place.
        var scanner = try JSONScanner(bytes, limits: limits)
        self = try scanner.document { (scanner) throws(JSONError) in try scanner.tree(depth: 0) }
    }

    /// Reads one JSON text, strictly as RFC 8259 has it, within `limits`.
    package init(parsing bytes: [UInt8], limits: JSONLimits = JSONLimits()) throws(JSONError) {
        self = try bytes.withUnsafeBufferPointer { (bytes) throws(JSONError) in
            try JSONValue(parsing: UnsafeRawBufferPointer(bytes), limits: limits)
        }
    }
}

extension JSONScanner {
    /// Reads the next value and everything in it as a tree. Recursion is bounded by the depth limit.
    fileprivate mutating func tree(depth: Int) throws(JSONError) -> JSONValue {
        let first = try self.peek()
        switch first {
        case UInt8(ascii: "\""):
            return .string(self.text(of: try self.string()))
        case UInt8(ascii: "{"):
            var members: [JSONObject.Member] = []
            try self.object(depth: depth) { (scanner, name) throws(JSONError) in
                let value = try scanner.tree(depth: depth + 1)
                members.append(JSONObject.Member(name: scanner.text(of: name), value: value))
            }
            return .object(JSONObject(unique: members))
        case UInt8(ascii: "["):
            var elements: [JSONValue] = []
            try self.array(depth: depth) { (scanner) throws(JSONError) in
                elements.append(try scanner.tree(depth: depth + 1))
            }
            return .array(elements)
        default:
            return self.leaf(try self.scalar(first))
        }
    }

    private func leaf(_ slice: JSONSlice) -> JSONValue {
        switch slice.kind {
        case .number:
            // Safety: the scanner has accepted the slice, so it lies inside the bytes.
            let bytes = UnsafeRawBufferPointer(start: self.start + slice.start, count: slice.end - slice.start)
            return .number(JSONNumber(unchecked: String(decoding: bytes, as: UTF8.self)))
        case .bool: return .bool((self.start + slice.start).load(as: UInt8.self) == UInt8(ascii: "t"))
        case .null, .string, .array, .object: return .null
        }
    }
}
