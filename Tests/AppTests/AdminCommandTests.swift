import Glibc
import PGStore
import Shared
import StoreSupport
import TestSupport
import Testing

@testable import App

@Suite(.timeLimit(.minutes(5))) struct AdminCommandTests {
    private static let word = "correct horse battery"

    private func command(
        _ database: TestDatabase, _ email: String = "root@bellhop.example", name: String? = nil, role: String? = nil
    ) throws -> AdminCommand {
        let address = try role.map { try database.address(role: $0) } ?? database.address
        let environment = [
            "DATABASE_URL": String(decoding: address.uri.bytes, as: UTF8.self),
            "BELLHOP_ADMIN_PASSWORD": Self.word,
        ]
        return try AdminCommand(environment: environment, email: email, name: name) {
            () throws(PasswordPrompt.Failure) in
            throw .nothing
        }
    }

    private func users(_ database: TestDatabase) async throws -> [String] {
        let rows = try await database.run(
            """
            SELECT concat_ws(' ', u.tenant_id = bellhop.platform(), u.email, u.name, u.status, a.built_in_role,
                left(u.password_hash, 16))
            FROM bellhop.app_user u JOIN bellhop.role_assignment a ON a.user_id = u.id
            """)
        return try rows.map { try $0.read(0, as: String.self) }
    }

    @Test func `an administrator is made once, by the node's role, and told of`() async throws {
        try await withDatabase { database in
            try await database.migrate()
            _ = try await database.nodeAddress()
            let command = try self.command(database, "Root@Bellhop.example", name: "Ada L.", role: "test_node")
            #expect(await command.run() == .success("root@bellhop.example is now a super administrator\n"))
            let made = ["t root@bellhop.example Ada L. active super_admin $scrypt$ln=15,r="]
            #expect(try await self.users(database) == made)
            let again = "root@bellhop.example is a super administrator already; nothing was changed\n"
            #expect(await command.run() == .success(again))
            #expect(try await self.users(database) == made)
            let told = try await database.run(
                "SELECT concat_ws(' ', name, stream = bellhop.platform(), actor ->> 'type') FROM bellhop.event")
            #expect(try told.map { try $0.read(0, as: String.self) } == ["user:created t system"])
            let audited = try await database.run("SELECT action FROM bellhop.audit_log")
            #expect(try audited.map { try $0.read(0, as: String.self) } == ["user:created"])
        }
    }

    @Test func `two who make the same at the same moment make it once`() async throws {
        try await withDatabase { database in
            try await database.migrate()
            let command = try self.command(database)
            let said = await withTaskGroup { group in
                for _ in 0..<4 { group.addTask { await command.run() } }
                return await group.reduce(into: [String]()) { $0.append((try? $1.get()) ?? "failed: \($1)") }
            }
            #expect(said.count { $0.hasSuffix("now a super administrator\n") } == 1)
            #expect(said.count { $0.hasSuffix("already; nothing was changed\n") } == 3, "\(said)")
            #expect(try await self.users(database).count == 1)
        }
    }

    @Test func `who has the address already is left alone`() async throws {
        try await withDatabase { database in
            try await database.migrate()
            let tenant = TenantID.new()
            try await database.run(
                """
                INSERT INTO bellhop.tenant (tenant_id, name, slug, status, contact_email)
                VALUES ('\(tenant)', 'Aegean Bay', 'aegean', 'active', 'owner@aegean.example');
                INSERT INTO bellhop.app_user (tenant_id, id, email, name) VALUES
                    ('\(tenant)', gen_random_uuid(), 'Ada@aegean.example', 'Ada'),
                    (bellhop.platform(), gen_random_uuid(), 'help@bellhop.example', 'Help');
                """)
            for email in ["ada@aegean.example", "help@bellhop.example"] {
                let outcome = await (try self.command(database, email)).run()
                guard case .failure(let failure) = outcome else { return #expect(Bool(false), "\(outcome)") }
                #expect(failure.description.hasPrefix(email) && failure.description.hasSuffix("nothing was changed"))
            }
            #expect(try await self.users(database).isEmpty)
        }
    }

    @Test func `a database without a schema, or none at all, is said in one line`() async throws {
        try await withDatabase { database in
            let outcome = await (try self.command(database)).run()
            #expect(
                outcome
                    == .failure(
                        .init(description: "the database has no schema of this version: run bellhop migrate first")))
        }
    }

    @Test(
        arguments: [
            ("root", nil, word, #""root" is no e-mail address"#), ("a@b.example", "", word, "a name has 1 to 120"),
            ("a@b.example", "a\nb", word, "a name has 1 to 120"),
            ("a@b.example", nil, "short", "a password has 10 to 256"),
            ("root@bellhop.example", nil, "Root@bellhop.example", "must not be the address"),
            ("a@b.example", nil, nil, "no password was given"),
        ] as [(String, String?, String?, String)])
    func `what cannot be is refused before anything is asked of the database`(
        email: String, name: String?, password: String?, said: String
    ) throws {
        let misuse = #expect(throws: Invocation.Misuse.self) {
            try AdminCommand(
                environment: ["DATABASE_URL": "postgresql://node@127.0.0.1:1/d"], email: email, name: name
            ) { () throws(PasswordPrompt.Failure) in
                guard let password else { throw .nothing }
                return password
            }
        }
        #expect(misuse?.description.contains(said) == true, "\(String(describing: misuse))")
        if let password { #expect(misuse?.description.contains(password) == false || password.contains("@")) }
    }

    @Test func `the database is required, and the password may be in a file`() throws {
        let fault = #expect(throws: ConfigurationError.self) {
            try AdminCommand(environment: [:], email: "a@b.example", name: nil) { Self.word }
        }
        #expect(fault.map { "\($0)" }?.contains("DATABASE_URL") == true)
        let missing = #expect(throws: ConfigurationError.self) {
            try AdminCommand(
                environment: [
                    "DATABASE_URL": "postgresql://node@127.0.0.1:1/d", "BELLHOP_ADMIN_PASSWORD_FILE": "/no/such/file",
                ], email: "a@b.example", name: nil
            ) { Self.word }
        }
        #expect(missing.map { "\($0)" }?.contains("BELLHOP_ADMIN_PASSWORD_FILE") == true)
    }
}

@Suite(.timeLimit(.minutes(5))) struct PasswordPromptTests {
    /// What a prompt makes of these bytes on a pipe.
    private func piped(_ bytes: [UInt8]) throws -> Result<String, PasswordPrompt.Failure> {
        var ends: [CInt] = [0, 0]
        try #require(pipe(&ends) == 0)
        defer { close(ends[0]) }
        _ = bytes.withUnsafeBytes { write(ends[1], $0.baseAddress, $0.count) }
        close(ends[1])
        return Result { () throws(PasswordPrompt.Failure) in try PasswordPrompt(input: ends[0], screen: -1).ask() }
    }

    @Test(
        arguments: [
            (Array("open sesame\nmore".utf8), .success("open sesame")),
            (Array("open sesame".utf8), .success("open sesame")),
            (Array("a b \r\n".utf8), .success("a b ")), ([], .failure(.nothing)), ([0x0A], .failure(.nothing)),
            ([0xFF, 0x0A], .failure(.notText)), ([UInt8](repeating: 0x78, count: 1025), .failure(.tooLong)),
            ([UInt8](repeating: 0x78, count: 1024), .success(String(repeating: "x", count: 1024))),
        ] as [([UInt8], Result<String, PasswordPrompt.Failure>)])
    func `without a terminal the first line is the password`(
        bytes: [UInt8], expected: Result<String, PasswordPrompt.Failure>
    ) throws {
        #expect(try self.piped(bytes) == expected)
    }

    @Test(
        arguments: [
            ("open sesame\n", "open sesame\n", .success("open sesame")),
            ("open sesame\n", "open sesami\n", .failure(.different)), ("open\u{3}\n", "", .failure(.cancelled)),
        ] as [(String, String, Result<String, PasswordPrompt.Failure>)])
    func `a terminal asks twice, shows nothing, and is left as it was`(
        first: String, second: String, expected: Result<String, PasswordPrompt.Failure>
    ) async throws {
        // pts(4); Glibc's functions for it are not among those that Swift sees.
        let main = open("/dev/ptmx", O_RDWR | O_NOCTTY)
        var (number, isLocked): (CInt, CInt) = (0, 0)
        try #require(main >= 0 && ioctl(main, 0x4004_5431, &isLocked) == 0 && ioctl(main, 0x8004_5430, &number) == 0)
        let terminal = open("/dev/pts/\(number)", O_RDWR | O_NOCTTY)
        try #require(terminal >= 0)
        defer {
            close(terminal)
            close(main)
        }
        var before = termios()
        tcgetattr(terminal, &before)
        let asked = Task {
            try await onOwnThread { () -> Result<String, PasswordPrompt.Failure> in
                Result { () throws(PasswordPrompt.Failure) in
                    try PasswordPrompt(input: terminal, screen: terminal).ask()
                }
            }
        }
        let shown = try await onOwnThread {
            var shown = ""
            for (question, answer) in [("Password: ", first), ("Once more: ", second)] where !answer.isEmpty {
                shown += Self.read(main, until: question)
                _ = answer.withCString { write(main, $0, strlen($0)) }
            }
            return shown
        }
        #expect(try await asked.value == expected)
        var after = termios()
        tcgetattr(terminal, &after)
        #expect(after.c_lflag == before.c_lflag)
        let rest = shown + Self.available(main)
        #expect(rest.contains("Password: ") && !rest.contains("open"))
    }

    private static func read(_ descriptor: CInt, until text: String) -> String {
        var shown = ""
        while !shown.contains(text) {
            let more = self.available(descriptor, patience: 10_000)
            if more.isEmpty { break }
            shown += more
        }
        return shown
    }

    /// What can be read now, or within so many milliseconds.
    private static func available(_ descriptor: CInt, patience: CInt = 0) -> String {
        var wish = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        guard poll(&wish, 1, patience) == 1 else { return "" }
        var bytes = [UInt8](repeating: 0, count: 4096)
        let count = Glibc.read(descriptor, &bytes, bytes.count)
        return String(decoding: bytes.prefix(max(0, count)), as: UTF8.self)
    }
}
