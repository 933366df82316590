internal import Glibc
internal import Ports
internal import Shared
internal import Wire

extension ThrottleKey {
    static func account(_ email: LoginEmail) -> ThrottleKey { ThrottleKey(.account, email.description) }

    static func address(_ address: IPAddress) -> ThrottleKey { ThrottleKey(.address, self.network(of: address)) }

    static func pair(_ email: LoginEmail, _ address: IPAddress) -> ThrottleKey {
        ThrottleKey(.pair, email.description, self.network(of: address))
    }

    static func device(_ email: LoginEmail, _ device: DeviceID) -> ThrottleKey {
        ThrottleKey(.device, email.description, device.description)
    }

    /// Of IPv6 the first 64 bits, which is the least that anybody is given: the rest may be another one each time.
    private static func network(of address: IPAddress) -> String {
        let text = address.description
        guard !address.isIPv4 else { return text }
        var bytes = in6_addr()
        guard inet_pton(AF_INET6, text, &bytes) == 1 else { return text }
        // Safety: `bytes` lives here and has sixteen bytes.
        let network = withUnsafeBytes(of: &bytes) { Hexadecimal.encode(UnsafeRawBufferPointer(rebasing: $0.prefix(8))) }
        return String(decoding: network, as: UTF8.self)
    }
}
