import Hotel
import PGStore
import Ports
import Reactor
import Shared
import StoreSupport
import Testing

@testable import Crypto
@testable import Operations

/// What the contract of identity is held against: the double of the other suites, and the real store.
enum Ground: String, CaseIterable, Sendable, CustomTestStringConvertible {
    case memory, postgres

    var testDescription: String { self.rawValue }

    /// A world with two tenants on this ground.
    func with(hasherPlaces: Int = 64, _ body: (GroundWorld) async throws -> Void) async throws {
        switch self {
        case .memory: try await body(try Self.memory(hasherPlaces))
        case .postgres: try await withPostgresWorld(hasherPlaces: hasherPlaces) { world, _ in try await body(world) }
        }
    }

    private static func memory(_ places: Int) throws -> GroundWorld {
        let memory = MemoryIdentity(now: SystemClock.now)
        let hash = try GroundWorld.hash()
        memory.with { state in
            for user in GroundWorld.users {
                state.users.append(.init(id: user.id.id, email: user.email, tenant: user.id.tenant, hash: hash))
            }
        }
        let stores = GroundWorld.Stores(
            accounts: memory, sessions: memory, throttle: memory, directory: memory, note: memory.note)
        return try GroundWorld([stores, stores], places: places) { change in
            memory.with { state in
                switch change {
                case .user(let user, let status): state.change(user.id) { $0.user = status }
                case .tenant(let status): state.change(GroundWorld.ada.id) { $0.tenantState = status }
                case .raiseEpoch(let user): state.change(user.id) { $0.epoch = $0.epoch.next }
                }
            }
        }
    }
}

/// Two nodes over one store, with cheap hashes.
struct GroundWorld: Sendable {
    struct Stores: Sendable {
        let accounts: any AccountRepository
        let sessions: any SessionRepository
        let throttle: any ThrottleStore
        let directory: any ActorDirectory
        let note: @Sendable (AuditedAttempt) -> Void
    }

    /// What others do to accounts.
    enum Change: Sendable {
        case user(TenantUser, UserStatus)
        /// Of ``ada``.
        case tenant(TenantStatus)
        case raiseEpoch(TenantUser)
    }

    static let tenant = TenantID(raw: 7)
    static let ada = TenantUser(UserID(raw: 1), of: Self.tenant)
    static let bob = TenantUser(UserID(raw: 2), of: Self.tenant)
    static let eve = TenantUser(UserID(raw: 3), of: TenantID(raw: 8))
    static let root = TenantUser(UserID(raw: 4), of: nil)
    static let property = PropertyID(raw: 9)
    static let password = "open sesame 42"

    static let users: [(id: TenantUser, email: LoginEmail)] = [
        (ada, email: email("ada@aegean.example")), (bob, email("bob@aegean.example")),
        (eve, email("eve@northern.example")), (root, email("root@bellhop.example")),
    ]

    private static func email(_ text: String) -> LoginEmail {
        LoginEmail(text) ?? { preconditionFailure("\(text) is an address") }()
    }

    static func hash() throws -> PasswordHash {
        try PasswordHash(of: Secret(Self.password.utf8), cost: IdentityWorld.cheap)
    }

    let nodes: [IdentityService]
    let stores: [Stores]
    let callers: TokenCallers
    let hasher: PasswordHasher
    let keys: JWTKeys
    let change: @Sendable (Change) async throws -> Void

    init(_ stores: [Stores], places: Int, change: @escaping @Sendable (Change) async throws -> Void) throws {
        let hasher = try PasswordHasher(cost: IdentityWorld.cheap, threads: 2, places: places)
        let keys = try JWTKeys([SigningKey(setting: "k1:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=")])
        self.hasher = hasher
        self.keys = keys
        self.stores = stores
        self.nodes = stores.map { stores in
            IdentityService(
                accounts: stores.accounts, sessions: stores.sessions, throttle: LoginThrottle(store: stores.throttle),
                hasher: hasher, keys: keys, note: stores.note)
        }
        self.callers = TokenCallers(keys, directory: stores[0].directory, longestAge: .zero)
        self.change = change
    }

    func client(_ address: String = "192.0.2.1", device: DeviceID? = nil) throws -> IdentityService.Client {
        IdentityService.Client(address: try IdentityWorld.address(address), device: device)
    }

    func login(
        _ email: String = "ada@aegean.example", _ password: String = GroundWorld.password, on node: Int = 0,
        from address: String = "192.0.2.1", device: DeviceID? = nil
    ) async throws -> SignedIn {
        try await self.nodes[node].login(
            #require(LoginEmail(email)), Secret(password.utf8), from: self.client(address, device: device))
    }

    func refusal(
        _ email: String = "ada@aegean.example", _ password: String = "wrong", on node: Int = 0,
        from address: String = "192.0.2.1", device: DeviceID? = nil
    ) async throws -> RefusalCode? {
        try await IdentityWorld.refusal {
            try await self.login(email, password, on: node, from: address, device: device)
        }
    }

    /// Who a token speaks for, by the store.
    func caller(_ token: String) async throws -> RESTCaller { try await self.callers.caller(bearing: token) }

    func refusal(bearing token: String) async throws -> RefusalCode? {
        try await IdentityWorld.refusal { try await self.caller(token) }
    }
}

/// What a test may look into besides the ports.
struct PostgresGround: Sendable {
    let database: TestDatabase
    let pools: [PGDatabase]
    let attempts: AttemptLog
    /// What was told after commits.
    let news: Locked<[StreamNews]>

    var events: [LoggedEvent] { self.news.withLock { $0.flatMap(\.events) } }
}

/// A migrated database of its own, two pools of the node's role (whom row-level security binds), and the users of the world.
func withPostgresWorld(
    hasherPlaces: Int = 64, _ body: (GroundWorld, PostgresGround) async throws -> Void
) async throws {
    let database = try await TestDatabase.make()
    let group = try LoopGroup(count: 1, options: LoopOptions(), places: 10) { _ throws(SystemError) in }
    var pools: [PGDatabase] = []
    do {
        try await database.migrate()
        try await database.run(groundScript())
        let address = try await database.nodeAddress()
        var options = PGOptions()
        // Many worlds stand on one server at once.
        options.connections = 2
        for _ in 0..<2 { pools.append(PGDatabase(address, options: options, loop: group.handles[0])) }
        let (world, ground) = try makeWorld(database, pools, hasherPlaces)
        try await body(world, ground)
        await ground.attempts.settle()
    } catch {
        for pool in pools { await pool.close() }
        group.stop()
        try? await database.drop()
        throw error
    }
    for pool in pools { await pool.close() }
    group.stop()
    try await database.drop()
}

private func makeWorld(
    _ database: TestDatabase, _ pools: [PGDatabase], _ places: Int
) throws -> (GroundWorld, PostgresGround) {
    let news = Locked<[StreamNews]>([])
    let desk: NewsDesk = { told in news.withLock { $0 += told } }
    var terms = AttemptLog.Terms()
    terms.gathering = .milliseconds(5)
    let attempts = AttemptLog(store: PGHotelStore(pools[0]), log: .silent, terms: terms)
    let stores = pools.map { pool in
        GroundWorld.Stores(
            accounts: PGAccounts(pool, news: desk), sessions: PGSessions(pool, news: desk),
            throttle: PGThrottle(pool), directory: PGActors(pool), note: attempts.note)
    }
    let world = try GroundWorld(stores, places: places) { change in
        switch change {
        case .user(let user, let status):
            try await database.run("UPDATE bellhop.app_user SET status = '\(status.rawValue)' WHERE id = '\(user.id)'")
        case .tenant(let status):
            try await database.run(
                "UPDATE bellhop.tenant SET status = '\(status.rawValue)' WHERE tenant_id = '\(GroundWorld.tenant)'")
        case .raiseEpoch(let user):
            try await database.run(
                "UPDATE bellhop.app_user SET token_epoch = token_epoch + 1 WHERE id = '\(user.id)'")
        }
    }
    return (world, PostgresGround(database: database, pools: pools, attempts: attempts, news: news))
}

/// The users of the world, as the superuser writes them.
private func groundScript() throws -> String {
    let hash = try GroundWorld.hash().stored
    let other = GroundWorld.eve.tenant ?? GroundWorld.tenant
    var script = """
        INSERT INTO bellhop.tenant (tenant_id, name, slug, status, contact_email) VALUES
            ('\(GroundWorld.tenant)', 'Aegean Bay', 'aegean', 'active', 'owner@aegean.example'),
            ('\(other)', 'Northern Lights', 'northern', 'active', 'owner@northern.example');
        INSERT INTO bellhop.property (tenant_id, id, code, name, timezone, currency, business_date) VALUES
            ('\(GroundWorld.tenant)', '\(GroundWorld.property)', 'AEG', 'Aegean', 'Europe/Athens', 'EUR', '2026-03-08');
        """
    for user in GroundWorld.users {
        let tenant = user.id.tenant ?? TenantID(raw: 0)
        let role = user.id.tenant == nil ? "super_admin" : "front_desk_agent"
        script += """

            INSERT INTO bellhop.app_user (tenant_id, id, email, name, status, password_hash)
            VALUES ('\(tenant)', '\(user.id.id)', '\(user.email)', 'Ada', 'active', '\(hash)');
            INSERT INTO bellhop.role_assignment (tenant_id, id, user_id, built_in_role)
            VALUES ('\(tenant)', gen_random_uuid(), '\(user.id.id)', '\(role)');
            """
    }
    return script
}
