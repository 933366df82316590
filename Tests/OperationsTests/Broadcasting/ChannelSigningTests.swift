import Crypto
import Hotel
import Shared
import Testing
import Wire

@testable import Operations

@Suite struct ChannelSigningTests {
    private static let tenant = TenantID(raw: 7)
    private static let property = PropertyAddress(PropertyID(raw: 3), of: tenant)
    private static let user = UserID(raw: 0xA1)
    private static let now = Timestamp(milliseconds: 1_700_000_000_000)
    private static let socket = "123.456"

    private static func app() throws -> AppCredentials { try AppCredentials(setting: "hotel:own-key:a-long-secret") }

    private static func signing() throws -> ChannelSigning { ChannelSigning(app: try self.app(), clock: { self.now }) }

    /// Somebody at the front desk, and what there is in the tenant.
    private struct Someone {
        var caller: RESTCaller
        var directory: TenantDirectory
    }

    private static func someone(
        _ user: UserID = user, tenant status: TenantStatus = .active, expires seconds: Int64 = 600
    ) -> Someone {
        let actor = Actor.user(
            self.user, name: "A", tenant: self.tenant,
            assignments: [RoleAssignment(.frontDeskAgent, property: self.property.property)])
        let token = AccessToken(
            user: user, tenant: self.tenant, session: SessionID(raw: 0x51), epoch: TokenEpoch(raw: 3), now: self.now,
            lifetime: .seconds(seconds))
        return Someone(
            caller: RESTCaller(token, actor: actor),
            directory: TenantDirectory(self.tenant, status: status, properties: [self.property.property: []]))
    }

    private static func form(_ channel: String, socket: String = socket) -> [UInt8] {
        Array("socket_id=\(socket)&channel_name=\(channel)".utf8)
    }

    private static let formType = "application/x-www-form-urlencoded"

    private func answer(
        _ body: [UInt8], _ type: String? = ChannelSigningTests.formType, _ who: Someone
    ) throws -> (auth: String, data: String) {
        let text = try Self.signing().answer(body: body, contentType: type, for: who.caller, in: who.directory)
        guard case .object(let object) = try JSONValue(parsing: text), case .string(let auth) = object["auth"],
            case .string(let data) = object["channel_data"]
        else { throw Refusal(.internalError) }
        #expect(object.members.map(\.name) == ["auth", "channel_data"])
        return (auth, data)
    }

    private func code(_ body: () throws -> (auth: String, data: String)) -> RefusalCode? {
        do {
            _ = try body()
            return nil
        } catch {
            return (error as? Refusal)?.code
        }
    }

    @Test(arguments: [
        "private-tenant.00000000-0000-0000-0000-000000000007", "private-user.00000000-0000-0000-0000-0000000000a1",
        "private-tenant.00000000-0000-0000-0000-000000000007.property.00000000-0000-0000-0000-000000000003.frontdesk",
    ])
    func `what is signed is what a node checks`(channel: String) throws {
        let json = Array(#"{"channel_name":"\#(channel)","socket_id":"123.456","_token":7}"#.utf8)
        let requests: [(body: [UInt8], type: String)] = [
            (Self.form(channel), Self.formType), (Self.form(channel), Self.formType.uppercased() + "; charset=UTF-8"),
            (Array("_token=x&channel_name=\(channel)&socket_id=123%2E456".utf8), Self.formType),
            (json, "application/json"), (json, "application/json;charset=utf-8"),
        ]
        let name = try #require(PusherChannelName(channel))
        let socket = try #require(PusherSocketID(Self.socket))
        for request in requests {
            let (auth, text) = try self.answer(request.body, request.type, Self.someone())
            let signer = PusherSigner(try Self.app())
            #expect(signer.isValid(auth, of: name, for: socket, channelData: text))
            let data = try #require(PusherChannelData(text: text))
            #expect(data.user == Self.user && data.tenant == Self.tenant && data.session == SessionID(raw: 0x51))
            #expect(data.epoch == TokenEpoch(raw: 3) && data.signedAt == Self.now)
            #expect(data.expiresAt == Timestamp(milliseconds: Self.now.milliseconds + 600_000))
        }
    }

    @Test(arguments: [
        "private-tenant.00000000-0000-0000-0000-000000000008", "private-user.00000000-0000-0000-0000-0000000000a2",
        "private-tenant.00000000-0000-0000-0000-000000000007.property.00000000-0000-0000-0000-000000000003.finance",
        "private-tenant.00000000-0000-0000-0000-000000000007.property.00000000-0000-0000-0000-000000000009",
        "private-system.admin", "private-nothing", "announcements", "tenant.00000000-0000-0000-0000-000000000007",
        "user.00000000-0000-0000-0000-0000000000a1",
        "presence-tenant.00000000-0000-0000-0000-000000000007.property.00000000-0000-0000-0000-000000000009",
        "presence-thread.room.00000000-0000-0000-0000-000000000003",
        "private-tenant.00000000-0000-0000-0000-00000000000A",
    ])
    func `what the caller may not hear is not signed, whether it is there or not`(channel: String) {
        #expect(self.code { try self.answer(Self.form(channel), Self.formType, Self.someone()) } == .forbidden)
    }

    @Test func `of presence channels it is signed what others see`() throws {
        let channel = DomainChannel.propertyPresence(Self.property).name
        let (auth, text) = try self.answer(Self.form(channel), Self.formType, Self.someone())
        let data = try #require(PusherChannelData(text: text))
        #expect(String(decoding: data.userInfo, as: UTF8.self) == #"{"name":"A","role":"front_desk_agent"}"#)
        let (name, socket) = (try #require(PusherChannelName(channel)), try #require(PusherSocketID(Self.socket)))
        #expect(PusherSigner(try Self.app()).isValid(auth, of: name, for: socket, channelData: text))
    }

    @Test func `a sign-in says who the caller is, and is none of a channel`() throws {
        let someone = Self.someone()
        for (body, type) in [
            ("socket_id=\(Self.socket)&channel_name=x", Self.formType),
            (#"{"socket_id":"\#(Self.socket)"}"#, "application/json"),
        ] {
            let answer = try Self.signing().answer(userBody: Array(body.utf8), contentType: type, for: someone.caller)
            let value = try JSONValue(parsing: answer)
            let (auth, text) = (try #require(value["auth"]?.text), try #require(value["user_data"]?.text))
            let data = try #require(PusherChannelData(userText: text))
            #expect(data.user == Self.user && data.session == SessionID(raw: 0x51))
            let socket = try #require(PusherSocketID(Self.socket))
            #expect(PusherSigner(try Self.app()).isValid(auth, of: socket, userData: text))
        }
        for (body, code) in [
            ("", RefusalCode.validationFailed), ("socket_id=1:user:2", .validationFailed),
            ("socket_id=1&socket_id=1", .validationFailed),
        ] {
            #expect(
                self.code {
                    let signing = try Self.signing()
                    _ = try signing.answer(userBody: Array(body.utf8), contentType: Self.formType, for: someone.caller)
                    return ("", "")
                } == code, "\(body)")
        }
        #expect(throws: Refusal.self) {
            _ = try Self.signing().answer(
                userBody: Array("socket_id=\(Self.socket)".utf8), contentType: Self.formType,
                for: Self.someone(expires: 0).caller)
        }
    }

    @Test func `who may not work any more is refused`() {
        let channel = DomainChannel.tenant(Self.tenant).name
        let (suspended, late) = (Self.someone(tenant: .suspended), Self.someone(expires: 0))
        #expect(self.code { try self.answer(Self.form(channel), Self.formType, suspended) } == .forbidden)
        #expect(self.code { try self.answer(Self.form(channel), Self.formType, late) } == .tokenExpired)
        // The actor is somebody else than the token's user: our own mistake signs nothing.
        let other = Self.someone(UserID(raw: 0xA2))
        #expect(self.code { try self.answer(Self.form(channel), Self.formType, other) } == .forbidden)
    }

    @Test(arguments: [
        // A name with a colon would be a sign-in's text.
        ("socket_id=1.2&channel_name=%3Auser%3A%3A%7B%7D", RefusalCode.validationFailed),
        ("socket_id=1.2%3A%3Auser%3A%3A&channel_name=a", .validationFailed),
        ("socket_id=&channel_name=a", .validationFailed), ("socket_id=1&channel_name=a", .validationFailed),
        ("socket_id=1.2.3&channel_name=a", .validationFailed), ("socket_id=-1.2&channel_name=a", .validationFailed),
        ("socket_id=1.2", .validationFailed), ("channel_name=a", .validationFailed), ("", .validationFailed),
        ("socket_id=1.2&channel_name=", .validationFailed), ("socket_id=1.2&channel_name=a+b", .validationFailed),
        ("socket_id=1.2&socket_id=1.3&channel_name=a", .validationFailed),
        ("socket_id=1.2&channel_name=a&channel_name=a", .validationFailed),
        ("socket_id=1.2&channel_name=%zz", .malformedRequest), ("socket_id=1.2&channel_name=a%00", .malformedRequest),
        ("socket_id=1.2&channel_name=%FF", .malformedRequest),
    ])
    func `a form that is wrong is refused`(text: String, refused: RefusalCode) {
        #expect(self.code { try self.answer(Array(text.utf8), Self.formType, Self.someone()) } == refused)
    }

    @Test(arguments: [
        ("", RefusalCode.malformedJSON), ("[]", .malformedJSON), ("{", .malformedJSON), ("{}", .validationFailed),
        (#"{"socket_id":1.2,"channel_name":"a"}"#, .validationFailed),
        (#"{"socket_id":"1.2","channel_name":["a"]}"#, .validationFailed),
        (#"{"socket_id":"1.2","socket_id":"1.3","channel_name":"a"}"#, .malformedJSON),
        (#"{"socket_id":"1.2\n","channel_name":"a"}"#, .validationFailed),
    ])
    func `JSON that is wrong is refused`(text: String, refused: RefusalCode) {
        #expect(self.code { try self.answer(Array(text.utf8), "application/json", Self.someone()) } == refused)
    }

    @Test func `other types and long bodies are refused`() {
        let body = Self.form("a")
        for type in [nil, "", "text/plain", "application/jsonp", "multipart/form-data"] {
            #expect(self.code { try self.answer(body, type, Self.someone()) } == .unsupportedMediaType)
        }
        let long = [UInt8](repeating: UInt8(ascii: "a"), count: ChannelSigning.longestBody + 1)
        #expect(self.code { try self.answer(long, Self.formType, Self.someone()) } == .payloadTooLarge)
    }
}
