extension WebSocketHandshake {
    /// Checks a parsed request.
    package init(_ request: HTTPRequest, policy: Policy) throws(WebSocketHandshakeError) {
        try self.init(
            isGet: request.method == .get, isHTTP11: request.isVersion11,
            fields: { name in request.joinedValues(of: name) }, policy: policy)
    }
}

extension HTTPRequest {
    /// The values of all fields of that name in one list (RFC 9110 5.3), or `nil` if there is none.
    fileprivate func joinedValues(of name: StaticString) -> [UInt8]? {
        guard let known = HTTPFieldName.allCases.first(where: { $0.text == name }) else { return nil }
        guard self.contains(known) else { return nil }
        var joined: [UInt8] = []
        self.forEachValue(known) { value in
            if !joined.isEmpty { joined.append(UInt8(ascii: ",")) }
            joined.append(contentsOf: value)
        }
        return joined
    }
}

private func == (left: StaticString, right: StaticString) -> Bool {
    left.utf8CodeUnitCount == right.utf8CodeUnitCount
        && left.withUTF8Buffer { left in right.withUTF8Buffer { left.elementsEqual($0) } }
}
