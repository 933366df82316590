import Glibc
import Shared
import Testing

@testable import Wire

/// A folder with some files that goes away with its test.
private final class TemporaryFolder {
    let path: String

    init() throws {
        var template = Array("/tmp/bellhop-static-XXXXXX".utf8CString)
        let path = try #require(mkdtemp(&template).map { String(cString: $0) })
        self.path = path
        for folder in ["/assets", "/.git"] { mkdir(path + folder, 0o755) }
        for file in ["/index.html", "/assets/app.js", "/.env", "/.git/config"] { try self.write(file, to: file) }
        symlink("/etc/passwd", path + "/link")
        symlink("/etc", path + "/folder")
    }

    private func write(_ text: String, to name: String) throws {
        let file = open(self.path + name, O_WRONLY | O_CREAT, 0o644)
        try #require(file >= 0)
        defer { close(file) }
        #expect(Glibc.write(file, text, text.utf8.count) == text.utf8.count)
    }

    deinit {
        for name in ["index.html", "assets/app.js", ".env", ".git/config", "link", "folder"] {
            unlink("\(self.path)/\(name)")
        }
        for name in ["assets", ".git", ""] { rmdir("\(self.path)/\(name)") }
    }
}

@Suite struct HTTPStaticFolderTests {
    @Test func `regular files are read, hidden ones and links are not`() throws {
        let folder = try TemporaryFolder()
        let files = try StaticFolder.read(folder.path)
        #expect(files.map(\.path) == ["assets/app.js", "index.html"])
        #expect(files.map { String(decoding: $0.bytes, as: UTF8.self) } == ["/assets/app.js", "/index.html"])
    }

    @Test func `a folder has a limit`() throws {
        let folder = try TemporaryFolder()
        #expect(try StaticFolder.read(folder.path, limit: 25).count == 2)
        #expect(throws: SystemError("read", errno: EFBIG)) { try StaticFolder.read(folder.path, limit: 24) }
    }

    @Test func `a missing folder is an error`() {
        #expect(throws: SystemError("opendir", errno: ENOENT)) { try StaticFolder.read("/nonexistent/bellhop") }
    }
}
