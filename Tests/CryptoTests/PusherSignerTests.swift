import Shared
import Testing

@testable import Crypto

@Suite struct PusherSignerTests {
    private static func signer(_ setting: String = "4711:rt-key-1:rt-secret-1") throws -> PusherSigner {
        PusherSigner(try AppCredentials(setting: setting))
    }

    private static let presence = #"{"user_id": "7", "user_info": {"name": "Ada"}}"#

    /// Made with the protocol's Python SDK.
    @Test func `the signatures of another implementation come out`() throws {
        let signer = try Self.signer()
        let socket = try #require(PusherSocketID("123.456"))
        let room = try #require(PusherChannelName("private-room"))
        let presence = try #require(PusherChannelName("presence-room"))
        #expect(
            signer.authorization(of: room, for: socket)
                == "rt-key-1:e6284b6f732a42ce2c2a3eb37f5dd7646aac765bbcb7d223626f3420118619f2")
        #expect(
            signer.authorization(of: presence, for: socket, channelData: Self.presence)
                == "rt-key-1:1dd1234c57447dec2632c3b18b41e229a2ed03caf2754478322d0ccef1305e2a")
        #expect(
            signer.authentication(of: socket, userData: #"{"id": "7", "watchlist": ["8", "9"]}"#)
                == "rt-key-1:bf093ec64444c4fbce112bd54a2c9145c64824146350b4204a92a96e600b5c88")
    }

    @Test func `a signature is good for one app, socket, channel and text only`() throws {
        let signer = try Self.signer()
        let socket = try #require(PusherSocketID("123.456"))
        let channel = try #require(PusherChannelName("presence-room"))
        let text = signer.authorization(of: channel, for: socket, channelData: Self.presence)
        #expect(signer.isValid(text, of: channel, for: socket, channelData: Self.presence))
        let other = try #require(PusherChannelName("presence-roon"))
        #expect(!signer.isValid(text, of: other, for: socket, channelData: Self.presence))
        let next = try #require(PusherSocketID("123.457"))
        #expect(!signer.isValid(text, of: channel, for: next, channelData: Self.presence))
        #expect(!signer.isValid(text, of: channel, for: socket, channelData: Self.presence + " "))
        #expect(!signer.isValid(text, of: channel, for: socket, channelData: nil))
        #expect(!signer.isValid(text, of: socket, userData: Self.presence))
        let stranger = try Self.signer("4711:rt-key-1:another")
        #expect(!stranger.isValid(text, of: channel, for: socket, channelData: Self.presence))
        let renamed = try Self.signer("4711:rt-key-2:rt-secret-1")
        #expect(!renamed.isValid(text, of: channel, for: socket, channelData: Self.presence))
    }

    @Test func `no text counts as no text, empty or missing`() throws {
        let signer = try Self.signer()
        let socket = try #require(PusherSocketID("123.456"))
        let channel = try #require(PusherChannelName("private-room"))
        let text = signer.authorization(of: channel, for: socket, channelData: "")
        #expect(text == signer.authorization(of: channel, for: socket))
        #expect(signer.isValid(text, of: channel, for: socket, channelData: ""))
    }

    @Test func `a signature that is cut, changed or spelled otherwise is refused`() throws {
        let signer = try Self.signer()
        let socket = try #require(PusherSocketID("123.456"))
        let channel = try #require(PusherChannelName("private-room"))
        let good = signer.authorization(of: channel, for: socket)
        let signature = String(good.dropFirst("rt-key-1:".count))
        let others = [
            "", ":", "rt-key-1", "rt-key-1:", signature, ":" + signature, "rt-key-1::" + signature,
            "rt-key-1:" + signature.uppercased(), good + "0", String(good.dropLast()), good + ":", good + "\n",
            " " + good, "RT-KEY-1:" + signature, "rt-key-1:" + String(signature.reversed()),
            "rt-key-1:" + String(repeating: "0", count: 64),
        ]
        for text in others { #expect(!signer.isValid(text, of: channel, for: socket, channelData: nil)) }
    }

    @Test(arguments: ["123.456", "0.0", "1.1", "18446744073709551615.18446744073709551615"])
    func `an id of two numbers is a socket's`(text: String) {
        #expect(PusherSocketID(text)?.description == text)
    }

    /// The last ones would sign a sign-in or another channel if they were let through.
    @Test(arguments: [
        "", ".", "1", "1.", ".1", "1.2.3", "1..2", "-1.2", "+1.2", "1.2 ", " 1.2", "1.2\n", "\n1.2", "1,2", "a.b",
        "1.2a",
        "0x1.2", "1.2\0", "\u{0661}.\u{0662}", "1.\u{FF12}", "1e3.4", String(repeating: "1", count: 63) + ".1",
        "1.2:", "1.2:private-room", "1.2::user::{\"id\":\"1\"}", "1.2:user:", ":1.2",
    ])
    func `anything else is no socket's id and cannot be signed`(text: String) {
        #expect(PusherSocketID(text) == nil)
    }

    @Test(arguments: [
        ("a", false), ("private-room", true), ("presence-a_b-c=d@e,f.g;h", true), ("private-encrypted-cache-x", true),
        ("privateroom", false), ("presencex-y", false), ("cache-x", false), ("Private-x", false),
    ])
    func `a name of the alphabet is a channel's, and its prefix says whether it needs a signature`(
        text: String, needsAuthorization: Bool
    ) throws {
        let name = try #require(PusherChannelName(text))
        #expect(name.description == text && name.needsAuthorization == needsAuthorization)
    }

    @Test(arguments: [
        "", " ", "private room", "private-room\n", "private-r\u{F6}om", "private-room:", ":user:", "user:1",
        "#server-to-user-1", "private-\0", "private-a/b", "private-a%20b", "private-\u{212A}", "private-\"x\"",
        "private-{}", "tenant:1",
    ])
    func `anything else is no channel's name and cannot be signed`(text: String) {
        #expect(PusherChannelName(text) == nil)
    }

    @Test func `a name has its length and no more`() {
        #expect(PusherChannelName(String(repeating: "x", count: 164)) != nil)
        #expect(PusherChannelName(String(repeating: "x", count: 165)) == nil)
        #expect(PusherChannelName(String(repeating: "x", count: 200), longest: 200) != nil)
    }

    @Test func `cache channels are known by what they begin with`() {
        for name in ["cache-a", "cache-", "private-cache-a", "presence-cache-a", "private-encrypted-cache-a"] {
            #expect(PusherChannelName.isCached(name), "\(name)")
        }
        for name in [
            "", "-", "cache", "cached-a", "cache_a", "a-cache-", "private-cache", "private-encrypted-a",
            "private-encrypted-cache", "presence-encrypted-cache-a", "public-cache-a", "private-a-cache-b",
        ] {
            #expect(!PusherChannelName.isCached(name), "\(name)")
        }
    }
}
