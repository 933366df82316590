internal import Glibc
internal import Reactor

/// Where to connect: the parts of a `ws:` or `http:` URL.
struct Endpoint: Hashable, Sendable, CustomStringConvertible {
    enum Scheme: String, Sendable { case ws, http }

    let scheme: Scheme
    /// A name or a numeric address, the latter without brackets.
    let host: String
    let port: UInt16
    /// Begins with a slash; a query may follow.
    let path: String

    init(scheme: Scheme, host: String, port: UInt16, path: String) {
        (self.scheme, self.host, self.port, self.path) = (scheme, host, port, path)
    }

    /// Reads `ws://HOST[:PORT][/PATH]` or the same with `http:`; `nil` for anything else, credentials and fragments included.
    init?(_ text: String) {
        guard let colon = text.firstRange(of: "://"),
            let scheme = Scheme(rawValue: text[..<colon.lowerBound].lowercased())
        else { return nil }
        let rest = text[colon.upperBound...]
        let authority = rest.prefix { $0 != "/" && $0 != "?" }
        let path = rest[authority.endIndex...]
        // RFC 9112 3.2: what goes into a request line is visible ASCII.
        guard path.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "#") }) else { return nil }
        guard let (host, port) = Self.hostAndPort(authority) else { return nil }
        self.init(scheme: scheme, host: host, port: port, path: path.hasPrefix("/") ? String(path) : "/" + path)
    }

    private static func hostAndPort(_ authority: Substring) -> (String, UInt16)? {
        var host = authority
        var port: UInt16 = 80
        if let colon = authority.lastIndex(of: ":"), authority[colon...].firstIndex(of: "]") == nil {
            let digits = authority[authority.index(after: colon)...]
            guard let number = UInt16(digits), number > 0, digits.first != "+" else { return nil }
            (host, port) = (authority[..<colon], number)
        }
        if host.hasPrefix("["), host.hasSuffix("]") {
            host = host.dropFirst().dropLast()
            return SocketAddress(String(host), port: port)?.isIPv6 == true ? (String(host), port) : nil
        }
        let isName = host.utf8.allSatisfy { byte in
            byte.isASCIILetterOrDigit || byte == UInt8(ascii: "-") || byte == UInt8(ascii: ".")
        }
        return host.isEmpty || !isName ? nil : (String(host), port)
    }

    /// The same server with another path.
    func with(scheme: Scheme, path: String) -> Endpoint {
        Endpoint(scheme: scheme, host: self.host, port: self.port, path: path)
    }

    /// What the `Host` field says.
    var authority: String { (self.host.contains(":") ? "[\(self.host)]" : self.host) + ":\(self.port)" }

    var description: String { "\(self.scheme.rawValue)://\(self.authority)\(self.path)" }

    /// The numeric address, asking the resolver for a name; blocks, so never on a loop.
    ///
    /// - Returns: `nil` if nobody knows the name.
    func resolved() -> SocketAddress? {
        if let address = SocketAddress(self.host, port: self.port) { return address }
        var hints = addrinfo()
        hints.ai_family = AF_UNSPEC
        hints.ai_socktype = CInt(SOCK_STREAM.rawValue)
        var found: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(self.host, nil, &hints, &found) == 0, let first = found else { return nil }
        defer { freeaddrinfo(first) }
        var text = [CChar](repeating: 0, count: Int(NI_MAXHOST))
        guard
            getnameinfo(
                first.pointee.ai_addr, first.pointee.ai_addrlen, &text, socklen_t(text.count), nil, 0, NI_NUMERICHOST)
                == 0
        else { return nil }
        let numeric = String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
        return SocketAddress(numeric, port: self.port)
    }
}

extension UInt8 {
    var isASCIILetterOrDigit: Bool {
        switch self {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: false
        }
    }
}
