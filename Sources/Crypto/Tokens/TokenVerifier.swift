internal import Glibc
package import Shared

/// Tells our own access tokens from everything else. Safe from any thread; asks nobody and keeps nothing.
///
/// The algorithm is ours to choose, never the token's: whatever a header says but HS256 is refused before a byte of the
/// claims is looked at, and claims are looked at only after the signature was found good.
package struct TokenVerifier: Sendable {
    /// Ours have some 460 characters.
    package static let longestToken = 2048
    /// The clock of the node that signed may be ahead of ours. One that is behind needs no leeway: tokens end when they say.
    package static let leeway = Duration.seconds(10)

    private static let limits = JSONLimits(bytes: 1536, depth: 4)
    /// Characters of a signature: 32 bytes.
    private static let signatureCount = 43

    private let keys: [JWTKeys.Key]

    package init(_ keys: JWTKeys) { self.keys = keys.keys }

    /// What a token says, if it is one of ours and good at `now`.
    package func verify(_ token: String, now: Timestamp) throws(TokenError) -> AccessToken {
        var token = token
        return try token.withUTF8 { bytes in
            Result { () throws(TokenError) in try self.verify(UnsafeRawBufferPointer(bytes), now: now) }
        }.get()
    }

    /// What a token says, if it is one of ours and good at `now`.
    package func verify(_ token: UnsafeRawBufferPointer, now: Timestamp) throws(TokenError) -> AccessToken {
        guard token.count <= Self.longestToken else { throw .tooLong }
        let (headerEnd, claimsEnd) = try Self.dots(in: token)
        let header = UnsafeRawBufferPointer(rebasing: token[...headerEnd])
        let key = try self.key(for: header)

        let signature = UnsafeRawBufferPointer(rebasing: token[(claimsEnd + 1)...])
        guard signature.count == Self.signatureCount, let code = Base64.decode(signature, as: .url) else {
            throw .malformed
        }
        let signed = UnsafeRawBufferPointer(rebasing: token[..<claimsEnd])
        guard code.withUnsafeBytes({ key.code.isValid($0, for: signed) }) else { throw .wrongSignature }

        let claims = UnsafeRawBufferPointer(rebasing: token[(headerEnd + 1)..<claimsEnd])
        guard let json = Base64.decode(claims, as: .url) else { throw .malformed }
        let access = try json.withUnsafeBufferPointer { (json) throws(TokenError) in
            try Self.read(UnsafeRawBufferPointer(json))
        }
        try Self.check(access, now)
        return access
    }

    private static func check(_ token: AccessToken, _ now: Timestamp) throws(TokenError) {
        let latest = now.milliseconds + Self.leeway.components.seconds * 1000
        guard token.notBefore.milliseconds <= latest, token.issuedAt.milliseconds <= latest else {
            throw .notYetValid
        }
        // RFC 7519 4.1.4: not accepted on or after this moment.
        guard now < token.expiresAt else { throw .expired }
    }

    private static func dots(in token: UnsafeRawBufferPointer) throws(TokenError) -> (first: Int, second: Int) {
        let dot = UInt8(ascii: ".")
        guard let first = token.firstIndex(of: dot), let second = token[(first + 1)...].firstIndex(of: dot),
            !token[(second + 1)...].contains(dot)
        else { throw .malformed }
        return (first, second)
    }

    private static func isEqual(_ expected: [UInt8], _ bytes: UnsafeRawBufferPointer) -> Bool {
        // Nothing of this is secret, so it may stop at the first difference.
        guard expected.count == bytes.count, let start = bytes.baseAddress else { return false }
        // Safety: both are valid for their common count.
        return expected.withUnsafeBytes { $0.baseAddress.map { memcmp($0, start, bytes.count) == 0 } ?? false }
    }

    private func key(for header: UnsafeRawBufferPointer) throws(TokenError) -> JWTKeys.Key {
        if let key = self.keys.first(where: { Self.isEqual($0.header, header) }) { return key }
        return try self.key(named: header.dropLast())
    }

    /// The key for a header that another program wrote with the same meaning: its members in another order, or with blanks.
    private func key(named header: Slice<UnsafeRawBufferPointer>) throws(TokenError) -> JWTKeys.Key {
        guard let json = Base64.decode(UnsafeRawBufferPointer(rebasing: header), as: .url) else { throw .malformed }
        return try json.withUnsafeBufferPointer { (json) throws(TokenError) in
            let json = UnsafeRawBufferPointer(json)
            guard let reader = try? JSONReader(json, limits: Self.limits), reader.root.kind == .object else {
                throw .malformed
            }
            // RFC 7515 4.1.11: a header with "crit", or anything else that we do not know, is not ours.
            guard reader.members.count == 3, let algorithm = reader["alg"], reader.isString(algorithm, "HS256"),
                let type = reader["typ"], reader.isString(type, "JWT"), let slice = reader["kid"],
                let id = reader.text(of: slice)
            else { throw .unsupportedHeader }
            guard let key = self.keys.first(where: { $0.id.utf8.elementsEqual(id.utf8) }) else { throw .unknownKey }
            return key
        }
    }

    // MARK: claims

    /// A claim that we do not know is left alone: a newer node may say more. One that comes twice is refused by the reader.
    private static func read(_ json: UnsafeRawBufferPointer) throws(TokenError) -> AccessToken {
        guard let reader = try? JSONReader(json, limits: Self.limits), reader.root.kind == .object else {
            throw .malformed
        }
        guard let issuer = reader["iss"], reader.isString(issuer, AccessToken.issuer),
            let audience = reader["aud"], reader.isString(audience, AccessToken.audience)
        else { throw .foreign }
        var tenant: TenantID?
        if let slice = reader["tid"] {
            guard let raw = self.uuid(slice, in: reader) else { throw .wrongClaims }
            tenant = TenantID(raw: raw)
        }
        guard let user = self.uuid(reader["sub"], in: reader), let session = self.uuid(reader["sid"], in: reader),
            let id = self.uuid(reader["jti"], in: reader),
            let epoch = self.integer(reader["epoch"], in: reader, TokenEpoch.range),
            let issuedAt = self.integer(reader["iat"], in: reader, self.seconds),
            let notBefore = self.integer(reader["nbf"], in: reader, self.seconds),
            let expiresAt = self.integer(reader["exp"], in: reader, self.seconds), issuedAt <= expiresAt
        else { throw .wrongClaims }
        return AccessToken(
            id: TokenID(raw: id), user: UserID(raw: user), tenant: tenant, session: SessionID(raw: session),
            epoch: TokenEpoch(raw: epoch), issuedAt: issuedAt, notBefore: notBefore, expiresAt: expiresAt)
    }

    /// To the end of the year 9999, after which our calendar has no words.
    private static let seconds: ClosedRange<Int64> = 0...253_402_300_799

    private static func uuid(_ slice: JSONSlice?, in reader: JSONReader) -> UInt128? {
        guard let slice, slice.kind == .string, !slice.hasEscapes else { return nil }
        return UUIDText.parse(UnsafeRawBufferPointer(rebasing: reader.bytes(of: slice).dropFirst().dropLast()))
    }

    /// Digits only: a time with a fraction or an exponent is none of ours.
    private static func integer(
        _ slice: JSONSlice?, in reader: JSONReader, _ range: ClosedRange<Int64>
    ) -> Int64? {
        guard let slice, slice.kind == .number else { return nil }
        let digits = reader.bytes(of: slice)
        guard digits.count <= 16 else { return nil }
        var value: Int64 = 0
        for digit in digits {
            guard case UInt8(ascii: "0")...UInt8(ascii: "9") = digit else { return nil }
            value = value * 10 + Int64(digit - UInt8(ascii: "0"))
        }
        return range.contains(value) ? value : nil
    }
}
