import Hotel
import Operations
import Ports
import Shared
import StoreSupport

@testable import PGStore

/// A hotel behind a store, as a node's login meets it.
struct CommandFixture {
    let hotel: TestHotel
    let store: PGHotelStore
    let pool: PGDatabase
    let database: TestDatabase

    /// The head housekeeper of the tenant.
    var housekeeper: Actor {
        .user(
            self.hotel.user, name: "Ana P.", tenant: self.hotel.tenant,
            assignments: [RoleAssignment(.housekeepingSupervisor)])
    }

    func origin(_ operation: OperationStamp? = OperationStamp(id: .new(), requestHash: [1, 2, 3])) -> CommandOrigin {
        CommandOrigin(
            tenant: self.hotel.tenant, actor: self.housekeeper, source: .web, operation: operation,
            correlation: .new(), address: "192.0.2.7")
    }

    func execute(
        _ command: any HotelCommand, _ origin: CommandOrigin? = nil
    ) async throws -> Execution {
        try await self.store.execute(
            CommandOrder(command, from: origin ?? self.origin(), deadline: .now + .seconds(20)))
    }

    /// The number of a room, as it is read by whoever shows it.
    func number(of room: RoomID) async throws -> String? {
        try await PGRoomDirectory(self.pool).room(room, of: self.hotel.tenant)?.room.configuration.number.text
    }

    /// The first column of some rows, as the superuser sees them.
    func column(_ query: String) async throws -> [String] {
        try await self.database.run(query).map { try $0.read(0, as: String.self) }
    }
}

func withHotel(
    rooms: Int = 3, connections: Int = 4, _ body: (CommandFixture) async throws -> Void
) async throws {
    let hotel = TestHotel(rooms: rooms)
    try await withDatabase { database in
        try await database.migrate()
        try await hotel.open(in: database)
        var options = PGOptions()
        options.connections = connections
        try await withPool(try await database.nodeAddress(), options) { pool in
            try await body(CommandFixture(hotel: hotel, store: PGHotelStore(pool), pool: pool, database: database))
        }
    }
}

extension CommandOutcome {
    var done: (answer: CommandAnswer, seq: Int64)? {
        if case .done(let answer, let seq) = self { (answer, seq) } else { nil }
    }

    var repeated: (answer: CommandAnswer, seq: Int64)? {
        if case .repeated(let answer, let seq) = self { (answer, seq) } else { nil }
    }

    var refusal: Refusal? {
        if case .refused(let refusal) = self { refusal } else { nil }
    }
}

extension CommandAnswer {
    var json: JSONValue? { try? JSONValue(parsing: self.entity) }
}
