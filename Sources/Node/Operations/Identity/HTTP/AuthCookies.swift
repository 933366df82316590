internal import Crypto
internal import Ports
internal import Shared

/// The cookies in which a browser keeps what its pages must not see: the refresh token, and which device it is.
///
/// They are sent to `/v1/auth` alone and never from another site, and no script can read them.
enum AuthCookies {
    typealias Field = (name: StaticString, value: String)

    static let refreshName = "bellhop_refresh"
    static let deviceName = "bellhop_device"
    private static let rules = "Path=/v1/auth; HttpOnly; Secure; SameSite=Strict"
    /// Browsers keep none for longer.
    private static let deviceLife = Duration.seconds(400 * 86_400)

    /// Lets the browser keep a refresh token. It lives as long as the family can, at most: the server knows when it ends.
    static func set(_ token: RefreshToken) -> Field {
        self.field(self.refreshName, token.text, RefreshRotation.idleLife)
    }

    /// Lets the browser know itself again.
    static func set(_ device: DeviceID) -> Field { self.field(self.deviceName, device.description, self.deviceLife) }

    /// Takes the refresh token away; the device stays known.
    static let clearing: [Field] = [Self.field(Self.refreshName, "", .zero)]

    private static func field(_ name: String, _ value: String, _ life: Duration) -> Field {
        ("Set-Cookie", "\(name)=\(value); \(self.rules); Max-Age=\(life.components.seconds)")
    }
}
