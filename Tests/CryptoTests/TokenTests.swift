import Shared
import Testing

@testable import Crypto

/// Keys, a moment and a token for the suites below.
enum TokenFixture {
    static let moment = Timestamp(milliseconds: 1_700_000_000_000)
    static let first = key("k1", 0)
    static let second = key("k2", 100)

    static func key(_ id: String, _ start: UInt8) -> SigningKey {
        let text = (start..<start + 32).map { $0 }.withUnsafeBytes { Base64.encode($0) }
        guard let key = try? SigningKey(setting: "\(id):\(String(decoding: text, as: UTF8.self))") else {
            preconditionFailure("the test's own key")
        }
        return key
    }

    static func keys(_ keys: SigningKey...) throws -> JWTKeys { try JWTKeys(keys) }

    static func token(tenant: Bool = true, now: Timestamp = moment) -> AccessToken {
        AccessToken(
            id: TokenID(raw: 4), user: UserID(raw: 1), tenant: tenant ? TenantID(raw: 2) : nil,
            session: SessionID(raw: 3), epoch: TokenEpoch(raw: 7), now: now)
    }

    /// A token of any header and claims, rightly signed.
    static func signed(header: String, claims: String, with key: SigningKey = first) -> String {
        let parts = [header, claims].map { text in
            String(decoding: Array(text.utf8).withUnsafeBytes { Base64.encode($0, as: .url) }, as: UTF8.self)
        }
        let text = parts.joined(separator: ".")
        let code = Array(text.utf8).withUnsafeBytes { HMACSHA256.code(for: $0, key: key.secret.bytes) }
        let signature = code.span.withUnsafeBytes { Base64.encode($0, as: .url) }
        return text + "." + String(decoding: signature, as: UTF8.self)
    }

    /// Why a token is refused; `nil` if it is not.
    static func refusal(
        of token: String, at now: Timestamp = moment, by keys: [SigningKey] = [first]
    ) throws -> TokenError? {
        let verifier = TokenVerifier(try JWTKeys(keys))
        do throws(TokenError) {
            _ = try verifier.verify(token, now: now)
            return nil
        } catch {
            return error
        }
    }

    static let header = #"{"alg":"HS256","typ":"JWT","kid":"k1"}"#
    static let id = "00000000-0000-0000-0000-000000000001"

    /// Good claims, with some changed; `nil` leaves one out.
    static func claims(_ changes: KeyValuePairs<String, String?> = [:], more: String = "") -> String {
        var claims: [(String, String?)] = [
            ("iss", #""bellhop""#), ("aud", #""bellhop""#), ("sub", #""\#(id)""#), ("tid", #""\#(id)""#),
            ("sid", #""\#(id)""#), ("epoch", "7"), ("jti", #""\#(id)""#), ("iat", "1700000000"),
            ("nbf", "1700000000"), ("exp", "1700000900"),
        ]
        for (name, value) in changes {
            guard let index = claims.firstIndex(where: { $0.0 == name }) else { continue }
            claims[index].1 = value
        }
        return "{" + claims.compactMap { name, value in value.map { #""\#(name)":\#($0)"# } }.joined(separator: ",")
            + more + "}"
    }
}

@Suite struct TokenTests {
    @Test(arguments: [true, false]) func `what is signed is what is verified`(hasTenant: Bool) throws {
        let keys = try TokenFixture.keys(TokenFixture.first)
        let token = TokenFixture.token(tenant: hasTenant)
        let text = TokenSigner(keys).sign(token)
        #expect(text.utf8.count < 600)
        #expect(try TokenVerifier(keys).verify(text, now: TokenFixture.moment) == token)
        #expect(token.expiresAt.milliseconds == TokenFixture.moment.milliseconds + 900_000)
    }

    @Test func `the header says three things and no more`() throws {
        let text = TokenSigner(try TokenFixture.keys(TokenFixture.first)).sign(TokenFixture.token())
        let header = Array(text.utf8.prefix { $0 != UInt8(ascii: ".") })
        let json = header.withUnsafeBytes { Base64.decode($0, as: .url) }
        #expect(json == Array(TokenFixture.header.utf8))
    }

    /// Made with Python's hmac, base64 and json: another order of members, blanks, and a claim that is not ours.
    @Test func `a token that another program made with our key is good`() throws {
        let text =
            "eyJ0eXAiOiAiSldUIiwgImtpZCI6ICJrMSIsICJhbGciOiAiSFMyNTYifQ.eyJpc3MiOiAiYmVsbGhvcCIsICJhdWQiOiAiYmVsbGhvcC"
            + "IsICJzdWIiOiAiMDE5MGEwYjAtMDAwMC03MDAwLTgwMDAtMDAwMDAwMDAwMDAxIiwgInRpZCI6ICIwMTkwYTBiMC0wMDAwLTcwMDAtOD"
            + "AwMC0wMDAwMDAwMDAwMDIiLCAic2lkIjogIjAxOTBhMGIwLTAwMDAtNzAwMC04MDAwLTAwMDAwMDAwMDAwMyIsICJlcG9jaCI6IDcsIC"
            + "JqdGkiOiAiMDE5MGEwYjAtMDAwMC03MDAwLTgwMDAtMDAwMDAwMDAwMDA0IiwgImlhdCI6IDE3MDAwMDAwMDAsICJuYmYiOiAxNzAwMD"
            + "AwMDAwLCAiZXhwIjogMTcwMDAwMDkwMCwgImV4dHJhIjogWzFdfQ.T6c-h9-8i4MhITx_PRJoaPiloUIcvqokMbnxx0FM1hA"
        let token = try TokenVerifier(TokenFixture.keys(TokenFixture.first)).verify(text, now: TokenFixture.moment)
        #expect(token.user == UserID("0190a0b0-0000-7000-8000-000000000001"))
        #expect(token.tenant == TenantID("0190a0b0-0000-7000-8000-000000000002"))
        #expect(token.session == SessionID("0190a0b0-0000-7000-8000-000000000003"))
        #expect(token.id == TokenID("0190a0b0-0000-7000-8000-000000000004"))
        #expect(token.epoch == TokenEpoch(raw: 7) && token.expiresAt.milliseconds == 1_700_000_900_000)
    }

    @Test func `a changed key goes on verifying until it is taken away, and never signs again`() throws {
        let (first, second) = (TokenFixture.first, TokenFixture.second)
        let old = TokenSigner(try TokenFixture.keys(first)).sign(TokenFixture.token())
        let new = TokenSigner(try TokenFixture.keys(second, first)).sign(TokenFixture.token())
        #expect(try TokenFixture.refusal(of: old, by: [second, first]) == nil)
        #expect(try TokenFixture.refusal(of: new, by: [second, first]) == nil)
        #expect(try TokenFixture.refusal(of: new, by: [second]) == nil)
        #expect(try TokenFixture.refusal(of: old, by: [second]) == .unknownKey)
        #expect(try TokenFixture.refusal(of: new, by: [first]) == .unknownKey)
    }

    @Test func `keys are at least one, and each id is there once`() {
        #expect(throws: JWTKeysError.none) { try JWTKeys([]) }
        #expect(throws: JWTKeysError.duplicate(id: "k1")) {
            try JWTKeys([TokenFixture.first, TokenFixture.key("k1", 50)])
        }
    }

    @Test func `a key under another key's id does not verify`() throws {
        let forged = TokenFixture.key("k1", 50)
        let text = TokenSigner(try TokenFixture.keys(forged)).sign(TokenFixture.token())
        #expect(try TokenFixture.refusal(of: text) == .wrongSignature)
    }

    @Test func `no byte of a token can be changed, put in or taken out`() throws {
        let keys = try TokenFixture.keys(TokenFixture.first)
        let verifier = TokenVerifier(keys)
        let good = Array(TokenSigner(keys).sign(TokenFixture.token()).utf8)
        let isGood: ([UInt8]) -> Bool = { bytes in
            bytes.withUnsafeBytes { (try? verifier.verify($0, now: TokenFixture.moment)) != nil }
        }
        #expect(isGood(good))
        let classes: [UInt8] = Array("Aa0-_.=+/ \n\"".utf8) + [0, 0x80, 0xFF]
        for index in good.indices {
            var changed = good
            for byte in classes + [good[index] ^ 1, good[index] ^ 2, good[index] ^ 4] where byte != good[index] {
                changed[index] = byte
                if isGood(changed) { Issue.record("byte \(index) as \(byte) was accepted") }
            }
            changed = good
            changed.remove(at: index)
            if isGood(changed) { Issue.record("without byte \(index) it was accepted") }
            changed = good
            changed.insert(UInt8(ascii: "A"), at: index)
            if isGood(changed) { Issue.record("with a byte more at \(index) it was accepted") }
            if isGood(Array(good[..<index])) { Issue.record("the first \(index) bytes were accepted") }
        }
        for more in [".", "=", "A", "==", ".A", "\n", " "] { #expect(!isGood(good + Array(more.utf8))) }
    }

    @Test(arguments: [
        (#"{"alg":"none","typ":"JWT","kid":"k1"}"#, TokenError.unsupportedHeader),
        (#"{"alg":"None","typ":"JWT","kid":"k1"}"#, .unsupportedHeader),
        (#"{"alg":"hs256","typ":"JWT","kid":"k1"}"#, .unsupportedHeader),
        (#"{"alg":"HS512","typ":"JWT","kid":"k1"}"#, .unsupportedHeader),
        (#"{"alg":"RS256","typ":"JWT","kid":"k1"}"#, .unsupportedHeader),
        (#"{"alg":"HS256","typ":"JWT"}"#, .unsupportedHeader),
        (#"{"alg":"HS256","kid":"k1"}"#, .unsupportedHeader),
        (#"{"typ":"JWT","kid":"k1"}"#, .unsupportedHeader),
        (#"{"alg":"HS256","typ":"JWE","kid":"k1"}"#, .unsupportedHeader),
        (#"{"alg":"HS256","typ":"jwt","kid":"k1"}"#, .unsupportedHeader),
        (#"{"alg":"HS256","typ":"JWT","kid":1}"#, .unsupportedHeader),
        (#"{"alg":["HS256"],"typ":"JWT","kid":"k1"}"#, .unsupportedHeader),
        (#"{"alg":"HS256","typ":"JWT","kid":"k1","crit":["exp"]}"#, .unsupportedHeader),
        (#"{"alg":"HS256","typ":"JWT","kid":"k1","jwk":{"kty":"oct","k":"AA"}}"#, .unsupportedHeader),
        (#"{"alg":"HS256","alg":"none","typ":"JWT","kid":"k1"}"#, .malformed),
        (#"{"alg":"HS256","typ":"JWT","kid":"k1","kid":"k2"}"#, .malformed),
        (#"{"alg":"HS256","typ":"JWT","kid":"k9"}"#, .unknownKey),
        (#"{"alg":"HS256","typ":"JWT","kid":""}"#, .unknownKey),
        (#"{"alg":"HS256","typ":"JWT","kid":"../../dev/null"}"#, .unknownKey),
        (#"{"alg":"HS256","typ":"JWT","kid":"k1' OR 1=1"}"#, .unknownKey),
        (#"[]"#, .malformed), (#""#, .malformed), (#"{"#, .malformed), (#"null"#, .malformed),
    ])
    func `a header that says something else is refused, though it is rightly signed`(
        header: String, expected: TokenError
    ) throws {
        let text = TokenFixture.signed(header: header, claims: TokenFixture.claims())
        #expect(try TokenFixture.refusal(of: text) == expected)
    }

    @Test func `a token without a signature is refused`() throws {
        let text = TokenFixture.signed(
            header: #"{"alg":"none","typ":"JWT","kid":"k1"}"#, claims: TokenFixture.claims())
        let unsigned = text.split(separator: ".").prefix(2).joined(separator: ".")
        #expect(try TokenFixture.refusal(of: unsigned + ".") == .unsupportedHeader)
        #expect(try TokenFixture.refusal(of: unsigned) == .malformed)
        let good = TokenFixture.signed(header: TokenFixture.header, claims: TokenFixture.claims())
        let bare = good.split(separator: ".").prefix(2).joined(separator: ".")
        #expect(try TokenFixture.refusal(of: bare + ".") == .malformed)
        #expect(try TokenFixture.refusal(of: bare) == .malformed)
    }

    @Test(
        arguments: [
            ("iss", "\"other\"", TokenError.foreign), ("iss", nil, .foreign), ("iss", "[\"bellhop\"]", .foreign),
            ("aud", "\"other\"", .foreign), ("aud", nil, .foreign), ("aud", "[\"bellhop\"]", .foreign),
            ("sub", nil, .wrongClaims), ("sub", "1", .wrongClaims), ("sub", "\"\"", .wrongClaims),
            ("sub", "\"00000000-0000-0000-0000-00000000000g\"", .wrongClaims), ("tid", "null", .wrongClaims),
            ("tid", "\"*\"", .wrongClaims), ("sid", nil, .wrongClaims), ("jti", nil, .wrongClaims),
            ("epoch", nil, .wrongClaims), ("epoch", "-1", .wrongClaims), ("epoch", "7.0", .wrongClaims),
            ("epoch", "\"7\"", .wrongClaims), ("epoch", "9007199254740992", .wrongClaims),
            ("epoch", "99999999999999999999999999", .wrongClaims), ("exp", nil, .wrongClaims),
            ("exp", "1e99", .wrongClaims), ("exp", "\"1700000900\"", .wrongClaims), ("exp", "true", .wrongClaims),
            ("exp", "253402300800", .wrongClaims), ("exp", "1699999999", .wrongClaims), ("nbf", nil, .wrongClaims),
            ("iat", nil, .wrongClaims), ("iat", "-1", .wrongClaims), ("nbf", "1700000011", .notYetValid),
            ("iat", "1700000011", .notYetValid),
        ] as [(String, String?, TokenError)])
    func `a claim that is missing or wrong is refused`(name: String, value: String?, expected: TokenError) throws {
        let text = TokenFixture.signed(header: TokenFixture.header, claims: TokenFixture.claims([name: value]))
        #expect(try TokenFixture.refusal(of: text) == expected)
    }

    @Test func `good claims are good, unknown ones are left alone, and none comes twice`() throws {
        let header = TokenFixture.header
        let signed: (String) -> String = { TokenFixture.signed(header: header, claims: $0) }
        #expect(try TokenFixture.refusal(of: signed(TokenFixture.claims())) == nil)
        #expect(try TokenFixture.refusal(of: signed(TokenFixture.claims(["tid": nil]))) == nil)
        #expect(try TokenFixture.refusal(of: signed(TokenFixture.claims(more: #","x":{"y":[]}"#))) == nil)
        for more in [
            #","exp":1800000000"#, #","\u0065xp":1800000000"#, #","sub":"x""#, #","x":1,"x":2"#, "}", ",", "{}",
        ] {
            #expect(try TokenFixture.refusal(of: signed(TokenFixture.claims(more: more))) == .malformed)
        }
        let deep = String(repeating: "[", count: 500) + String(repeating: "]", count: 500)
        #expect(try TokenFixture.refusal(of: signed(TokenFixture.claims(more: #","x":\#(deep)"#))) == .malformed)
    }

    @Test func `a token is good from its beginning, with leeway, to its end, without`() throws {
        let text = TokenFixture.signed(
            header: TokenFixture.header,
            claims: TokenFixture.claims(["iat": "1700000000", "nbf": "1700000000", "exp": "1700000900"]))
        let at: (Int64) throws -> TokenError? = { milliseconds in
            try TokenFixture.refusal(of: text, at: Timestamp(milliseconds: 1_700_000_000_000 + milliseconds))
        }
        #expect(try at(-10_001) == .notYetValid)
        #expect(try at(-10_000) == nil)
        #expect(try at(0) == nil)
        #expect(try at(899_999) == nil)
        #expect(try at(900_000) == .expired)
        #expect(try at(901_000) == .expired)
    }

    @Test func `a token is read up to its limit`() throws {
        let fill: (Int) -> String = { count in
            TokenFixture.signed(
                header: TokenFixture.header,
                claims: TokenFixture.claims(more: #","x":"\#(String(repeating: "x", count: count))""#))
        }
        var count = 0
        while fill(count).utf8.count <= TokenVerifier.longestToken { count += 1 }
        #expect(try TokenFixture.refusal(of: fill(count - 1)) == nil)
        #expect(try TokenFixture.refusal(of: fill(count)) == .tooLong)
        #expect(try TokenFixture.refusal(of: String(repeating: ".", count: 2_000_000)) == .tooLong)
        #expect(try TokenFixture.refusal(of: "") == .malformed)
    }
}

@Suite struct SharedHMACTests {
    @Test(arguments: HMACSHA256Tests.cases)
    func `the codes of RFC 4231 come out each time`(key: [UInt8], text: [UInt8], code: String) {
        let authenticator = SharedHMACSHA256(key: key)
        for _ in 1...3 {
            let computed = text.withUnsafeBytes { authenticator.code(for: $0) }
            #expect(computed.span.withUnsafeBytes { Hexadecimal.encode($0) } == Array(code.utf8))
        }
    }

    @Test func `threads that use one key at once all get its codes`() throws {
        let authenticator = SharedHMACSHA256(key: [1, 2, 3])
        let wrong = Locked(0)
        let done = Semaphore()
        for thread in 0..<4 {
            try spawnThread(named: "hmac") {
                for count in 0..<500 {
                    let text = [UInt8](repeating: UInt8(thread), count: count)
                    let code = text.withUnsafeBytes { authenticator.code(for: $0) }
                    let expected = text.withUnsafeBytes { HMACSHA256.code(for: $0, key: [1, 2, 3]) }
                    if code.indices.contains(where: { code[$0] != expected[$0] }) { wrong.withLock { $0 += 1 } }
                }
                done.signal()
            }
        }
        for _ in 0..<4 { #expect(done.wait(within: .seconds(30))) }
        #expect(wrong.withLock { $0 } == 0)
    }
}
