import Crypto
import Shared
import Testing

@Suite struct SHA1Tests {
    @Test(arguments: [
        ("", "da39a3ee5e6b4b0d3255bfef95601890afd80709"),
        ("abc", "a9993e364706816aba3e25717850c26c9cd0d89d"),
        (
            "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
            "84983e441c3bd26ebaae4aa1f95129e5e54670f1"
        ),
    ])
    func `the digests of FIPS 180 come out`(text: String, digest: String) {
        let hashed = Array(text.utf8).withUnsafeBytes { SHA1.hash($0) }
        #expect(hashed.span.withUnsafeBytes { Hexadecimal.encode($0) } == Array(digest.utf8))
    }

    @Test func `a buffer without memory hashes like no bytes`() {
        let hashed = SHA1.hash(UnsafeRawBufferPointer(start: nil, count: 0))
        #expect(hashed[0] == 0xDA)
    }
}

@Suite struct SHA256Tests {
    @Test(arguments: [
        ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        (
            "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
        ),
    ])
    func `the digests of FIPS 180 come out`(text: String, digest: String) {
        #expect(Array(text.utf8).withUnsafeBytes { SHA256.hexadecimal($0) } == Array(digest.utf8))
    }
}

@Suite struct HMACSHA256Tests {
    /// RFC 4231 4.2, 4.3, 4.4 and 4.7: short keys, a key of one block's bytes and one that must be hashed first.
    static let cases: [(key: [UInt8], text: [UInt8], code: String)] = [
        (
            Array(repeating: 0x0B, count: 20), Array("Hi There".utf8),
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"
        ),
        (
            Array("Jefe".utf8), Array("what do ya want for nothing?".utf8),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        ),
        (
            Array(repeating: 0xAA, count: 20), Array(repeating: 0xDD, count: 50),
            "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"
        ),
        (
            Array(repeating: 0xAA, count: 131),
            Array("Test Using Larger Than Block-Size Key - Hash Key First".utf8),
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"
        ),
        ([], [], "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad"),
    ]

    @Test(arguments: Self.cases)
    func `the codes of RFC 4231 come out of a key that is used twice`(
        key: [UInt8], text: [UInt8], code: String
    ) {
        let authenticator = HMACSHA256(key: key)
        for _ in 1...2 {
            let computed = Self.code(for: text, under: authenticator)
            #expect(computed.span.withUnsafeBytes { Hexadecimal.encode($0) } == Array(code.utf8))
        }
    }

    @Test(arguments: 0..<32) func `a code with one wrong bit is refused`(index: Int) {
        let text = Array("tenant".utf8)
        let authenticator = HMACSHA256(key: text)
        let code = Self.code(for: text, under: authenticator)
        var bytes = code.indices.map { code[$0] }
        let isRight = Self.isValid(bytes, for: text, under: authenticator)
        #expect(isRight)
        bytes[index] ^= 0x10
        let isFlipped = Self.isValid(bytes, for: text, under: authenticator)
        let isCut = Self.isValid(Array(bytes.prefix(index)), for: text, under: authenticator)
        #expect(!isFlipped && !isCut)
    }

    static func code(for text: [UInt8], under key: borrowing HMACSHA256) -> HMACSHA256.Code {
        text.withUnsafeBytes { key.code(for: $0) }
    }

    static func isValid(_ code: [UInt8], for text: [UInt8], under key: borrowing HMACSHA256) -> Bool {
        text.withUnsafeBytes { text in code.withUnsafeBytes { code in key.isValid(code, for: text) } }
    }
}
