import Glibc
package import Shared

/// Reads a folder for `StaticFiles`, once at start; it blocks.
package enum StaticFolder {
    /// All regular files below `path`, without those whose name, or whose folder's name, begins with a dot.
    ///
    /// Symbolic links are left out: what is served lies in the folder.
    ///
    /// - Parameter limit: bytes of all files together; a larger folder is a mistake and throws `EFBIG`.
    package static func read(_ path: String, limit: Int = 64 << 20) throws(SystemError) -> [StaticFile] {
        var files: [StaticFile] = []
        var folders = [""]
        var room = limit
        while let folder = folders.popLast() {
            for name in try self.names(in: path + "/" + folder) where !name.hasPrefix(".") {
                let relative = folder.isEmpty ? name : folder + "/" + name
                var status = stat()
                try systemCall("lstat") { lstat(path + "/" + relative, &status) }
                switch status.st_mode & S_IFMT {
                case S_IFDIR:
                    folders.append(relative)
                case S_IFREG:
                    let bytes = try self.contents(of: path + "/" + relative, room: room)
                    room -= bytes.count
                    files.append(StaticFile(path: relative, bytes: bytes))
                default:
                    break
                }
            }
        }
        return files.sorted { $0.path < $1.path }
    }

    private static func names(in folder: String) throws(SystemError) -> [String] {
        guard let stream = opendir(folder) else { throw SystemError("opendir") }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            // Safety: the entry is valid until the next `readdir`, and its name ends with a zero byte.
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            names.append(name)
        }
        return names
    }

    private static func contents(of path: String, room: Int) throws(SystemError) -> [UInt8] {
        let file = CInt(try systemCall("open") { open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW) })
        defer { close(file) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = try systemCall("read") { Glibc.read(file, &chunk, chunk.count) }
            if count == 0 { return bytes }
            bytes += chunk[..<count]
            guard bytes.count <= room else { throw SystemError("read", errno: EFBIG) }
        }
    }
}
