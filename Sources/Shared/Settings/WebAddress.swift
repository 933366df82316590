/// Where an HTTP request goes: `http://host[:port][/path][?query]`, or `https://…`.
package struct WebAddress: Hashable, Sendable {
    package let isSecure: Bool
    /// Without brackets.
    package let host: String
    package let port: UInt16
    /// Path and query as they stand in a request's first line.
    package let target: String
    /// Host and port as they stand in the field `Host`: without the usual port.
    package let authority: String

    /// The longest that is taken.
    package static let bytes = 2_048

    /// Reads a URL without user, password and fragment: what does not belong into logs or onto the wire is in none.
    package init(setting text: String) throws(SettingProblem) {
        guard text.utf8.count <= Self.bytes else { throw SettingProblem("is longer than \(Self.bytes) bytes") }
        guard text.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            throw SettingProblem("has characters that have to be written with %")
        }
        let scheme = text.hasPrefix("https://") ? "https://" : "http://"
        guard text.hasPrefix(scheme) else { throw SettingProblem("does not begin with http:// or https://") }
        let rest = text.dropFirst(scheme.utf8.count)
        let end = rest.firstIndex { "/?#".contains($0) } ?? rest.endIndex
        let target = rest[end...]
        guard !target.contains("#") else { throw SettingProblem("has a fragment, which no server is sent") }
        self.isSecure = scheme == "https://"
        let usual: UInt16 = self.isSecure ? 443 : 80
        let service = try ServiceAddress(setting: rest[..<end], usualPort: usual)
        (self.host, self.port) = (service.host, service.port)
        self.target = target.first == "/" ? String(target) : "/" + target
        let host = service.host.contains(":") ? "[\(service.host)]" : service.host
        self.authority = service.port == usual ? host : service.description
    }
}
