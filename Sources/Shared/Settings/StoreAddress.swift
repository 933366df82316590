/// A Redis server: `redis://[:password@]host:port[/db]`.
package struct RedisServer: Equatable, Sendable, CustomStringConvertible {
    /// Where it listens.
    package let address: ServiceAddress
    /// What it is told first, if anything.
    package let password: Secret?
    /// Which of its databases.
    package let database: Int

    /// Reads the URL. What is wrong is said without quoting it, because of the password.
    package init(setting text: String) throws(SettingProblem) {
        guard text.hasPrefix("redis://") else {
            let isEncrypted = text.hasPrefix("rediss://")
            throw SettingProblem(isEncrypted ? "asks for TLS, which is not spoken to Redis" : "is no redis:// URL")
        }
        var rest = text.dropFirst("redis://".count)
        var password: Secret?
        if let at = rest.lastIndex(of: "@") {
            guard rest.first == ":" else { throw SettingProblem("has a user name, and only :password@ is understood") }
            guard let bytes = PercentText.decode(rest[..<at].dropFirst()), !bytes.isEmpty else {
                throw SettingProblem("has no valid password between : and @")
            }
            password = Secret(bytes)
            rest = rest[rest.index(after: at)...]
        }
        let parts = rest.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        let number = parts.count == 2 && !parts[1].isEmpty ? String(parts[1]) : "0"
        guard let database = Int(number), (0...65_535).contains(database), number == String(database) else {
            throw SettingProblem("does not end with the number of a database")
        }
        self.address = try ServiceAddress(setting: parts[0], usualPort: 6_379)
        self.password = password
        self.database = database
    }

    /// The URL without the password's value.
    package var description: String {
        "redis://\(self.password == nil ? "" : ":redacted@")\(self.address)/\(self.database)"
    }
}

/// A PostgreSQL database as libpq finds it: `postgresql://[user[:password]@][host][:port][,…][/name][?options]`.
package struct DatabaseAddress: Equatable, Sendable, CustomStringConvertible {
    /// The whole URI for libpq, password included.
    package let uri: Secret
    private let shown: String

    /// Reads the URI as far as that it can be one; libpq knows the rest.
    package init(setting text: String) throws(SettingProblem) {
        let schemes = ["postgresql://", "postgres://"]
        guard let scheme = schemes.first(where: { text.hasPrefix($0) }), text != scheme else {
            throw SettingProblem("is no postgresql:// URI")
        }
        guard text.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            throw SettingProblem("has a space or another character that must be written as %XX")
        }
        guard PercentText.decode(text) != nil else { throw SettingProblem("has a % without two hexadecimal digits") }
        let rest = text.dropFirst(scheme.count)
        let authority = rest.prefix { $0 != "/" && $0 != "?" }
        let hosts = authority.lastIndex(of: "@").map { authority[authority.index(after: $0)...] } ?? authority
        guard hosts.split(separator: ",").allSatisfy(Self.isHost) else {
            throw SettingProblem("has no valid host or port")
        }
        // Where an `@` stands elsewhere, a character of the password may have ended the user part too early, and what
        // follows is not shown. Options may hold a password as well, and never are.
        let isClear = rest.filter { $0 == "@" }.count == (hosts.count == authority.count ? 0 : 1)
        let name = rest.dropFirst(authority.count).prefix { $0 != "?" }
        self.uri = Secret(text.utf8)
        self.shown = isClear ? "\(scheme)\(hosts)\(name)" : "\(scheme)redacted"
    }

    private static func isHost(_ text: Substring) -> Bool {
        let afterHost = text.last == "]" ? "" : text[(text.lastIndex(of: ":") ?? text.endIndex)...]
        return afterHost.isEmpty || UInt16(afterHost.dropFirst()) != nil
    }

    /// Host, port and name; no user, no password, no options.
    package var description: String { self.shown }
}

/// Percent-encoding of URIs (RFC 3986 2.1).
enum PercentText {
    static func decode(_ text: some StringProtocol) -> [UInt8]? {
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            guard let high = rest.popFirst().flatMap(self.nibble), let low = rest.popFirst().flatMap(self.nibble)
            else { return nil }
            bytes.append(high << 4 | low)
        }
        return bytes
    }

    private static func nibble(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}
