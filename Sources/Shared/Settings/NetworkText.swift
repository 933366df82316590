internal import Glibc

/// Addresses, networks and origins as they stand in settings.
package enum NetworkText {
    /// Whether this is an IPv4 address in dotted form.
    package static func isIPv4(_ text: String) -> Bool {
        var address = in_addr()
        return self.isClean(text) && inet_pton(AF_INET, text, &address) == 1
    }

    /// Whether this is an IPv6 address, without brackets or zone.
    package static func isIPv6(_ text: String) -> Bool {
        var address = in6_addr()
        return self.isClean(text) && inet_pton(AF_INET6, text, &address) == 1
    }

    /// Whether this could be the name of a host, or its IPv4 address.
    static func isHostName(_ text: String) -> Bool {
        (1...253).contains(text.utf8.count) && !text.hasPrefix("-") && !text.hasPrefix(".")
            && text.utf8.allSatisfy(Identifier.isPart)
    }

    /// Reads an address to listen on.
    package static func address(_ text: String) throws(SettingProblem) -> String {
        guard self.isIPv4(text) || self.isIPv6(text) else {
            throw SettingProblem("\(SettingReader.quoted(text)) is not an IPv4 or IPv6 address")
        }
        return text
    }

    /// Reads a network, `address/bits`, or a single address.
    package static func network(_ text: String) throws(SettingProblem) -> String {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        let widest = self.isIPv4(parts[0]) ? 32 : self.isIPv6(parts[0]) ? 128 : nil
        guard let widest else {
            throw SettingProblem("\(SettingReader.quoted(text)) does not start with an IPv4 or IPv6 address")
        }
        guard parts.count == 2 else { return "\(text)/\(widest)" }
        guard let bits = Int(parts[1]), (0...widest).contains(bits), String(bits) == parts[1] else {
            throw SettingProblem("\(SettingReader.quoted(text)) does not end with a prefix length from 0 to \(widest)")
        }
        return text
    }

    /// Reads an origin as browsers send it (RFC 6454 6.2): a scheme, a host, and a port unless it is the scheme's own.
    package static func origin(_ text: String) throws(SettingProblem) -> String {
        let usualPorts: [(scheme: String, port: UInt16)] = [("https://", 443), ("http://", 80)]
        guard let (scheme, usualPort) = usualPorts.first(where: { text.hasPrefix($0.scheme) }) else {
            throw SettingProblem("\(SettingReader.quoted(text)) does not start with https:// or http://")
        }
        let address = try ServiceAddress(setting: text.dropFirst(scheme.utf8.count), usualPort: usualPort)
        let authority =
            address.port == usualPort ? String(address.description.dropLast(":\(usualPort)".count)) : "\(address)"
        guard text == (scheme + authority).lowercased() else {
            throw SettingProblem(
                "\(SettingReader.quoted(text)) is not how browsers write it: \((scheme + authority).lowercased())")
        }
        return text
    }

    /// C strings end at a zero byte, so what follows one would not be looked at.
    private static func isClean(_ text: String) -> Bool {
        !text.utf8.contains(0)
    }
}
