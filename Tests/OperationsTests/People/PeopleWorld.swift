import Crypto
import Hotel
import PGStore
import Ports
import Shared
import TestSupport
import StoreSupport
import Testing
import Wire

@testable import Operations

/// Two hotels and the platform behind REST, over the real store and with a node's rights: who they are is in their tokens, which
/// real logins gave them.
struct People: RESTBench {
    /// The users, by the first part of their addresses.
    enum Name: String, CaseIterable {
        /// Platform staff: ``GroundWorld/root`` is a super administrator.
        case root, pat, sam
        case owen, gina, gus, hanna, rita, bruno
        /// Of the other tenant.
        case nora

        var email: String {
            switch self {
            case .root, .pat, .sam: "\(self)@bellhop.example"
            case .owen, .gina, .gus, .hanna, .rita, .bruno: "\(self)@aegean.example"
            case .nora: "nora@northern.example"
            }
        }

        var id: UserID {
            let place = Self.allCases.firstIndex(of: self) ?? 0
            return self == .root ? GroundWorld.root.id : UserID(raw: UInt128(100 + place))
        }

        fileprivate var tenant: TenantID {
            switch self {
            case .root, .pat, .sam: TenantID(raw: 0)
            case .owen, .gina, .gus, .hanna, .rita, .bruno: GroundWorld.tenant
            case .nora: People.northern
            }
        }

        /// The role, and where it is held.
        fileprivate var role: (String, property: PropertyID?, department: DepartmentID?) {
            switch self {
            case .root: ("super_admin", nil, nil)
            case .pat: ("platform_admin", nil, nil)
            case .sam: ("platform_support", nil, nil)
            case .owen, .nora: ("tenant_owner", nil, nil)
            case .gina: ("property_manager", People.here, nil)
            case .gus: ("property_manager", People.there, nil)
            case .hanna: ("housekeeping_supervisor", People.here, People.housekeeping)
            case .rita: ("room_attendant", People.here, nil)
            case .bruno: ("room_attendant", People.there, nil)
            }
        }
    }

    static let northern = TenantID(raw: 8)
    /// The property of ``gina``.
    static let here = GroundWorld.property
    /// The property of ``gus``.
    static let there = PropertyID(raw: 10)
    static let housekeeping = DepartmentID(raw: 11)

    let world: GroundWorld
    let ground: PostgresGround
    let service: RESTService
    let check: DocumentCheck
    /// What the commands told the cluster.
    let told: Told

    init(_ world: GroundWorld, _ ground: PostgresGround) throws {
        let pool = ground.pools[0]
        self.world = world
        self.ground = ground
        self.told = Told()
        let commands = CommandService(store: PGHotelStore(pool), bus: self.told, attempts: ground.attempts)
        let users = PGUserDirectory(pool)
        let actors = PGActors(pool)
        let links = LinksAPI(
            users: users, commands: commands, throttle: LoginThrottle(store: PGThrottle(pool)), hasher: world.hasher)
        let table = try RESTTable(
            UsersAPI(users: users, tenants: actors, commands: commands).operations
                + TenantsAPI(tenants: PGTenantReader(pool), commands: commands).operations
                + RolesAPI(roles: PGRoleDirectory(pool), commands: commands).operations + links.operations,
            tags: [UsersAPI.tag, TenantsAPI.tag, RolesAPI.tag] + AuthResource.tags)
        self.check = try DocumentCheck(table.document)
        self.service = RESTService(
            table, callers: world.callers, cors: CORSPolicy(allowed: []), cursorKeys: [[1]], log: .silent)
    }

    /// What ``GroundWorld`` has not.
    fileprivate static func script() throws -> String {
        let hash = try GroundWorld.hash().stored
        var script = """
            INSERT INTO bellhop.property (tenant_id, id, code, name, timezone, currency, business_date) VALUES
                ('\(GroundWorld.tenant)', '\(self.there)', 'THE', 'There', 'Europe/Athens', 'EUR', '2026-03-08');
            INSERT INTO bellhop.department (tenant_id, id, property_id, code, slug, name, kind) VALUES
                ('\(GroundWorld.tenant)', '\(self.housekeeping)', '\(self.here)', 'HK', 'hk', 'Housekeeping',
                'housekeeping');
            """
        for name in Name.allCases where name != .root {
            func quoted(_ text: String?) -> String { text.map { "'\($0)'" } ?? "NULL" }
            script += """

                INSERT INTO bellhop.app_user (tenant_id, id, email, name, status, password_hash) VALUES
                    ('\(name.tenant)', '\(name.id)', '\(name.email)', '\(name)', 'active', '\(hash)');
                INSERT INTO bellhop.role_assignment
                    (tenant_id, id, user_id, built_in_role, property_id, department_id) VALUES
                    ('\(name.tenant)', gen_random_uuid(), '\(name.id)', '\(name.role.0)',
                    \(quoted(name.role.property?.description)), \(quoted(name.role.department?.description)));
                """
        }
        return script
    }

    // MARK: Calling

    func token(_ name: Name) async throws -> String {
        try await self.world.login(name.email, from: "192.0.2.\(name.id.raw % 200)").accessToken
    }

    func get(_ target: String, as name: Name) async throws -> Answer {
        try await self.answer(Laundry.text("GET", target, token: try await self.token(name)))
    }

    /// A write, under a key of its own unless one is given.
    func write(
        _ line: String, as name: Name, _ body: String? = nil, key: OperationID = .new(), version: Int64? = nil
    ) async throws -> Answer {
        let parts = line.split(separator: " ").map(String.init)
        let match = version.map { ["If-Match: \"\($0)\""] } ?? []
        return try await self.answer(
            Laundry.text(
                parts[0], parts[1], ["Idempotency-Key: \(key)"] + match, body: body,
                token: try await self.token(name)))
    }

    /// Follows a link.
    func accept(_ token: String, _ password: String = "another word 43") async throws -> Answer {
        try await self.answer(
            Laundry.text(
                "POST", "/v1/auth/accept", body: #"{"token":"\#(token)","password":"\#(password)"}"#, token: nil))
    }

    /// The first column of some rows, as the superuser sees them.
    func column(_ query: String) async throws -> [String] {
        try await self.ground.database.run(query).map { try $0.read(0, as: String?.self) ?? "" }
    }

    /// The names of what was logged in a stream.
    func logged(_ stream: EventStream = .tenant(GroundWorld.tenant), of entity: String? = nil) async throws -> [String]
    {
        let events = try await PGEventLog(self.ground.pools[0]).events(
            of: stream, after: 0, through: 999, limit: 999, notBefore: nil)
        return events.map(\.name).filter { name in
            name != "auth:login_succeeded" && (entity.map { name.hasPrefix($0) } ?? true)
        }
    }

    static func invitation(_ email: String, _ roles: String, name: String = "New Person") -> String {
        #"{"email":"\#(email)","name":"\#(name)","roles":[\#(roles)]}"#
    }

    static func role(_ code: String, at property: PropertyID? = nil, in department: DepartmentID? = nil) -> String {
        let at = property.map { #","property_id":"\#($0)""# } ?? ""
        let within = department.map { #","department_id":"\#($0)""# } ?? ""
        return #"{"role":"\#(code)"\#(at)\#(within)}"#
    }
}

/// A bus that keeps what it was given.
final class Told: BusPublisher {
    private let hints = Locked(0)

    var count: Int { self.hints.withLock { $0 } }

    func publish(_ message: [UInt8], on channel: BusChannel) { self.hints.withLock { $0 += 1 } }
}

func withPeople(_ body: (People) async throws -> Void) async throws {
    try await withPostgresWorld { world, ground in
        try await ground.database.run(People.script())
        // Tables and their document are built on the deep stack of a thread of its own: without optimisation they need it.
        let people = try await onOwnThread { try People(world, ground) }
        try await body(people)
    }
}
