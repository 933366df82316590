internal import Glibc

/// A file that holds a secret, or another setting too long for a variable.
package struct SecretFile: Equatable, Sendable {
    /// Its whole content.
    package var content: [UInt8]
    /// Whether every user of the machine may read it.
    package var isOpenToAll: Bool

    /// Longest content that is read.
    package static let limitBytes = 65_536

    /// A file with this content.
    package init(content: [UInt8], isOpenToAll: Bool = false) {
        self.content = content
        self.isOpenToAll = isOpenToAll
    }

    /// Reads the file at `path`.
    package init(path: String) throws(SystemError) {
        var status = stat()
        try systemCall("stat") { stat(path, &status) }
        self.content = try FileBytes.read(path, limit: Self.limitBytes)
        self.isOpenToAll = status.st_mode & S_IROTH != 0
    }
}
