package import Shared

/// What is kept of a password: enough to know it again, and dear to whoever wants to guess it.
///
/// Its stored form is that of the password hashing competition, `$scrypt$ln=15,r=8,p=3$salt$key`, both in base 64 without
/// padding. There is one spelling of each hash: what is read is written again as it was.
package struct PasswordHash: Equatable, Sendable {
    package let cost: ScryptCost
    let salt: [UInt8]
    let key: [UInt8]

    /// 128 random bits: no two accounts share one.
    static let saltBytes = 16
    static let keyBytes = 32
    /// Longest stored form that is looked at.
    static let longestText = 256

    /// Hashes a new password with a new salt. Slow by intent: only on an own thread.
    ///
    /// - Parameter password: without zero bytes, which HMAC pads its keys with: at the end they would not count.
    package init(of password: Secret, cost: ScryptCost = .standard) throws(ScryptError) {
        let salt = SecureRandom.bytes(count: Self.saltBytes)
        self.cost = cost
        self.salt = salt
        self.key = try Self.key(of: password, salt: salt, cost: cost, count: Self.keyBytes)
    }

    private init(cost: ScryptCost, salt: [UInt8], key: [UInt8]) {
        self.cost = cost
        self.salt = salt
        self.key = key
    }

    /// A hash that no password has, so that an unknown account costs the same work as a wrong password.
    package static func unknowable(cost: ScryptCost = .standard) -> PasswordHash {
        PasswordHash(
            cost: cost, salt: SecureRandom.bytes(count: Self.saltBytes), key: SecureRandom.bytes(count: Self.keyBytes))
    }

    /// Whether this is the hash of `password`; one run of scrypt, whatever the answer. Only on an own thread.
    package func matches(_ password: Secret) throws(ScryptError) -> Bool {
        let key = try Self.key(of: password, salt: self.salt, cost: self.cost, count: self.key.count)
        return key.withUnsafeBytes { key in self.key.withUnsafeBytes { constantTimeEqual(key, $0) } }
    }

    /// Whether the password should be hashed again, now that it is at hand: the hash was not made as we make them today.
    package func needsRehash(to cost: ScryptCost = .standard) -> Bool {
        self.cost != cost || self.salt.count != Self.saltBytes || self.key.count != Self.keyBytes
    }

    private static func key(
        of password: Secret, salt: [UInt8], cost: ScryptCost, count: Int
    ) throws(ScryptError) -> [UInt8] {
        try password.bytes.withUnsafeBufferPointer { (bytes) throws(ScryptError) in
            try Scrypt.key(of: UnsafeRawBufferPointer(bytes), salt: salt, cost: cost, count: count)
        }
    }
}

extension PasswordHash {
    /// Reads the stored form, in its one spelling; `nil` for everything else.
    package init?(stored text: some StringProtocol) {
        guard text.utf8.count <= Self.longestText else { return nil }
        let parts = text.split(separator: "$", omittingEmptySubsequences: false)
        guard parts.count == 5, parts[0].isEmpty, parts[1] == "scrypt" else { return nil }
        let parameters = parts[2].split(separator: ",", omittingEmptySubsequences: false)
        guard parameters.count == 3, let logN = Self.number(parameters[0], named: "ln="),
            let r = Self.number(parameters[1], named: "r="), let p = Self.number(parameters[2], named: "p="),
            let cost = ScryptCost(logN: logN, r: r, p: p)
        else { return nil }
        guard let salt = Self.bytes(parts[3]), let key = Self.bytes(parts[4]), (8...64).contains(salt.count),
            (16...64).contains(key.count)
        else { return nil }
        self.init(cost: cost, salt: salt, key: key)
        // Characters that look alike, or compose, compare equal as texts but not as bytes.
        guard self.stored.utf8.elementsEqual(text.utf8) else { return nil }
    }

    /// The stored form. It goes to the store and nowhere else.
    package var stored: String {
        let cost = "ln=\(self.cost.logN),r=\(self.cost.r),p=\(self.cost.p)"
        return "$scrypt$\(cost)$\(Self.text(self.salt))$\(Self.text(self.key))"
    }

    private static func number(_ text: some StringProtocol, named name: String) -> Int? {
        guard text.hasPrefix(name) else { return nil }
        let digits = text.dropFirst(name.count)
        guard (1...3).contains(digits.utf8.count) else { return nil }
        return Int(digits)
    }

    private static func bytes(_ text: some StringProtocol) -> [UInt8]? { Base64.decode(either: text) }

    private static func text(_ bytes: [UInt8]) -> String {
        let padded = bytes.withUnsafeBytes { Base64.encode($0) }
        return String(decoding: padded.prefix { $0 != UInt8(ascii: "=") }, as: UTF8.self)
    }
}

extension PasswordHash: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// Nothing that a guess could be tried on.
    package var description: String { "redacted" }
    /// Nothing that a guess could be tried on.
    package var debugDescription: String { "redacted" }
    /// No children.
    package var customMirror: Mirror { Mirror(self, children: EmptyCollection<Mirror.Child>()) }
}
