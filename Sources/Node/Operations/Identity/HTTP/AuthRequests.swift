internal import Crypto
internal import Ports
internal import Shared

/// Where a client keeps its refresh token.
enum ClientKind: String, CaseIterable, Sendable {
    /// In a cookie.
    case browser
    /// By itself.
    case native
}

/// A login: its body, and the device that the browser remembers to be.
struct LoginInput: RESTInput {
    let deviceCookie: DeviceID?
    let body: LoginRequest

    init(reading request: inout RESTReader) {
        self.deviceCookie = request.cookie(AuthCookies.deviceName).flatMap { DeviceID($0) }
        self.body = request.body()
    }
}

/// A refresh or a logout: what a browser sends by itself, or what another client says.
struct SessionInput: RESTInput {
    let refreshCookie: RefreshToken?
    let deviceCookie: DeviceID?
    let body: SessionRequest

    init(reading request: inout RESTReader) {
        self.refreshCookie = request.cookie(AuthCookies.refreshName).flatMap { RefreshToken($0) }
        self.deviceCookie = request.cookie(AuthCookies.deviceName).flatMap { DeviceID($0) }
        self.body = request.body()
    }
}

/// A change of password.
struct PasswordInput: RESTInput {
    let deviceCookie: DeviceID?
    let body: PasswordRequest

    init(reading request: inout RESTReader) {
        self.deviceCookie = request.cookie(AuthCookies.deviceName).flatMap { DeviceID($0) }
        self.body = request.body()
    }
}

/// One of the caller's sessions.
struct EndSessionInput: RESTInput {
    let session: SessionID

    init(reading request: inout RESTReader) { self.session = request.path("id", .id()) }
}

/// The body of a login.
struct LoginRequest: JSONDecodable, Sendable {
    let email: LoginEmail?
    let password: String
    let device: DeviceID?
    let client: ClientKind

    init(fields: inout JSONFields) {
        self.email = fields.required("email", .loginEmail)
        self.password = fields.required("password", .string(PasswordRule.anyLength))
        self.device = fields.optional("device_id", .device)
        self.client = fields.optional("client", .oneOf(ClientKind.self)) ?? .browser
    }
}

/// The body of a refresh or a logout: empty for browsers.
struct SessionRequest: JSONDecodable, Sendable {
    let refreshToken: RefreshToken?
    let device: DeviceID?

    init(fields: inout JSONFields) {
        self.refreshToken = fields.optional("refresh_token", .refreshToken).flatMap { $0 }
        self.device = fields.optional("device_id", .device)
    }
}

/// The body of a change of password.
struct PasswordRequest: JSONDecodable, Sendable {
    let old: String
    let new: String
    let device: DeviceID?

    init(fields: inout JSONFields) {
        self.old = fields.required("password", .string(PasswordRule.anyLength))
        self.new = fields.required("new_password", .string(PasswordRule.anyLength))
        self.device = fields.optional("device_id", .device)
    }
}

extension JSONRule where Value == LoginEmail? {
    fileprivate static var loginEmail: Self {
        JSONRule<String>.string(1...LoginEmail.mostBytes).parsed(placeholder: nil) { text in
            LoginEmail(text).map { Optional($0) }
        }
    }
}

extension JSONRule where Value == RefreshToken? {
    fileprivate static var refreshToken: Self {
        JSONRule<String>.string(1...256).parsed(placeholder: nil) { text in RefreshToken(text).map { Optional($0) } }
    }
}

extension JSONRule where Value == DeviceID {
    fileprivate static var device: Self {
        JSONRule<String>.string(36...36).parsed(placeholder: DeviceID(raw: 0)) { DeviceID($0) }
    }
}
