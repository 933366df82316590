/// What the PROXY protocol says about a connection.
package enum ProxyHeader: Sendable, Equatable {
    /// The proxy speaks for itself (a health check) or does not know: the socket's own addresses count.
    case local
    /// The client's address and port; `isSecure` when it came over TLS (version 2 only).
    case proxied(source: IPAddress, sourcePort: UInt16, isSecure: Bool)
}

/// Why a PROXY header is refused; the connection is closed without an answer.
package enum ProxyHeaderError: Error, Equatable, Sendable {
    /// The bytes are no PROXY header at all: the peer is no proxy.
    case missing
    case malformed
    case tooLong
}

/// Reads the PROXY protocol header, version 1 or 2, that a load balancer sends before everything else.
package struct ProxyHeaderParser: Sendable {
    /// The longest version 1 header: the specification's worst case.
    static let maximumTextLength = 107
    /// Addresses and additions of version 2.
    static let maximumBinaryLength = 2_048
    private static let prefixCount = 16

    private var buffer: [UInt8] = []

    package init() {}

    /// Takes bytes from the front of `input`; what follows the header stays in it.
    ///
    /// - Returns: `nil` when more bytes are needed.
    package mutating func next(_ input: inout UnsafeRawBufferPointer) throws(ProxyHeaderError) -> ProxyHeader? {
        while let byte = input.first {
            self.buffer.append(byte)
            input = UnsafeRawBufferPointer(rebasing: input[1...])
            if self.buffer[0] == ProxyHeaderParser.signature[0] {
                if let header = try self.binaryHeader() { return header }
            } else if let header = try self.textHeader() {
                return header
            }
        }
        return nil
    }
}

// MARK: - Version 1

extension ProxyHeaderParser {
    private static let textPrefix: [UInt8] = [UInt8]("PROXY ".utf8)

    /// Looks at the header after each byte, so that what is no header is told at its first wrong byte.
    private func textHeader() throws(ProxyHeaderError) -> ProxyHeader? {
        let count = self.buffer.count
        if count <= ProxyHeaderParser.textPrefix.count {
            guard self.buffer[count - 1] == ProxyHeaderParser.textPrefix[count - 1] else { throw .missing }
            return nil
        }
        guard self.buffer[count - 1] == .lineFeed else {
            guard count < ProxyHeaderParser.maximumTextLength else { throw .tooLong }
            return nil
        }
        guard self.buffer[count - 2] == .carriageReturn else { throw .malformed }
        let line = self.buffer[ProxyHeaderParser.textPrefix.count..<(count - 2)]
        let parts = line.split(separator: .space, omittingEmptySubsequences: false).map {
            String(decoding: $0, as: UTF8.self)
        }
        if parts[0] == "UNKNOWN" { return .local }
        guard parts.count == 5, parts[0] == "TCP4" || parts[0] == "TCP6" else { throw .malformed }
        let isIPv4 = parts[0] == "TCP4"
        guard let source = IPAddress(parts[1]), IPAddress(parts[2]) != nil,
            parts[1].contains(":") != isIPv4, parts[2].contains(":") != isIPv4,
            let sourcePort = ProxyHeaderParser.port(parts[3]), ProxyHeaderParser.port(parts[4]) != nil
        else { throw .malformed }
        return .proxied(source: source, sourcePort: sourcePort, isSecure: false)
    }

    private static func port(_ text: String) -> UInt16? {
        guard (1...5).contains(text.utf8.count), text.utf8.allSatisfy({ $0.decimalValue != nil }),
            text == "0" || text.utf8.first != UInt8(ascii: "0")
        else { return nil }
        return UInt16(text)
    }
}

// MARK: - Version 2

extension ProxyHeaderParser {
    private static let signature: [UInt8] = [0x0D, 0x0A, 0x0D, 0x0A, 0x00, 0x0D, 0x0A, 0x51, 0x55, 0x49, 0x54, 0x0A]

    private func binaryHeader() throws(ProxyHeaderError) -> ProxyHeader? {
        let count = self.buffer.count
        if count <= ProxyHeaderParser.signature.count {
            guard self.buffer[count - 1] == ProxyHeaderParser.signature[count - 1] else { throw .missing }
            return nil
        }
        guard count >= ProxyHeaderParser.prefixCount else { return nil }
        let length = Int(self.buffer[14]) << 8 | Int(self.buffer[15])
        guard length <= ProxyHeaderParser.maximumBinaryLength else { throw .tooLong }
        guard count == ProxyHeaderParser.prefixCount + length else { return nil }
        switch self.buffer[12] {
        case 0x20: return .local  // the rest is skipped, whatever it says
        case 0x21: return try self.proxiedHeader()
        default: throw .malformed
        }
    }

    private func proxiedHeader() throws(ProxyHeaderError) -> ProxyHeader {
        let payload = self.buffer[ProxyHeaderParser.prefixCount...]
        let addressCount: Int
        switch self.buffer[13] {
        case 0x00: return .local  // unspecified: the specification says to use the connection's own addresses
        case 0x11: addressCount = 4
        case 0x21: addressCount = 16
        default: throw .malformed  // datagrams and UNIX sockets cannot carry HTTP from a client to us
        }
        let start = payload.startIndex
        guard payload.count >= addressCount * 2 + 4,
            let source = IPAddress(networkBytes: payload[start..<(start + addressCount)])
        else { throw .malformed }
        let ports = start + addressCount * 2
        return .proxied(
            source: source, sourcePort: UInt16(payload[ports]) << 8 | UInt16(payload[ports + 1]),
            isSecure: try ProxyHeaderParser.isSecure(payload[(ports + 4)...]))
    }

    /// Walks the additions; all but the TLS one (0x20, whose first bit says that the client used TLS) are skipped.
    private static func isSecure(_ additions: ArraySlice<UInt8>) throws(ProxyHeaderError) -> Bool {
        var rest = additions
        var isSecure = false
        while let type = rest.first {
            guard rest.count >= 3 else { throw .malformed }
            let length = Int(rest[rest.startIndex + 1]) << 8 | Int(rest[rest.startIndex + 2])
            guard rest.count >= 3 + length else { throw .malformed }
            if type == 0x20, length > 0 { isSecure = rest[rest.startIndex + 3] & 1 == 1 }
            rest = rest.dropFirst(3 + length)
        }
        return isSecure
    }
}
