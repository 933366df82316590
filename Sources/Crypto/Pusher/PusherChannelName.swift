/// The name of a channel in the Pusher protocol: only letters, digits and `_-=@,.;`, so that no name can be mistaken for
/// another part of what is signed. Names with `#`, which only the server gives, are none.
package struct PusherChannelName: Hashable, Sendable, CustomStringConvertible {
    /// The name with its prefix, as it stands in frames and signatures.
    package let description: String

    /// Unless an app allows more.
    package static let longest = 164

    package init?(_ text: String, longest: Int = PusherChannelName.longest) {
        guard (1...longest).contains(text.utf8.count), text.utf8.allSatisfy(Self.isPart) else { return nil }
        self.description = text
    }

    package init?(_ text: Substring, longest: Int = PusherChannelName.longest) {
        self.init(String(text), longest: longest)
    }

    /// Whether subscribers need a signature. Encrypted and cached kinds start the same way.
    package var needsAuthorization: Bool { Self.needsAuthorization(self.description) }

    package static func needsAuthorization(_ name: String) -> Bool {
        name.hasPrefix("private-") || name.hasPrefix("presence-")
    }

    /// Whether what is told is a secret between the app and its clients.
    package var isEncrypted: Bool { self.description.hasPrefix("private-encrypted-") }

    /// Whether who comes late is told the last event.
    package static func isCached(_ name: String) -> Bool {
        guard let dash = name.utf8.firstIndex(of: UInt8(ascii: "-")) else { return false }
        let rest = name.utf8[name.utf8.index(after: dash)...]
        switch name[..<dash] {
        case "cache": return true
        case "private": return rest.starts(with: "cache-".utf8) || rest.starts(with: "encrypted-cache-".utf8)
        case "presence": return rest.starts(with: "cache-".utf8)
        default: return false
        }
    }

    /// The user whom a channel that only the server gives belongs to; the id is of the alphabet of channels.
    package static func user(ofChannel name: String) -> String? {
        let prefix = "#server-to-user-"
        guard name.hasPrefix(prefix) else { return nil }
        return PusherChannelName(name.dropFirst(prefix.count), longest: 200)?.description
    }

    /// Whether subscribers are members, so that their signature must cover who they are.
    package var isPresence: Bool { self.description.hasPrefix("presence-") }

    private static func isPart(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"): true
        case UInt8(ascii: "0")...UInt8(ascii: "9"): true
        case UInt8(ascii: "_"), UInt8(ascii: "-"), UInt8(ascii: "="), UInt8(ascii: "@"), UInt8(ascii: ","),
            UInt8(ascii: "."), UInt8(ascii: ";"):
            true
        default: false
        }
    }
}
