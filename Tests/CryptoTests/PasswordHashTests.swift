import Shared
import Testing

@testable import Crypto

@Suite struct ScryptTests {
    /// RFC 7914 12; its fourth example needs a gigabyte.
    static let examples = [
        (
            "", "", 4, 1, 1,
            "77d6576238657b203b19ca42c18a0497f16b4844e3074ae8dfdffa3fede21442fcd0069ded0948f8326a753a0fc81f17e8d3e0fb"
                + "2e0d3628cf35e20c38d18906"
        ),
        (
            "password", "NaCl", 10, 8, 16,
            "fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b3731622eaf30d92e22a3886ff109279d9830dac727afb9"
                + "4a83ee6d8360cbdfa2cc0640"
        ),
        (
            "pleaseletmein", "SodiumChloride", 14, 8, 1,
            "7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2d5432955613f0fcf62d49705242a9af9e61e85dc"
                + "0d651e40dfcf017b45575887"
        ),
    ]

    @Test(arguments: Self.examples)
    func `the keys of RFC 7914 come out`(
        password: String, salt: String, logN: Int, r: Int, p: Int, key: String
    ) throws {
        let cost = try #require(ScryptCost(logN: logN, r: r, p: p))
        let derived = try Array(password.utf8).withUnsafeBytes {
            try Scrypt.key(of: $0, salt: Array(salt.utf8), cost: cost, count: 64)
        }
        #expect(derived.withUnsafeBytes { Hexadecimal.encode($0) } == Array(key.utf8))
    }

    @Test(arguments: [
        (0, 8, 1), (25, 1, 1), (15, 0, 3), (15, 8, 0), (17, 8, 1), (16, 16, 1), (15, 8, 17), (16, 1, 1), (-1, 8, 1),
        (15, 65, 1), (15, Int.max, 1), (15, 8, Int.max), (Int.max, 8, 1),
    ])
    func `a cost beyond bounds is none`(logN: Int, r: Int, p: Int) {
        #expect(ScryptCost(logN: logN, r: r, p: p) == nil)
    }

    @Test(arguments: [(16, 8, 1), (15, 16, 1), (15, 8, 16), (10, 8, 64)])
    func `the costliest that is allowed runs within the memory that it is given`(logN: Int, r: Int, p: Int) throws {
        let cost = try #require(ScryptCost(logN: logN, r: r, p: p))
        // Every run of the mixing needs the same memory, so one of sixteen shows as much.
        guard p < 16 else { return #expect(cost.allowedBytes > 128 * UInt64(r) << UInt64(logN)) }
        _ = try PasswordHash(of: Secret("x".utf8), cost: cost)
    }
}

@Suite struct PasswordHashTests {
    static let cheap = ScryptCost(logN: 4, r: 1, p: 1) ?? .standard

    @Test func `a hash knows its password, also after it was stored, and no other`() throws {
        let password = Secret("correct horse \u{1F40E}".utf8)
        let hash = try PasswordHash(of: password, cost: Self.cheap)
        let stored = try #require(PasswordHash(stored: hash.stored))
        #expect(stored == hash && stored.stored == hash.stored)
        for (candidate, expected) in [
            ("correct horse \u{1F40E}", true), ("correct horse", false), ("", false),
            ("correct horse \u{1F40E} ", false), ("Correct horse \u{1F40E}", false),
        ] {
            #expect(try stored.matches(Secret(candidate.utf8)) == expected)
        }
    }

    @Test func `the standard is what was decided, and a hash of it is made and known`() throws {
        #expect(ScryptCost.standard == ScryptCost(logN: 15, r: 8, p: 3))
        let hash = try PasswordHash(of: Secret("demo".utf8))
        #expect(hash.stored.hasPrefix("$scrypt$ln=15,r=8,p=3$") && hash.stored.utf8.count == 22 + 22 + 1 + 43)
        #expect(!hash.needsRehash())
        #expect(try hash.matches(Secret("demo".utf8)))
    }

    /// Made by another implementation, with another cost.
    @Test func `a hash that passlib made is known`() throws {
        let text = "$scrypt$ln=16,r=8,p=1$aM15713r3Xsvxbi31lqr1Q$nFNh2CVHVjNldFVKDHDlm4CbdRSCdEBsjjJxD+iCs5E"
        let hash = try #require(PasswordHash(stored: text))
        #expect(try hash.matches(Secret("password".utf8)))
        #expect(hash.needsRehash())
    }

    @Test func `two hashes of one password have nothing in common`() throws {
        let password = Secret("same".utf8)
        let hashes = try (0..<2).map { _ in try PasswordHash(of: password, cost: Self.cheap) }
        #expect(hashes[0].salt != hashes[1].salt && hashes[0].key != hashes[1].key)
    }

    @Test func `the hash of an unknown account costs as much as ours and matches nothing`() throws {
        #expect(PasswordHash.unknowable().cost == .standard && !PasswordHash.unknowable().needsRehash())
        let hash = PasswordHash.unknowable(cost: Self.cheap)
        for password in ["", "password", hash.stored] { #expect(try !hash.matches(Secret(password.utf8))) }
    }

    static let salt = "AAECAwQFBgcICQoLDA0ODw"
    static let key = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"

    @Test func `the form that the refusals below are made of is a good one`() throws {
        let text = "$scrypt$ln=15,r=8,p=3$\(Self.salt)$\(Self.key)"
        #expect(try #require(PasswordHash(stored: text)).stored == text)
    }

    @Test(arguments: [
        "", "$", "$$$$", "scrypt$ln=15,r=8,p=3$\(salt)$\(key)", "$scrypt$ln=15,r=8,p=3$\(salt)",
        "$scrypt$ln=15,r=8,p=3$\(salt)$\(key)$", "$scrypt$ln=15,r=8,p=3$\(salt)$\(key)\n",
        " $scrypt$ln=15,r=8,p=3$\(salt)$\(key)", "$Scrypt$ln=15,r=8,p=3$\(salt)$\(key)",
        "$argon2id$ln=15,r=8,p=3$\(salt)$\(key)", "$scrypt$r=8,ln=15,p=3$\(salt)$\(key)",
        "$scrypt$ln=15,r=8$\(salt)$\(key)", "$scrypt$ln=15,r=8,p=3,$\(salt)$\(key)",
        "$scrypt$ln=015,r=8,p=3$\(salt)$\(key)", "$scrypt$ln=+15,r=8,p=3$\(salt)$\(key)",
        "$scrypt$ln=-1,r=8,p=3$\(salt)$\(key)", "$scrypt$ln=30,r=8,p=3$\(salt)$\(key)",
        "$scrypt$ln=15,r=8,p=9999999999999999999$\(salt)$\(key)", "$scrypt$ln=15,r=8,p=\u{0663}$\(salt)$\(key)",
        "$scrypt$ln=15,r=8,p=3$\(salt)=$\(key)", "$scrypt$ln=15,r=8,p=3$\(salt)==$\(key)",
        "$scrypt$ln=15,r=8,p=3$AAAA$\(key)", "$scrypt$ln=15,r=8,p=3$\(salt)$AAAA",
        "$scrypt$ln=15,r=8,p=3$\(salt)$\(key.dropLast())9", "$scrypt$ln=15,r=8,p=3$\(salt)$-\(key.dropFirst())",
        "$scrypt$ln=15,r=8,p=3$\(salt)$_\(key.dropFirst())", "$scrypt$ln=15,r=8,p=3$\(salt)$",
        "$scrypt$ln=15,r=8,p=3$$\(key)", "$scrypt$ln=15,r=8,p=3$\(salt)$\(String(repeating: "A", count: 300))",
        "$scrypt$ln=15,r=8,p=3$\(salt)$A\u{301}\(key.dropFirst())",
    ])
    func `anything but the one spelling of a hash is refused`(text: String) {
        #expect(PasswordHash(stored: text) == nil)
    }

    @Test func `nothing of a hash shows in a log`() throws {
        let hash = try #require(PasswordHash(stored: "$scrypt$ln=15,r=8,p=3$\(Self.salt)$\(Self.key)"))
        var dumped = ""
        dump(hash, to: &dumped)
        for text in ["\(hash)", String(reflecting: hash), dumped] {
            #expect(!text.contains("AAEC") && !text.contains("15"))
        }
    }
}
