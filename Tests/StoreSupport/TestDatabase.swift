internal import Glibc
package import PGStore
package import Shared

/// A database of its own on the server that `TEST_POSTGRES` names (the URI of its superuser).
package struct TestDatabase: Sendable {
    /// As the superuser.
    package let address: DatabaseAddress
    private let name: String
    private let server: ServerText

    /// Why there is no database to test with.
    package struct Missing: Error, CustomStringConvertible {
        package let description: String
    }

    /// Makes a new, empty database.
    package static func make() async throws -> TestDatabase {
        guard let uri = getenv("TEST_POSTGRES").map({ String(cString: $0) }), let server = ServerText(uri) else {
            throw Missing(
                description: "TEST_POSTGRES must be the URI of a superuser: run the tests through deploy/test")
        }
        return try await Self.make(on: server)
    }

    /// Makes a new, empty database on a server of one's own.
    package static func make(on server: PrivatePostgres) async throws -> TestDatabase {
        guard let server = ServerText(server.uri) else { throw Missing(description: "the server has no URI") }
        return try await Self.make(on: server)
    }

    private static func make(on server: ServerText) async throws -> TestDatabase {
        let name = "test_\(UInt64.random(in: 0...UInt64.max))"
        let address = try DatabaseAddress(setting: server.uri(database: name))
        let database = TestDatabase(address: address, name: name, server: server)
        try await database.asAdministrator("CREATE DATABASE \(name) TEMPLATE template0 ENCODING 'UTF8'")
        return database
    }

    /// Brings it to the schema of this program.
    package func migrate() async throws {
        let address = self.address
        _ = try await onOwnThread { try Migrator(address, try Migration.embedded()).run() }
    }

    /// The same database as another role.
    package func address(role: String) throws -> DatabaseAddress {
        try DatabaseAddress(setting: self.server.uri(database: self.name, role: role))
    }

    /// Runs a script as the superuser and gives the rows of its last statement, all columns as text.
    @discardableResult
    package func run(_ script: String) async throws -> PGRows {
        let address = self.address
        return try await onOwnThread { try DirectSession(address).run(script: script) }
    }

    /// Removes it, whoever is connected.
    package func drop() async throws {
        try await self.asAdministrator("DROP DATABASE IF EXISTS \(self.name) WITH (FORCE)")
    }

    private func asAdministrator(_ script: String) async throws {
        let address = try DatabaseAddress(setting: self.server.uri(database: nil))
        _ = try await onOwnThread { try DirectSession(address).run(script: script) }
    }
}

/// Makes a database, hands it to `body`, and removes it.
package func withDatabase<Result>(_ body: (TestDatabase) async throws -> Result) async throws -> Result {
    let database = try await TestDatabase.make()
    do {
        let result = try await body(database)
        try await database.drop()
        return result
    } catch {
        try? await database.drop()
        throw error
    }
}

/// The parts of a server's URI around the name of the database.
private struct ServerText {
    private let scheme: String
    private let user: String
    private let hosts: String
    private let database: String
    private let options: String

    init?(_ uri: String) {
        guard let colon = uri.firstIndex(of: ":"), uri[colon...].hasPrefix("://") else { return nil }
        let rest = uri[uri.index(colon, offsetBy: 3)...]
        let authority = rest.prefix { $0 != "/" && $0 != "?" }
        let path = rest.dropFirst(authority.count).prefix { $0 != "?" }
        let parts = authority.split(separator: "@", maxSplits: 1, omittingEmptySubsequences: false)
        self.scheme = String(uri[..<colon])
        self.user = parts.count == 2 ? String(parts[0]) : ""
        self.hosts = String(parts[parts.count - 1])
        self.database = String(path.dropFirst())
        self.options = String(rest.dropFirst(authority.count + path.count))
    }

    func uri(database: String?, role: String? = nil) -> String {
        let user = role ?? self.user
        return
            "\(self.scheme)://\(user.isEmpty ? "" : user + "@")\(self.hosts)/\(database ?? self.database)\(self.options)"
    }
}
