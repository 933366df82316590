/// Where something listens: a name or an address, and a port. IPv6 addresses stand in brackets when they are written.
package struct ServiceAddress: Equatable, Sendable, CustomStringConvertible {
    /// Without brackets.
    package let host: String
    /// Never zero.
    package let port: UInt16

    /// Reads `host:port`, or `host` alone where there is a usual port.
    package init(setting text: some StringProtocol, usualPort: UInt16? = nil) throws(SettingProblem) {
        let (host, rest) = try Self.split(text)
        guard !rest.isEmpty || usualPort == nil else {
            guard let usualPort else { throw SettingProblem("has no port") }
            self.host = host
            self.port = usualPort
            return
        }
        guard rest.first == ":", let port = UInt16(rest.dropFirst()), port > 0, rest.dropFirst().first != "+" else {
            throw SettingProblem("has no port from 1 to 65535 after its host")
        }
        self.host = host
        self.port = port
    }

    /// An address that is known to be right.
    package init(host: String, port: UInt16) {
        self.host = host
        self.port = port
    }

    /// `host:port`, as it is read.
    package var description: String {
        self.host.contains(":") ? "[\(self.host)]:\(self.port)" : "\(self.host):\(self.port)"
    }

    private static func split(_ text: some StringProtocol) throws(SettingProblem) -> (host: String, rest: String) {
        if text.first == "[" {
            guard let end = text.firstIndex(of: "]") else { throw SettingProblem("has a bracket that is not closed") }
            let host = text[text.index(after: text.startIndex)..<end]
            guard NetworkText.isIPv6(String(host)) else { throw SettingProblem("has no IPv6 address in its brackets") }
            return (String(host), String(text[text.index(after: end)...]))
        }
        let end = text.firstIndex(of: ":") ?? text.endIndex
        let host = String(text[..<end])
        guard NetworkText.isHostName(host) else { throw SettingProblem("has no valid host name or address") }
        return (host, String(text[end...]))
    }
}
