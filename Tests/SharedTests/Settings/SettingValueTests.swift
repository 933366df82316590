import Foundation
import Testing

@testable import Shared

@Suite struct SettingValueTests {
    private static let key = String(repeating: "A", count: 43) + "="

    private func problem<Value>(_ body: () throws(SettingProblem) -> Value) -> String? {
        do throws(SettingProblem) {
            _ = try body()
            return nil
        } catch {
            return error.text
        }
    }

    @Test(arguments: 0...64)
    func `base64 of every length is read with and without padding, in both alphabets`(length: Int) {
        let bytes = (0..<length).map { UInt8(truncatingIfNeeded: $0 &* 167 &+ length &* 31) }
        let text = Data(bytes).base64EncodedString()
        #expect(Base64.decode(either: text) == bytes)
        #expect(Base64.decode(either: text.filter { $0 != "=" }) == bytes)
        #expect(Base64.decode(either: text.replacing("+", with: "-").replacing("/", with: "_")) == bytes)
    }

    @Test(arguments: [
        "A", "A===", "AA=", "AAA==", "AB", "AAB", "AA==AA==", "A A=", "AA==\n", "=", "==", "====", "AAAA=", "é===",
    ])
    func `what is not base64 is refused`(text: String) {
        #expect(Base64.decode(either: text) == nil)
    }

    @Test func `a signing key has a kid and at least 32 bytes`() throws {
        let key = try SigningKey(setting: "k-1.a_B:\(Self.key)")
        #expect(key.id == "k-1.a_B")
        #expect(key.secret == Secret([UInt8](repeating: 0, count: 32)))
        for text in [
            "", ":", "k1", "k1:", ":\(Self.key)", "k 1:\(Self.key)", "k1:\(Self.key.dropLast(4))", "k1:!\(Self.key)",
        ] {
            #expect(self.problem { () throws(SettingProblem) in try SigningKey(setting: text) } != nil, "\(text)")
        }
        let short = Data(repeating: 7, count: 31).base64EncodedString()
        #expect(
            self.problem { () throws(SettingProblem) in try SigningKey(setting: "k1:\(short)") }
                == "has a key of 31 bytes, and 32 are the least")
        let longest = String(repeating: "k", count: 64)
        #expect(try SigningKey(setting: "\(longest):\(Self.key)").id == longest)
        #expect(self.problem { () throws(SettingProblem) in try SigningKey(setting: "k\(longest):\(Self.key)") } != nil)
    }

    @Test func `an app has an id, a key and a secret, in which colons are allowed`() throws {
        let app = try AppCredentials(setting: "1:key:se:cr=et")
        #expect(app == (try AppCredentials(setting: "1:key:se:cr=et")))
        #expect(app.id == "1")
        #expect(app.key == "key")
        #expect(app.secret.bytes == Array("se:cr=et".utf8))
        for text in ["", "1", "1:key", "1:key:", ":key:s", "1::s", "1:k y:s", "1:key:s s", "1:key:s\u{7F}", "1:key:é"] {
            #expect(self.problem { () throws(SettingProblem) in try AppCredentials(setting: text) } != nil, "\(text)")
        }
        let longest = String(repeating: "s", count: 256)
        #expect(try AppCredentials(setting: "1:k:\(longest)").secret.bytes.count == 256)
        #expect(self.problem { () throws(SettingProblem) in try AppCredentials(setting: "1:k:s\(longest)") } != nil)
    }

    @Test func `no problem with a secret quotes it`() {
        let texts = [
            "hunter2", "hunter2:hunter2", "hunter2:hunter2:hunter2 x", "redis://hunter2@h", "redis://:hunter2@h:x",
            "redis://:hunter2@h/hunter2", "postgresql://hunter2:hunter2 @h", "postgresql://u:hunter2", "hunter2://x",
        ]
        for text in texts {
            let problems = [
                self.problem { () throws(SettingProblem) in try SigningKey(setting: text) },
                self.problem { () throws(SettingProblem) in try AppCredentials(setting: text) },
                self.problem { () throws(SettingProblem) in try RedisServer(setting: text) },
                self.problem { () throws(SettingProblem) in try DatabaseAddress(setting: text) },
            ]
            for problem in problems.compactMap(\.self) { #expect(!problem.contains("hunter2"), "\(text)") }
        }
    }

    @Test func `a secret shows nothing of itself however it is printed`() {
        let secret = Secret("hunter2".utf8)
        var dumped = ""
        dump([secret], to: &dumped)
        for text in ["\(secret)", String(reflecting: secret), String(describing: [secret]), dumped] {
            #expect(!text.contains("hunter2"))
            #expect(!text.contains("104"))
            #expect(text.contains("redacted"))
        }
    }

    @Test(arguments: [
        ("redis://127.0.0.1:6379", "redis://127.0.0.1:6379/0"), ("redis://h", "redis://h:6379/0"),
        ("redis://h/", "redis://h:6379/0"), ("redis://:p@h:1/5", "redis://:redacted@h:1/5"),
        ("redis://:p%40:%2F@[::1]:7/65535", "redis://:redacted@[::1]:7/65535"),
        ("redis://[::1]", "redis://[::1]:6379/0"),
        ("redis://:p@w@h", "redis://:redacted@h:6379/0"),
    ])
    func `a Redis URL is read and shown without its password`(text: String, shown: String) throws {
        #expect(try RedisServer(setting: text).description == shown)
    }

    @Test func `the password of a Redis URL is decoded`() throws {
        #expect(try RedisServer(setting: "redis://:p%40%3a@h").password == Secret("p@:".utf8))
        #expect(try RedisServer(setting: "redis://h").password == nil)
    }

    @Test(arguments: [
        "", "redis://", "redis://:6379", "rediss://h", "http://h", "redis://h:0", "redis://h:65536", "redis://h:+1",
        "redis://h:x", "redis://h/x", "redis://h/-1", "redis://h/65536", "redis://h/01", "redis://u:p@h", "redis://:@h",
        "redis://:p%4@h", "redis://[::1", "redis://[h]:1", "redis://h h", "redis://h/1/2", "redis://h:",
    ])
    func `what is no Redis URL is refused`(text: String) {
        #expect(self.problem { () throws(SettingProblem) in try RedisServer(setting: text) } != nil)
    }

    @Test(arguments: [
        ("postgresql://h/db", "postgresql://h/db"),
        ("postgres://u:p@h:5432/db?sslmode=require", "postgres://h:5432/db"),
        ("postgresql:///db?host=/run/postgresql", "postgresql:///db"),
        ("postgresql://u@h1:1,h2:2/db", "postgresql://h1:1,h2:2/db"),
        ("postgresql://u:p%40@[::1]:5432/db", "postgresql://[::1]:5432/db"),
        ("postgresql://u:1?w@h/db", "postgresql://redacted"),
        ("postgresql://u:1/w@h/db", "postgresql://redacted"),
        ("postgresql://h/db?user=a@b&password=p", "postgresql://redacted"),
        ("postgresql://h/db?password=p", "postgresql://h/db"),
    ])
    func `a database is shown without user, password and options`(text: String, shown: String) throws {
        let database = try DatabaseAddress(setting: text)
        #expect(database.description == shown)
        #expect(database.uri == Secret(text.utf8))
    }

    @Test(arguments: [
        "", "postgresql://", "mysql://h/db", "h/db", "host=h dbname=db", "postgresql://h/d b", "postgresql://h/%4",
        "postgresql://h:x/db", "postgresql://u:secret", "postgresql://h\n", "postgresql://h:99999/db",
        "postgresql://u:p?w@h/db",
    ])
    func `what is no database URI is refused`(text: String) {
        #expect(self.problem { () throws(SettingProblem) in try DatabaseAddress(setting: text) } != nil)
    }

    @Test func `an address has a host and a port and is written as it was read`() throws {
        for text in ["h:1", "10.0.0.5:8080", "[fd00::1]:65535", "node-1.example:80"] {
            #expect(try ServiceAddress(setting: text).description == text)
        }
        for text in ["", "h", "h:", "h:0", "h:65536", ":1", "[::1]", "::1:80", "[::1]1", "h:1:2", "-h:1", "h:1 "] {
            #expect(self.problem { () throws(SettingProblem) in try ServiceAddress(setting: text) } != nil, "\(text)")
        }
    }

    @Test func `a network is an address with a prefix length`() throws {
        let networks = [
            ("10.0.0.0/8", "10.0.0.0/8"), ("10.1.2.3", "10.1.2.3/32"), ("::1", "::1/128"), ("fd00::/0", "fd00::/0"),
            ("1.2.3.4/32", "1.2.3.4/32"), ("::/128", "::/128"),
        ]
        for (text, network) in networks { #expect(try NetworkText.network(text) == network) }
        for text in [
            "", "10.0.0.0/33", "::/129", "10.0.0/8", "h/8", "10.0.0.0/", "10.0.0.0/08", "10.0.0.0/-1", "1.2.3.4\0/8",
        ] {
            #expect(self.problem { () throws(SettingProblem) in try NetworkText.network(text) } != nil, "\(text)")
        }
    }

    @Test func `an origin is written as browsers send it`() throws {
        for text in ["https://a.example", "http://localhost:3000", "https://[::1]:8443", "http://a.example:443"] {
            #expect(try NetworkText.origin(text) == text)
        }
        for text in [
            "*", "null", "a.example", "https://", "https://a.example/", "https://A.example", "HTTPS://a.example",
            "https://a.example:443", "http://a.example:80", "https://a.example/x", "https://u@a.example", "ftp://a",
            "https://a b",
        ] {
            #expect(self.problem { () throws(SettingProblem) in try NetworkText.origin(text) } != nil, "\(text)")
        }
        #expect(
            self.problem { () throws(SettingProblem) in try NetworkText.origin("https://A.example:443") }
                == #""https://A.example:443" is not how browsers write it: https://a.example"#)
    }

    @Test(arguments: [
        ("", "", 0), ("a", "", 1), ("", "ab", 2), ("PORT", "PROT", 1), ("PORT", "PORTS", 1), ("PORT", "PART", 1),
        ("kitten", "sitting", 3), ("abcdef", "badcfe", 3),
    ])
    func `the distance of two words counts changes and swaps`(left: String, right: String, distance: Int) {
        #expect(Spelling.distance(Array(left.utf8), Array(right.utf8)) == distance)
        #expect(Spelling.distance(Array(right.utf8), Array(left.utf8)) == distance)
    }
}
