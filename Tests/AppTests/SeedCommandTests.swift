import PGStore
import Shared
import StoreSupport
import Testing

@testable import App

/// The demo, written by the command as the node's role.
@Suite(.timeLimit(.minutes(5))) struct SeedCommandTests {
    private func environment(_ database: TestDatabase) async throws -> [String: String] {
        let address = try await database.nodeAddress()
        return [
            "DATABASE_URL": String(decoding: address.uri.bytes, as: UTF8.self),
            "BELLHOP_DEMO_PASSWORD": "correct horse battery",
        ]
    }

    @Test func `the demo is written once, and is the same everywhere`() async throws {
        try await withDatabase { database in
            try await database.migrate()
            let command = try SeedCommand(environment: try await self.environment(database))
            #expect(await command.run() == .success("wrote Aegean Bay Resorts and Northern Lights Inns\n"))
            #expect(await command.run() == .success("the demo was there already\n"))
            func column(_ query: String) async throws -> [String] {
                try await database.run(query).map { try $0.read(0, as: String.self) }
            }
            #expect(
                try await column(
                    """
                    SELECT p.code || ' ' || count(*) FROM bellhop.property p JOIN bellhop.room r ON r.property_id = p.id
                    GROUP BY p.code ORDER BY p.code
                    """) == ["BAY 120", "FJORD 36", "HARBOUR 60"])
            // `contract.md` 7: a user for each role, and ids that links may name.
            #expect(
                try await column("SELECT count(DISTINCT built_in_role)::text FROM bellhop.role_assignment") == ["17"])
            #expect(
                try await column("SELECT tenant_id::text FROM bellhop.tenant WHERE slug = 'aegean'")
                    == ["630416d7-4146-8b92-807b-5e825a2ce4dc"])
            #expect(try await column("SELECT count(DISTINCT timezone)::text FROM bellhop.property") == ["3"])
        }
    }

    @Test func `what is missing is said, and nothing is written without a schema`() async throws {
        #expect(throws: ConfigurationError.self) { _ = try SeedCommand(environment: [:]) }
        try await withDatabase { database in
            let uri = String(decoding: database.address.uri.bytes, as: UTF8.self)
            let command = try SeedCommand(environment: ["DATABASE_URL": uri, "BELLHOP_DEMO_PASSWORD": "x"])
            guard case .failure(let failure) = await command.run() else {
                Issue.record("it was written into nothing")
                return
            }
            #expect(failure.description.contains("run bellhop migrate first"))
        }
    }
}
