import PGStore
import Shared
import StoreSupport
import Testing

@testable import App

@Suite(.timeLimit(.minutes(5))) struct SchemaCommandTests {
    private func lines(_ command: SchemaCommand) async throws -> [String] {
        try await onOwnThread {
            var text = ""
            try command.run { text += $0 }
            return text.split(separator: "\n").map(String.init)
        }
    }

    @Test func `a new database is migrated once, and a dry run changes nothing`() async throws {
        try await withDatabase { database in
            let environment = ["BELLHOP_MIGRATE_URL": String(decoding: database.address.uri.bytes, as: UTF8.self)]
            let dry = try SchemaCommand(environment: environment, isDryRun: true)
            let wet = try SchemaCommand(environment: environment, isDryRun: false)
            let count = try Migration.embedded().count
            #expect(count > 0)
            for _ in 0..<2 {
                let said = try await self.lines(dry)
                #expect(said.count == count + 1 && said[0] == "would apply 0001_ground.sql")
                #expect(said.last == "\(count) to do; nothing was changed")
            }
            let said = try await self.lines(wet)
            #expect(said.count == count + 1 && said[0] == "applied 0001_ground.sql")
            #expect(said.last == "the schema is up to date")
            #expect(try await self.lines(wet) == ["the schema was up to date"])
            #expect(try await self.lines(dry) == ["nothing to do"])
        }
    }

    @Test func `the owner's address goes before the node's, and one of them must be there`() throws {
        let both = ["DATABASE_URL": "postgresql://node@h/d", "BELLHOP_MIGRATE_URL": "nonsense"]
        let fault = #expect(throws: ConfigurationError.self) {
            try SchemaCommand(environment: both, isDryRun: true)
        }
        #expect(fault.map { "\($0)" }?.contains("BELLHOP_MIGRATE_URL") == true)
        let nothing = #expect(throws: ConfigurationError.self) { try SchemaCommand(environment: [:], isDryRun: true) }
        #expect(nothing.map { "\($0)" }?.contains("DATABASE_URL: is required, or BELLHOP_MIGRATE_URL is") == true)
        // Nothing else of a node's environment is asked for, and nothing of it is refused.
        _ = try SchemaCommand(
            environment: ["DATABASE_URL": "postgresql://node@h/d", "BELLHOP_PORT": "x"], isDryRun: true)
    }

    @Test func `a database that is not there is said in one line, without its password`() async throws {
        let command = try SchemaCommand(
            environment: ["DATABASE_URL": "postgresql://node:geheim@127.0.0.1:1/d"], isDryRun: false)
        let error = await #expect(throws: MigrationError.self) { try await self.lines(command) }
        let text = error.map { "\($0)" } ?? ""
        #expect(!text.isEmpty && !text.contains("geheim") && !text.contains("\n"))
    }
}
