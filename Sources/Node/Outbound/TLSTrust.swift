internal import CTLS
internal import Shared

/// Which servers are believed: shared by all connections, from any thread.
final class TLSTrust: Sendable {
    // Safety: made in `init`, freed in `deinit`; libssl locks what it changes. A number, because a pointer may not cross threads.
    private let client: UInt

    /// - Returns: `nil` if the file cannot be read, or libssl has no TLS.
    init?(authorities: String?) {
        guard let client = bellhop_tls_client_new(authorities) else { return nil }
        self.client = UInt(bitPattern: client)
    }

    deinit { bellhop_tls_client_free(OpaquePointer(bitPattern: self.client)) }

    /// A connection over a socket that must prove to be `host`; to be freed by the caller.
    func open(_ descriptor: CInt, as host: String, isAddress: Bool) -> OpaquePointer? {
        bellhop_tls_open(OpaquePointer(bitPattern: self.client), descriptor, host, isAddress ? 1 : 0)
    }
}

/// Makes the trust when it is needed first: reading the system's authorities takes time and memory. From any thread that may
/// block.
final class TrustKeeper: Sendable {
    private let made = Locked<TLSTrust?>(nil)
    private let authorities: String?

    init(authorities: String?) { self.authorities = authorities }

    /// - Returns: `nil` if it cannot be made now.
    func trust() -> TLSTrust? {
        self.made.withLock { made in
            if made == nil { made = TLSTrust(authorities: self.authorities) }
            return made
        }
    }
}
