internal import Crypto
internal import Shared
internal import Wire

/// The cookies in which a browser keeps what its pages must not see: the refresh token, and which device it is.
///
/// They are sent to `/v1/auth` alone and never from another site, and no script can read them.
enum AuthCookies {
    static let refreshName = "bellhop_refresh"
    static let deviceName = "bellhop_device"
    private static let rules = "Path=/v1/auth; HttpOnly; Secure; SameSite=Strict"
    /// Browsers keep none for longer.
    private static let deviceLife = Duration.seconds(400 * 86_400)

    /// What a browser sent of them.
    struct Sent {
        var refresh: RefreshToken?
        var device: DeviceID?
    }

    /// Reads the cookies of a request. One that comes twice counts as none: another site of the same domain may have planted it.
    static func read(_ request: HTTPRequest) -> Sent {
        var values: [String: [Substring]] = [:]
        for field in request.fields where field.name.lowercased() == "cookie" {
            for item in field.value.split(separator: ";") {
                let parts = item.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
                let name = String(parts[0].drop { $0 == " " || $0 == "\t" })
                guard parts.count == 2, name == self.refreshName || name == self.deviceName else { continue }
                values[name, default: []].append(parts[1])
            }
        }
        let single: (String) -> Substring? = { name in values[name].flatMap { $0.count == 1 ? $0[0] : nil } }
        return Sent(
            refresh: single(self.refreshName).flatMap { RefreshToken($0) },
            device: single(self.deviceName).flatMap { DeviceID($0) })
    }

    /// Lets the browser keep a refresh token. It lives as long as the family can, at most: the server knows when it ends.
    static func set(_ token: RefreshToken, on response: inout HTTPResponse) {
        self.set(self.refreshName, token.text, RefreshRotation.idleLife, on: &response)
    }

    /// Lets the browser know itself again.
    static func set(_ device: DeviceID, on response: inout HTTPResponse) {
        self.set(self.deviceName, device.description, self.deviceLife, on: &response)
    }

    /// Takes the refresh token away; the device stays known.
    static func clear(on response: inout HTTPResponse) {
        self.set(self.refreshName, "", .zero, on: &response)
    }

    private static func set(_ name: String, _ value: String, _ life: Duration, on response: inout HTTPResponse) {
        response.setField("Set-Cookie", "\(name)=\(value); \(self.rules); Max-Age=\(life.components.seconds)")
    }
}
