internal import Crypto
internal import Shared

/// Where a client keeps its refresh token.
enum ClientKind: String, CaseIterable, Sendable {
    /// In a cookie.
    case browser
    /// By itself.
    case native
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
