extension HTTPHead {
    /// Takes in a field that the server looks at; called in the order of the fields, before `fieldCount` grows again.
    @inline(__always)
    mutating func note(_ name: HTTPFieldName, _ value: UnsafeRawBufferPointer) throws(HTTPError) {
        let slot = Int(name.rawValue)
        if self.index[slot] == 0 {
            self.index[slot] = self.fieldCount
        } else if name.isSingleton {
            throw .repeatedField
        }
        switch name {
        case .host:
            guard HTTPHost.isValid(value) else { throw .invalidHost }
        case .connection:
            self.noteConnection(value)
        case .upgrade:
            value.forEachListItem { item in
                if item.equalsIgnoringCase("websocket") { self.traits.insert(.upgradeWebSocket) }
            }
        case .contentLength:
            self.contentLength = try HTTPHead.contentLength(value)
            self.traits.insert(.contentLength)
        case .transferEncoding:
            // RFC 9112 6.1. Nobody sends other codings to an origin server, but smugglers send many spellings.
            guard value.equalsIgnoringCase("chunked") else { throw .unsupportedTransferCoding }
            self.traits.insert(.chunked)
        case .expect:
            // RFC 9110 10.1.1: HTTP/1.0 knows no expectations.
            guard self.traits.contains(.version11) else { break }
            guard value.equalsIgnoringCase("100-continue") else { throw .expectationFailed }
            self.traits.insert(.expectsContinue)
        case .contentType, .authorization, .cookie, .origin, .accept, .acceptEncoding, .ifNoneMatch, .xForwardedFor,
            .xForwardedProto, .secWebSocketKey, .secWebSocketVersion, .secWebSocketProtocol, .secWebSocketExtensions,
            .accessControlRequestMethod, .accessControlRequestHeaders:
            break
        }
    }

    private mutating func noteConnection(_ value: UnsafeRawBufferPointer) {
        if value.equalsIgnoringCase("keep-alive") { return }  // what nearly all clients say
        value.forEachListItem { item in
            if item.equalsIgnoringCase("close") { self.traits.insert(.close) }
            if item.equalsIgnoringCase("upgrade") { self.traits.insert(.connectionUpgrade) }
        }
    }

    /// RFC 9110 8.6: digits only; no sign, no list, no blank, and nothing that overflows.
    static func contentLength(_ value: UnsafeRawBufferPointer) throws(HTTPError) -> Int {
        guard !value.isEmpty, value.count <= 18 else { throw .invalidContentLength }
        var length = 0
        for byte in value {
            guard let digit = byte.decimalValue else { throw .invalidContentLength }
            length = length &* 10 &+ Int(digit)
        }
        return length
    }

    /// Judges the head as a whole, after its last line.
    mutating func finish(count: Int, bodyLimit: Int) throws(HTTPError) {
        self.byteCount = UInt16(truncatingIfNeeded: count)
        // RFC 9112 3.2: exactly one Host in HTTP/1.1 (a second one was refused when it came).
        if self.traits.contains(.version11), self.index[Int(HTTPFieldName.host.rawValue)] == 0 { throw .missingHost }
        if self.traits.contains(.chunked) {
            // RFC 9112 6.1: both lengths, or chunked from a peer that cannot know it, is how requests are smuggled.
            guard self.traits.contains(.version11), !self.traits.contains(.contentLength) else {
                throw .conflictingLength
            }
        }
        guard self.contentLength <= bodyLimit else { throw .contentTooLarge }
    }
}

/// The syntax of `Host`, stricter than RFC 9110 7.2: only what can be a name or an address.
enum HTTPHost {
    /// Whether `value` is `name`, `address` or `[address]`, with or without `:port`.
    static func isValid(_ value: UnsafeRawBufferPointer) -> Bool {
        guard !value.isEmpty else { return false }
        var cursor = 0
        if value[0] == UInt8(ascii: "[") {
            cursor = 1
            while cursor < value.count,
                value[cursor].hexadecimalValue != nil || self.isAddressPunctuation(value[cursor])
            {
                cursor &+= 1
            }
            guard cursor > 1, cursor < value.count, value[cursor] == UInt8(ascii: "]") else { return false }
            cursor &+= 1
        } else {
            while cursor < value.count, HTTPByteSet.host.contains(value[cursor]) { cursor &+= 1 }
            guard cursor > 0 else { return false }
        }
        guard cursor < value.count else { return true }
        guard value[cursor] == UInt8(ascii: ":"), value.count &- cursor <= 6 else { return false }
        return value[(cursor &+ 1)...].allSatisfy { $0.decimalValue != nil }
    }

    private static func isAddressPunctuation(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: ":") || byte == UInt8(ascii: ".")
    }
}
