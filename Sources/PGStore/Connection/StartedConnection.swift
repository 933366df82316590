internal import CPQ
internal import Glibc
internal import Shared

/// A `PGconn` on its way from the thread that looked up its host to the loop that will use it.
///
/// `PQconnectStart` asks the resolver, which may take seconds, so it never runs on a loop. (With several hosts in one URI, libpq
/// looks up those behind the first when it comes to them: such lists should name addresses.)
final class StartedConnection: Sendable {
    private let address: Locked<UInt>

    private init(_ pointer: OpaquePointer?) { self.address = Locked(UInt(bitPattern: pointer)) }

    deinit { PQfinish(self.take()) }

    /// The connection, for whoever asks first; `nil` if there was no memory for one.
    func take() -> OpaquePointer? {
        OpaquePointer(
            bitPattern: self.address.withLock { address in
                defer { address = 0 }
                return address
            })
    }

    /// Starts connecting on a thread of its own, and hands over what comes of it there.
    static func start(
        _ uri: Secret, applicationName: String, then: @escaping @Sendable (StartedConnection) -> Void
    ) throws(SystemError) {
        try spawnThread(named: "pg-connect") {
            let parameters = [
                ("dbname", String(decoding: uri.bytes, as: UTF8.self)), ("fallback_application_name", applicationName),
                ("client_encoding", "UTF8"),
            ]
            then(StartedConnection(Self.start(parameters)))
        }
    }

    private static func start(_ parameters: [(String, String)]) -> OpaquePointer? {
        let strings = parameters.flatMap { [strdup($0.0), strdup($0.1)] }
        defer { for string in strings { free(string) } }
        let keywords = stride(from: 0, to: strings.count, by: 2).map { UnsafePointer(strings[$0]) } + [nil]
        let values = stride(from: 1, to: strings.count, by: 2).map { UnsafePointer(strings[$0]) } + [nil]
        // Safety: both lists end with a null pointer, and libpq copies what it keeps.
        return PQconnectStartParams(keywords, values, 1)
    }
}
