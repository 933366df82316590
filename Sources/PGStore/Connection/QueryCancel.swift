internal import CPQ
internal import Glibc
internal import Shared

/// The right to ask the server to give up what a connection is waiting for. It survives the connection.
///
/// The request goes over a connection of its own and is waited for, so it has a thread of its own.
struct QueryCancel: ~Copyable {
    private let raw: OpaquePointer

    init?(_ connection: OpaquePointer) {
        guard let raw = PQgetCancel(connection) else { return nil }
        self.raw = raw
    }

    deinit { PQfreeCancel(self.raw) }

    /// Asks, and says on the asking thread when the server has been told or cannot be reached.
    consuming func request(then: @escaping @Sendable () -> Void) {
        let address = UInt(bitPattern: self.raw)
        discard self
        do throws(SystemError) {
            try spawnThread(named: "pg-cancel") {
                // Safety: this thread is now the only owner.
                let raw = OpaquePointer(bitPattern: address)
                withUnsafeTemporaryAllocation(of: CChar.self, capacity: 256) { message in
                    _ = PQcancel(raw, message.baseAddress, CInt(message.count))
                }
                PQfreeCancel(raw)
                then()
            }
        } catch {
            PQfreeCancel(OpaquePointer(bitPattern: address))
            then()
        }
    }
}
