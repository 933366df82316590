package import Shared

/// Signs and checks who may subscribe and who a connection is, with one app's secret. Safe from any thread.
///
/// What is signed are a socket's id, a channel's name and a text, with colons between them. The first two are types whose
/// alphabets have no colon, so what was signed for one purpose can never be read as another: `socket:channel:data` has a name
/// where a sign-in, `socket::user::data`, has none.
package struct PusherSigner: Sendable {
    /// The app's key, which is public.
    let app: String
    private let code: SharedHMACSHA256

    package init(_ app: AppCredentials) {
        self.app = app.key
        self.code = SharedHMACSHA256(key: app.secret.bytes)
    }

    /// `KEY:SIGNATURE` for a subscription. An empty text counts as none.
    ///
    /// - Parameter channelData: to the byte as the client will send it.
    package func authorization(
        of channel: PusherChannelName, for socket: PusherSocketID, channelData: String? = nil
    ) -> String {
        self.authorization(Self.text(channel, socket, channelData))
    }

    /// Whether `authorization` is this app's for that subscription; in a time that tells nothing about where it differs.
    package func isValid(
        _ authorization: String, of channel: PusherChannelName, for socket: PusherSocketID, channelData: String?
    ) -> Bool {
        self.isValid(authorization, Self.text(channel, socket, channelData))
    }

    /// `KEY:SIGNATURE` for a sign-in.
    package func authentication(of socket: PusherSocketID, userData: String) -> String {
        self.authorization(Self.text(socket, userData))
    }

    /// Whether `authentication` is this app's for that sign-in.
    package func isValid(_ authentication: String, of socket: PusherSocketID, userData: String) -> Bool {
        self.isValid(authentication, Self.text(socket, userData))
    }

    private static func text(
        _ channel: PusherChannelName, _ socket: PusherSocketID, _ channelData: String?
    ) -> [UInt8] {
        var text = Array(socket.description.utf8)
        text.append(UInt8(ascii: ":"))
        text += channel.description.utf8
        guard let channelData, !channelData.isEmpty else { return text }
        text.append(UInt8(ascii: ":"))
        text += channelData.utf8
        return text
    }

    private static func text(_ socket: PusherSocketID, _ userData: String) -> [UInt8] {
        Array("\(socket)::user::\(userData)".utf8)
    }

    /// The signature of a text, in hexadecimal digits.
    package func signature(of text: [UInt8]) -> [UInt8] {
        let code = text.withUnsafeBytes { self.code.code(for: $0) }
        return code.span.withUnsafeBytes { Hexadecimal.encode($0) }
    }

    private func authorization(_ text: [UInt8]) -> String {
        "\(self.app):\(String(decoding: self.signature(of: text), as: UTF8.self))"
    }

    private func isValid(_ authorization: String, _ text: [UInt8]) -> Bool {
        // The key is public; neither it nor a signature has a colon.
        let parts = authorization.utf8.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
        guard parts.count == 2, parts[0].elementsEqual(self.app.utf8) else { return false }
        let presented = Array(parts[1])
        let expected = self.signature(of: text)
        return expected.withUnsafeBytes { expected in presented.withUnsafeBytes { constantTimeEqual(expected, $0) } }
    }
}
