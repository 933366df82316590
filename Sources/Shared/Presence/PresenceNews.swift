/// One change of who is in a channel, as it travels between nodes.
package struct PresenceNews: Equatable, Sendable {
    /// The channel's version with this change.
    package let version: Int64
    package let change: PresenceChange

    package init(version: Int64, change: PresenceChange) {
        self.version = version
        self.change = change
    }
}

/// A user came with its first connection, or went with its last.
package enum PresenceChange: Equatable, Sendable {
    case added(PresenceMember)
    case removed(id: String)
}

/// The form: `+` or `-`, the version, a space, the length of the id in bytes, a space, the id, and behind `+` the info.
/// A server's script writes it as well.
extension PresenceNews {
    package var bytes: [UInt8] {
        switch self.change {
        case .added(let member): self.encoded("+", member.id) + member.info
        case .removed(let id): self.encoded("-", id)
        }
    }

    private func encoded(_ sign: String, _ id: String) -> [UInt8] {
        Array("\(sign)\(self.version) \(id.utf8.count) \(id)".utf8)
    }

    /// - Returns: `nil` for anything that no directory wrote.
    package init?(_ bytes: UnsafeRawBufferPointer) {
        guard let sign = bytes.first, bytes.count <= 8_192 else { return nil }
        let parts = bytes.dropFirst().split(
            separator: UInt8(ascii: " "), maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count == 3, let version = Self.number(parts[0]), let length = Self.number(parts[1]),
            length <= parts[2].count
        else { return nil }
        let (id, rest) = (parts[2].prefix(Int(length)), parts[2].dropFirst(Int(length)))
        guard let id = String(validating: id, as: UTF8.self), !id.isEmpty else { return nil }
        self.version = version
        switch sign {
        case UInt8(ascii: "+"):
            guard let member = PresenceMember(id: id, info: Array(rest)) else { return nil }
            self.change = .added(member)
        case UInt8(ascii: "-"):
            guard rest.isEmpty else { return nil }
            self.change = .removed(id: id)
        default: return nil
        }
    }

    private static func number(_ digits: Slice<UnsafeRawBufferPointer>) -> Int64? {
        guard (1...18).contains(digits.count) else { return nil }
        var number: Int64 = 0
        for digit in digits {
            guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(digit) else { return nil }
            number = number * 10 + Int64(digit - UInt8(ascii: "0"))
        }
        return number
    }
}
