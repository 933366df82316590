internal import Glibc

/// Small files, read whole: settings, secrets and /proc. They block, so they are read at the start or off the event loops.
package enum FileBytes {
    /// The content of the file at `path`, which may be a pipe or in /proc, where a size cannot be known before.
    ///
    /// - Parameter limit: a longer file fails with `EFBIG`.
    package static func read(_ path: String, limit: Int) throws(SystemError) -> [UInt8] {
        let descriptor = try systemCall("open") { open(path, O_RDONLY | O_CLOEXEC) }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 16_384)
        while true {
            // Safety: the kernel writes at most as many bytes as the chunk holds.
            let count = try systemCall("read") {
                chunk.withUnsafeMutableBytes { Glibc.read(descriptor, $0.baseAddress, $0.count) }
            }
            if count == 0 { return bytes }
            bytes += chunk[..<count]
            if bytes.count > limit { throw SystemError("read", errno: EFBIG) }
        }
    }
}
