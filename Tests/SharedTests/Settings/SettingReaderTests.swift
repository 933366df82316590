import Glibc
import Testing

@testable import Shared

@Suite struct SettingReaderTests {
    private static let port = Setting("APP_PORT", default: "8080", example: "8080", "port")
    private static let level = Setting("APP_LEVEL", default: "info", example: "info", "level")
    private static let isOn = Setting("APP_ON", default: "off", example: "on", "switch")
    private static let names = Setting("APP_NAMES", default: "none", example: "a,b", "names")
    private static let key = Setting("APP_KEY", default: nil, example: "s3cret", isSecret: true, "key")

    private static let all = [port, level, isOn, names, key]

    /// All of the above as one program would read them.
    private struct Program {
        var port: UInt16 = 8_080
        var level = LogLevel.info
        var isOn = false
        var names = ["default"]
        var key = ""
        var warnings: [String] = []

        init(_ environment: [String: String], files: [String: SecretFile] = [:]) throws(ConfigurationError) {
            var reader = SettingReader(
                environment, settings: SettingReaderTests.all, prefix: "APP_", foreign: ["APP_FOREIGN"]
            ) { (path) throws(SystemError) in
                guard let file = files[path] else { throw SystemError("open", errno: ENOENT) }
                return file
            }
            reader.read(SettingReaderTests.port, into: &self.port, in: 1...65_535)
            reader.read(SettingReaderTests.level, into: &self.level)
            reader.read(SettingReaderTests.isOn, into: &self.isOn)
            reader.readList(SettingReaderTests.names, into: &self.names) { name throws(SettingProblem) in
                try Identifier.parse(name)
            }
            reader.read(SettingReaderTests.key, into: &self.key) { text throws(SettingProblem) in
                guard text.utf8.count >= 4 else { throw SettingProblem("is too short") }
                return text
            }
            reader.require(SettingReaderTests.key)
            try reader.finish()
            self.warnings = reader.warnings
        }
    }

    private func faults(_ environment: [String: String], files: [String: SecretFile] = [:]) -> String {
        do throws(ConfigurationError) {
            _ = try Program(environment, files: files)
            return ""
        } catch {
            return error.description
        }
    }

    @Test func `what is not set, or set to nothing, keeps its default`() throws {
        for environment in [
            ["APP_KEY": "long"], ["APP_KEY": "long", "APP_PORT": "", "APP_NAMES": "", "APP_KEY_FILE": ""],
        ] {
            let program = try Program(environment)
            #expect(program.port == 8_080)
            #expect(program.level == .info)
            #expect(!program.isOn)
            #expect(program.names == ["default"])
            #expect(program.key == "long")
        }
    }

    @Test func `what is set is read`() throws {
        let program = try Program([
            "APP_KEY": "long", "APP_PORT": "65535", "APP_LEVEL": "ERROR", "APP_ON": "1", "APP_NAMES": "a, b ,c",
            "PATH": "/bin", "APPLE": "x", "APP_FOREIGN": "x",
        ])
        #expect(program.port == 65_535)
        #expect(program.level == .error)
        #expect(program.isOn)
        #expect(program.names == ["a", "b", "c"])
    }

    @Test(arguments: [
        ("on", true), ("TRUE", true), ("yes", true), ("1", true), ("off", false), ("False", false), ("no", false),
        ("0", false),
    ])
    func `a switch may be written in several ways`(text: String, isOn: Bool) throws {
        #expect(try Program(["APP_KEY": "long", "APP_ON": text]).isOn == isOn)
    }

    @Test func `all faults are told at once, in the order of the settings, with an example each`() {
        let text = self.faults([
            "APP_PORT": "80O0", "APP_LEVEL": "loud", "APP_ON": "maybe", "APP_NAMES": "a,,b", "APP_PROT": "1",
        ])
        #expect(
            text == """
                APP_PORT: "80O0" is not a whole number from 1 to 65535; for example APP_PORT=8080
                APP_LEVEL: "loud" is none of debug, info, notice, warning, error; for example APP_LEVEL=info
                APP_ON: "maybe" is neither on nor off; for example APP_ON=on
                APP_NAMES: entry 2 is empty; for example APP_NAMES=a,b
                APP_KEY: is required; for example APP_KEY=s3cret
                APP_PROT: is not a setting; did you mean APP_PORT?

                """)
    }

    @Test(arguments: ["0", "65536", "-1", "+1", "1.0", " 1", "1 ", "0x10", "١", "99999999999999999999", "1\n"])
    func `a number out of range, or not quite a number, is a fault`(text: String) {
        #expect(self.faults(["APP_KEY": "long", "APP_PORT": text]).hasPrefix("APP_PORT: "))
    }

    @Test func `a fault is one line whatever the value holds`() {
        let text = self.faults(["APP_KEY": "long", "APP_PORT": "1\nAPP_KEY: forged\u{1B}[2J", "APP_\n\u{7F}": "x"])
        #expect(text.split(separator: "\n").count == 2)
        #expect(text.unicodeScalars.allSatisfy { $0 == "\n" || $0 >= " " && $0 != "\u{7F}" })
        let long = self.faults(["APP_KEY": "long", "APP_PORT": String(repeating: "9", count: 10_000)])
        #expect(long.utf8.count < 250)
    }

    @Test func `a name that is far from all others is refused without a guess`() {
        #expect(self.faults(["APP_KEY": "long", "APP_SOMETHING": "x"]) == "APP_SOMETHING: is not a setting\n")
        #expect(self.faults(["APP_KEY": "long", "APP_KEY_FIEL": "x"]).hasSuffix("did you mean APP_KEY_FILE?\n"))
        #expect(self.faults(["APP_KEY": "long", "APP_PORT_FILE": "/x"]).hasPrefix("APP_PORT_FILE: is not a setting"))
    }

    @Test(arguments: [
        ("s3cret", "s3cret"), ("s3cret\n", "s3cret"), ("s3cret\r\n", "s3cret"), ("s3cret\n\n", "s3cret\n"),
        (" s3cret ", " s3cret "),
    ])
    func `a secret is read from a file, without the newline at its end`(content: String, key: String) throws {
        let program = try Program(["APP_KEY_FILE": "/k"], files: ["/k": SecretFile(content: Array(content.utf8))])
        #expect(program.key == key)
        #expect(program.warnings.isEmpty)
    }

    @Test func `a file that every user may read is used and warned of`() throws {
        let file = SecretFile(content: Array("s3cret".utf8), isOpenToAll: true)
        let program = try Program(["APP_KEY_FILE": "/k"], files: ["/k": file])
        #expect(program.key == "s3cret")
        #expect(program.warnings == [#"APP_KEY_FILE: every user may read "/k"; use chmod 600"#])
    }

    @Test func `a secret's file that cannot be used is one fault and shows nothing of the secret`() {
        let example = "; for example APP_KEY_FILE=/run/secrets/app_key\n"
        let files = [
            "/empty": SecretFile(content: [0x0A]), "/binary": SecretFile(content: [0xFF, 0xFE, 0x41]),
            "/short": SecretFile(content: Array("s3c".utf8)),
        ]
        func fault(_ path: String) -> String { self.faults(["APP_KEY_FILE": path], files: files) }
        #expect(fault("/none") == #"APP_KEY_FILE: "/none" cannot be read (open: No such file or directory)"# + example)
        #expect(fault("/empty") == #"APP_KEY_FILE: "/empty" is empty"# + example)
        #expect(fault("/binary") == #"APP_KEY_FILE: "/binary" is not UTF-8 text"# + example)
        #expect(fault("/short") == "APP_KEY: is too short; for example APP_KEY=s3cret\n")
        #expect(
            self.faults(["APP_KEY": "long", "APP_KEY_FILE": "/short"], files: files)
                == "APP_KEY: is set together with APP_KEY_FILE, and only one can hold; for example APP_KEY=s3cret\n")
    }

    @Test func `a real file is read, and it is seen who may read it`() throws {
        let path = "/tmp/bellhop-secret-\(getpid())-\(UInt64.random(in: .min ... .max))"
        let descriptor = try systemCall("open") { open(path, O_WRONLY | O_CREAT | O_EXCL, 0o600) }
        defer { unlink(path) }
        #expect(write(descriptor, "s3cret\n", 7) == 7)
        close(descriptor)
        #expect(try SecretFile(path: path) == SecretFile(content: Array("s3cret\n".utf8)))
        for (mode, isOpenToAll) in [(0o640, false), (0o604, true), (0o644, true), (0o610, false)] {
            #expect(chmod(path, mode_t(mode)) == 0)
            #expect(try SecretFile(path: path).isOpenToAll == isOpenToAll)
        }
        #expect(throws: SystemError("stat", errno: ENOENT)) { try SecretFile(path: path + "-not") }
    }

    @Test func `the environment of this process is read`() {
        #expect(setenv("BELLHOPTEST_VALUE", "a=b", 1) == 0)
        #expect(ProgramEnvironment.variables["BELLHOPTEST_VALUE"] == "a=b")
        #expect(ProgramEnvironment.variables["PATH"]?.isEmpty == false)
    }

    @Test func `a setting that is in the table and nobody reads is our own fault`() async {
        await #expect(processExitsWith: .failure) {
            let setting = Setting("APP_X", default: "1", example: "1", "x")
            var reader = SettingReader([:], settings: [setting], prefix: "APP_") { (_) throws(SystemError) in
                throw SystemError("open", errno: ENOENT)
            }
            try reader.finish()
        }
    }
}
