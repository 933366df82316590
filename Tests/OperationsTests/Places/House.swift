import Crypto
import Hotel
import PGStore
import Ports
import Reactor
import Shared
import StoreSupport
import Testing
import Wire

@testable import Operations

/// Two tenants behind the REST side of a node, with the store that a node has: requests go in as bytes, and answers are held
/// against the document.
final class House: Sendable {
    /// What was told to other nodes, by the names of its events' channel.
    final class KeptBus: BusPublisher {
        private let count = Locked(0)
        var messages: Int { self.count.withLock { $0 } }
        func publish(_ message: [UInt8], on channel: BusChannel) { self.count.withLock { $0 += 1 } }
    }

    private struct People: CallerResolver {
        let callers: [String: RESTCaller]

        func caller(bearing token: String, on visit: RESTVisit) async throws -> RESTCaller {
            guard let caller = self.callers[token] else { throw Refusal(.unauthenticated) }
            return caller
        }
    }

    let hotel: TestHotel
    /// Another property of the same tenant, without rooms.
    let annex: PropertyID
    let northern: TestHotel
    let database: TestDatabase
    let bus = KeptBus()
    let board = ScriptedBoard()
    let attempts: AttemptLog
    private let service: RESTService
    private let check: DocumentCheck

    init(_ hotel: TestHotel, _ northern: TestHotel, _ annex: PropertyID, _ database: TestDatabase, _ pool: PGDatabase)
        throws
    {
        (self.hotel, self.northern, self.annex, self.database) = (hotel, northern, annex, database)
        let store = PGHotelStore(pool)
        self.attempts = AttemptLog(store: store, log: .silent)
        let commands = CommandService(store: store, bus: self.bus, attempts: self.attempts)
        let tenants = PGActors(pool)
        let places = PGPropertyDirectory(pool)
        let table = try RESTTable(
            PropertiesAPI(properties: places, tenants: tenants, commands: commands).operations
                + DepartmentsAPI(departments: places, tenants: tenants, commands: commands).operations
                + RoomTypesAPI(types: PGRoomTypeDirectory(pool), tenants: tenants, commands: commands).operations
                + RoomsAPI(rooms: PGRoomDirectory(pool), tenants: tenants, commands: commands).operations
                + AuditAPI(audit: PGAuditDirectory(pool), tenants: tenants).operations
                + ConnectionsAPI(board: self.board).operations,
            tags: [
                PropertiesAPI.tag, DepartmentsAPI.tag, RoomTypesAPI.tag, RoomsAPI.tag, AuditAPI.tag, ConnectionsAPI.tag,
            ])
        self.check = try DocumentCheck(table.document)
        self.service = RESTService(
            table, callers: People(callers: Self.people(hotel, northern, annex)), cors: CORSPolicy(allowed: []),
            cursorKeys: [[1, 2, 3]], log: .silent)
    }

    private static func people(
        _ hotel: TestHotel, _ northern: TestHotel, _ annex: PropertyID
    ) -> [String: RESTCaller] {
        func caller(_ tenant: TenantID?, _ role: Role, at property: PropertyID? = nil) -> RESTCaller {
            let user = UserID.new()
            let token = AccessToken(
                user: user, tenant: tenant, session: .new(), epoch: TokenEpoch(raw: 1), now: SystemClock.now)
            let actor = Actor.user(
                user, name: role.rawValue, tenant: tenant, assignments: [RoleAssignment(role, property: property)])
            return RESTCaller(token, actor: actor)
        }
        return [
            "owner": caller(hotel.tenant, .tenantOwner),
            "manager": caller(hotel.tenant, .propertyManager, at: hotel.property),
            "annex": caller(hotel.tenant, .propertyManager, at: annex),
            "desk": caller(hotel.tenant, .frontDeskAgent, at: hotel.property),
            "housekeeper": caller(hotel.tenant, .housekeepingSupervisor),
            "attendant": caller(hotel.tenant, .roomAttendant),
            "auditor": caller(hotel.tenant, .auditor, at: hotel.property),
            "accountant": caller(hotel.tenant, .accountant),
            "northern": caller(northern.tenant, .tenantOwner),
            "admin": caller(nil, .superAdmin),
            "support": caller(nil, .platformSupport),
        ]
    }

    /// Carries a request out as a connection would.
    func send(
        _ method: String, _ target: String, as token: String = "owner", _ fields: [String] = [], body: String? = nil
    ) async throws -> Answer {
        let bytes = Laundry.text(method, target, fields, body: body, token: token)
        let request = try #require(HTTPRequestParser.whole(bytes))
        let response: HTTPResponse
        switch self.service.dispatch(request, from: nil) {
        case .now(let now): response = now
        case .prebuilt(let prebuilt): response = prebuilt.response
        case .later(let call): response = await call.run()
        }
        var answer: [UInt8] = []
        HTTPResponseWriter(date: nil).append(response, to: &answer, isHead: false, keepAlive: true)
        let read = try Answer(answer)
        let operation = try #require(self.check.operation(method, request.path))
        let violations = self.check.violations(
            operation, status: read.status, fields: Array(read.fields.keys), body: response.body)
        #expect(violations.isEmpty, "\(method) \(request.path) \(read.status)")
        return read
    }

    func get(_ target: String, as token: String = "owner") async throws -> Answer {
        try await self.send("GET", target, as: token)
    }

    /// A write with a key of its own.
    ///
    /// - Parameter version: on which it is based.
    func write(
        _ method: String, _ target: String, as token: String = "owner", version: Int64? = nil, _ body: String? = nil,
        key: OperationID = .new()
    ) async throws -> Answer {
        let match = version.map { ["If-Match: \"\($0)\""] } ?? []
        return try await self.send(method, target, as: token, ["Idempotency-Key: \(key)"] + match, body: body)
    }

    /// The first column of some rows, as the superuser sees them.
    func column(_ query: String) async throws -> [String] {
        try await self.database.run(query).map { try $0.read(0, as: String?.self) ?? "null" }
    }
}

/// Makes the house in a database of its own, hands it to `body`, and takes it down. Few connections: all of these tests run at
/// once, on one server.
func withHouse(
    rooms: Int = 3, connections: Int = 2, _ body: (House) async throws -> Void
) async throws {
    let database = try await TestDatabase.make()
    let group = try LoopGroup(count: 1, options: LoopOptions(), places: 10) { _ throws(SystemError) in }
    var pool: PGDatabase?
    do {
        let house = try await House.open(rooms, connections, in: database, on: group.handles[0]) { pool = $0 }
        try await body(house)
        await house.attempts.settle()
    } catch {
        await pool?.close()
        group.stop()
        try? await database.drop()
        throw error
    }
    await pool?.close()
    group.stop()
    try await database.drop()
}

extension House {
    fileprivate static func open(
        _ rooms: Int, _ connections: Int, in database: TestDatabase, on loop: LoopHandle, _ opened: (PGDatabase) -> Void
    ) async throws -> House {
        let hotel = TestHotel(rooms: rooms)
        let northern = TestHotel(rooms: 1, slug: "northern")
        let annex = PropertyID.new()
        try await database.migrate()
        try await hotel.open(in: database)
        try await northern.open(in: database)
        try await database.run(
            """
            BEGIN;
            SET LOCAL bellhop.tenant = '\(hotel.tenant)';
            INSERT INTO bellhop.property (tenant_id, id, code, name, timezone, currency, business_date)
            VALUES ('\(hotel.tenant)', '\(annex)', 'SEA', 'Sea Annex', 'Europe/Lisbon', 'EUR', '2026-03-07');
            COMMIT;
            """)
        var options = PGOptions()
        options.connections = connections
        let pool = PGDatabase(try await database.nodeAddress(), options: options, loop: loop)
        opened(pool)
        return try House(hotel, northern, annex, database, pool)
    }
}

extension Answer {
    /// The texts under a name in the items of a page.
    func texts(_ name: String) -> [String] {
        (self.json?["items"]?.elements ?? []).map { $0[name]?.text ?? "null" }
    }

    var current: JSONValue? { self.json?["error"]?["current"] }
}
