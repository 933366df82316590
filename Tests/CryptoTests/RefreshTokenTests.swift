import Shared
import Testing

@testable import Crypto

@Suite struct RefreshTokenTests {
    @Test func `a token reads back as itself and shares only its family with the next`() throws {
        let token = RefreshToken.first()
        let read = try #require(RefreshToken(token.text))
        #expect(read == token && read.hash == token.hash && read.familyHash == token.familyHash)
        #expect(token.text.utf8.count == RefreshToken.textCount)
        let next = token.next()
        #expect(next.familyHash == token.familyHash && next.hash != token.hash && next != token)
        #expect(RefreshToken.first().familyHash != token.familyHash)
        #expect(token.hash != token.familyHash && token.hash.bytes.count == 32)
    }

    @Test func `what is stored is the SHA-256 of what was drawn`() throws {
        let token = try #require(RefreshToken(String(repeating: "A", count: 64)))
        let zeros = [UInt8](repeating: 0, count: 32).withUnsafeBytes { SHA256.hexadecimal($0) }
        #expect(token.hash.bytes.withUnsafeBytes { Hexadecimal.encode($0) } == zeros)
        #expect(TokenHash(stored: token.hash.bytes) == token.hash)
        #expect(TokenHash(stored: Array(token.hash.bytes.dropLast())) == nil)
    }

    @Test func `anything but the one spelling is no token`() {
        let good = RefreshToken.first().text
        let others = [
            "", String(good.dropLast()), good + "A", good + "=", " " + good.dropFirst(), "+" + good.dropFirst(),
            "=" + good.dropFirst(), String(repeating: "\u{E9}", count: 32), String(repeating: "A", count: 100_000),
        ]
        for text in others { #expect(RefreshToken(text) == nil) }
    }

    @Test func `nothing of a token shows in a log`() {
        let token = RefreshToken.first()
        var dumped = ""
        dump(token, to: &dumped)
        for text in ["\(token)", String(reflecting: token), dumped] { #expect(text.contains("redacted")) }
    }
}
