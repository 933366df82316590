internal import Glibc

/// Blocking writes to pipes and files.
enum PipeIO {
    /// Writes everything.
    ///
    /// - Returns: 0, or the error number of the write that failed.
    static func writeAll(_ bytes: [UInt8], to descriptor: CInt) -> CInt {
        var written = 0
        while written < bytes.count {
            // Safety: the pointer stays inside the array, which outlives the call.
            let count = bytes[written...].withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
            if count < 0 {
                if errno == EINTR { continue }
                return errno
            }
            written += count
        }
        return 0
    }
}
