import Crypto
import Shared
import Testing

@testable import Wire

@Suite struct PusherChannelDataTests {
    private static let user = UserID(raw: 0xA1)
    private static let session = SessionID(raw: 0x51)

    private static func data(tenant: TenantID? = TenantID(raw: 7)) -> PusherChannelData {
        PusherChannelData(
            user: self.user, tenant: tenant, session: self.session, epoch: TokenEpoch(raw: 3),
            signedAt: Timestamp(milliseconds: 1_700_000_000_999), expiresAt: Timestamp(milliseconds: 1_700_000_900_001))
    }

    @Test(arguments: [TenantID(raw: 7), nil]) func `what is written is read`(tenant: TenantID?) throws {
        let data = Self.data(tenant: tenant)
        #expect(PusherChannelData(text: data.text) == data)
        #expect(data.signedAt == Timestamp(milliseconds: 1_700_000_000_000))
    }

    @Test func `the text is what nodes of all versions agree on`() {
        #expect(
            Self.data().text
                == #"{"user_id":"00000000-0000-0000-0000-0000000000a1","tenant_id":"00000000-0000-0000-0000-000000000007","session":"00000000-0000-0000-0000-000000000051","epoch":3,"iat":1700000000,"exp":1700000900}"#
        )
    }

    @Test func `members of newer nodes are passed over`() {
        let text = Self.data().text.dropLast() + #","shoe_size":{"eu":42}}"#
        #expect(PusherChannelData(text: String(text)) == Self.data())
    }

    @Test func `what others may see of the user is taken over as it is`() throws {
        let text = String(Self.data().text.dropLast() + #","user_info":{"name": "A"}}"#)
        let data = try #require(PusherChannelData(text: text))
        #expect(String(decoding: data.userInfo, as: UTF8.self) == #"{"name": "A"}"# && data.text == text)
        // For a channel and for a sign-in it is not the same text: one is never taken for the other.
        #expect(PusherChannelData(userText: text) == nil && PusherChannelData(text: data.userText) == nil)
        #expect(PusherChannelData(userText: data.userText) == data)
    }

    @Test(
        arguments: ["user_id", "tenant_id", "session", "epoch", "iat", "exp"],
        [
            "", "7", "-1", "1.5", "1e30", "9223372036854775807", "\"\"", "\"7\"", "[]", "true", "null",
        ])
    func `what is not of the form is nothing`(member: String, value: String) throws {
        // What each member may be.
        if member == "tenant_id", value == "null" { return }
        if ["epoch", "iat", "exp"].contains(member), value == "7" { return }
        if member == "epoch", value == "9223372036854775807" { return }
        guard case .object(var object) = try JSONValue(parsing: Array(Self.data().text.utf8)) else { return }
        // `nil` takes the member away.
        let other: JSONValue? = value.isEmpty ? Optional.none : .some(try JSONValue(parsing: Array(value.utf8)))
        object[member] = other
        let text = JSONWriter.text { $0.value(.object(object)) }
        #expect(PusherChannelData(text: String(decoding: text, as: UTF8.self)) == nil)
    }

    @Test(arguments: ["", "{", "[]", "null", String(repeating: "[", count: 5000)])
    func `what is no object is nothing`(text: String) {
        #expect(PusherChannelData(text: text) == nil)
    }

    @Test func `what is longer than any of ours is not looked at`() {
        let long = Self.data().text.dropLast() + #","user_info":"\#(String(repeating: "x", count: 4096))"}"#
        #expect(PusherChannelData(text: String(long)) == nil)
    }
}
