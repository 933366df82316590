package import Shared

/// Why a list of keys cannot sign and verify.
package enum JWTKeysError: Error, Equatable, Sendable {
    case none
    /// Two keys have this id: which of them verifies would be chance.
    case duplicate(id: String)
}

/// The keys of access tokens: the first signs, all verify, so that a key can be changed while tokens of the old one live.
package struct JWTKeys: Sendable {
    struct Key: Sendable {
        let id: String
        let code: SharedHMACSHA256
        /// The first part of every token that we sign with this key, with its dot: what a token of ours starts with.
        let header: [UInt8]
    }

    let keys: [Key]

    package init(_ keys: [SigningKey]) throws(JWTKeysError) {
        guard !keys.isEmpty else { throw .none }
        var seen: Set<String> = []
        for key in keys where !seen.insert(key.id).inserted { throw .duplicate(id: key.id) }
        self.keys = keys.map { key in
            Key(id: key.id, code: SharedHMACSHA256(key: key.secret.bytes), header: Self.header(of: key.id))
        }
    }

    var signing: Key { self.keys[0] }

    private static func header(of id: String) -> [UInt8] {
        let json = JSONWriter.text { json in
            json.object { json in
                json.member("alg", "HS256")
                json.member("typ", "JWT")
                json.member("kid", id)
            }
        }
        return json.withUnsafeBytes { Base64.encode($0, as: .url) } + [UInt8(ascii: ".")]
    }
}
