package import Shared

/// A call of an app's HTTP API, as far as its signature is about it (protocol, section 10).
package struct PusherCall: Sendable {
    package let method: String
    /// The path as it was sent, without the prefix that a proxy may put before it.
    package let rawPath: String
    /// The path, decoded.
    package let path: String
    /// The query's items, decoded, in their order.
    package let query: [(name: String, value: String)]
    package let body: [UInt8]

    package init(
        method: String, rawPath: String, path: String, query: [(name: String, value: String)], body: [UInt8]
    ) {
        self.method = method
        self.rawPath = rawPath
        self.path = path
        self.query = query
        self.body = body
    }

    /// The value of a parameter; the last one, if it comes several times.
    package func value(_ name: String) -> String? { self.query.last { $0.name == name }?.value }

    /// Why a call is not its app's.
    package enum Fault: String, Error, Sendable {
        case key = "auth_key is missing or not this app's"
        case version = "auth_version must be 1.0"
        case timestamp = "auth_timestamp is missing or more than 600 seconds from now"
        case body = "body_md5 is missing or not the body's"
        case signature = "auth_signature is missing or wrong"
    }

    /// Seconds by which clocks may differ.
    private static let skew: Int64 = 600

    /// Judges the signature: in a time that tells nothing about where it differs.
    package func verify(with signer: PusherSigner, now: Timestamp) throws(Fault) {
        guard self.value("auth_key") == signer.app else { throw .key }
        guard self.value("auth_version") == "1.0" else { throw .version }
        guard let stamp = self.value("auth_timestamp").flatMap({ Int64($0) }),
            let distance = Self.distance(stamp, now.milliseconds / 1000), distance <= Self.skew
        else { throw .timestamp }
        guard let presented = self.value("auth_signature") else { throw .signature }
        // The order of the two looks matters to nobody: what was sent is in the text either way.
        try self.lookAtBody()
        let digits = Array(presented.utf8)
        let isSigned = [self.rawPath, self.path].contains { path in
            let expected = signer.signature(of: self.text(path))
            return expected.withUnsafeBytes { expected in digits.withUnsafeBytes { constantTimeEqual(expected, $0) } }
        }
        guard isSigned else { throw .signature }
    }

    /// The query that signs such a call now: what server SDKs add.
    package func signed(by signer: PusherSigner, at time: Timestamp) -> [(name: String, value: String)] {
        var query = self.query
        query += [
            ("auth_key", signer.app), ("auth_timestamp", "\(time.milliseconds / 1000)"), ("auth_version", "1.0"),
        ]
        if !self.body.isEmpty { query.append(("body_md5", Self.md5(self.body) ?? "")) }
        let call = PusherCall(
            method: self.method, rawPath: self.rawPath, path: self.path, query: query, body: self.body)
        let signature = signer.signature(of: call.text(self.path))
        return query + [("auth_signature", String(decoding: signature, as: UTF8.self))]
    }

    private static func distance(_ stamp: Int64, _ now: Int64) -> Int64? {
        let (difference, isBeyond) = stamp.subtractingReportingOverflow(now)
        return isBeyond || difference == .min ? nil : abs(difference)
    }

    private func lookAtBody() throws(Fault) {
        guard let named = self.value("body_md5") else {
            // What is not named is not signed.
            guard self.body.isEmpty else { throw .body }
            return
        }
        guard let digest = Self.md5(self.body), digest == named else { throw .body }
    }

    private static func md5(_ body: [UInt8]) -> String? {
        body.withUnsafeBytes { MD5.hexadecimal($0) }.map { String(decoding: $0, as: UTF8.self) }
    }

    /// What is signed: everything that was sent but the signature itself, decoded, by the order of the names. What PHP sends
    /// as `channels[]=a&channels[]=b` it signs as `channels=a,b`.
    private func text(_ path: String) -> [UInt8] {
        var text: [UInt8] = []
        text.reserveCapacity(512)
        text += self.method.utf8
        text.append(UInt8(ascii: "\n"))
        text += path.utf8
        text.append(UInt8(ascii: "\n"))
        for (place, item) in self.signedItems.enumerated() {
            if place > 0 { text.append(UInt8(ascii: "&")) }
            text += item.name.utf8
            text.append(UInt8(ascii: "="))
            text += item.value.utf8
        }
        return text
    }

    private var signedItems: [(name: String, value: String)] {
        // What most SDKs send needs no more than to be sorted.
        let items = self.query.filter { $0.name != "auth_signature" }.sorted { $0.name < $1.name }
        let isPlain = items.allSatisfy { $0.name.utf8.allSatisfy(Self.isPlain) }
        if isPlain, zip(items, items.dropFirst()).allSatisfy({ $0.name != $1.name }) { return items }
        var values: [String: [String]] = [:]
        for (name, value) in self.query where name != "auth_signature" {
            var key = name.lowercased()
            if key.hasSuffix("[]") { key.removeLast(2) }
            if name.hasSuffix("[]") { values[key, default: []].append(value) } else { values[key] = [value] }
        }
        return values.sorted { $0.key < $1.key }.map { ($0.key, $0.value.joined(separator: ",")) }
    }

    /// What has no other case and no brackets.
    private static func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"): true
        default: false
        }
    }
}
