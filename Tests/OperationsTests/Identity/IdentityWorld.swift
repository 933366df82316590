import Hotel
import Ports
import Shared
import Testing
import Wire

@testable import Crypto
@testable import Operations

/// Two tenants' worth of users, a service over them, and cheap hashes.
struct IdentityWorld {
    static let cheap = ScryptCost(logN: 4, r: 1, p: 1) ?? .standard
    static let password = "open sesame 42"
    /// In the middle of a window of counters.
    static let start = Timestamp(milliseconds: 1_700_000_100_000)

    let memory: MemoryIdentity
    let hasher: PasswordHasher
    let service: IdentityService
    /// Who keeps nothing in mind.
    let callers: TokenCallers
    let ada = UserID(raw: 1)
    let keys: JWTKeys

    init(hasherThreads: Int = 2, hasherPlaces: Int = 32) throws {
        let setting = "k1:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
        self.memory = MemoryIdentity(now: Self.start)
        self.hasher = try PasswordHasher(cost: Self.cheap, threads: hasherThreads, places: hasherPlaces)
        self.keys = try JWTKeys([SigningKey(setting: setting)])
        self.service = IdentityService(
            accounts: self.memory, sessions: self.memory, throttle: LoginThrottle(store: self.memory),
            hasher: self.hasher, keys: self.keys, note: self.memory.note)
        let memory = self.memory
        self.callers = TokenCallers(
            self.keys, directory: memory, longestAge: .zero, wallClock: { memory.now })
        try self.add(self.ada, "ada@aegean.example", tenant: TenantID(raw: 7))
    }

    func add(_ id: UserID, _ email: String, tenant: TenantID?, cost: ScryptCost = cheap) throws {
        let email = try #require(LoginEmail(email))
        let hash = try PasswordHash(of: Secret(Self.password.utf8), cost: cost)
        self.memory.with { $0.users.append(.init(id: id, email: email, tenant: tenant, hash: hash)) }
    }

    static func address(_ text: String) throws -> IPAddress { try #require(IPAddress(text)) }

    func client(_ address: String = "192.0.2.1", device: DeviceID? = nil) throws -> IdentityService.Client {
        IdentityService.Client(address: try Self.address(address), device: device)
    }

    func login(
        _ email: String = "ada@aegean.example", _ password: String = password, from address: String = "192.0.2.1",
        device: DeviceID? = nil
    ) async throws -> SignedIn {
        try await self.service.login(
            #require(LoginEmail(email)), Secret(password.utf8), from: self.client(address, device: device))
    }

    /// Why a login is refused; `nil` if it is not.
    func refusal(
        _ email: String = "ada@aegean.example", _ password: String = "wrong", from address: String = "192.0.2.1",
        device: DeviceID? = nil
    ) async throws -> RefusalCode? {
        try await Self.refusal { try await self.login(email, password, from: address, device: device) }
    }

    static func refusal<Result>(_ call: () async throws -> Result) async throws -> RefusalCode? {
        try await self.whole(call)?.code
    }

    /// The refusal with all that is told.
    static func whole<Result>(_ call: () async throws -> Result) async throws -> Refusal? {
        do {
            _ = try await call()
            return nil
        } catch let refusal as Refusal {
            return refusal
        }
    }

    func verified(_ token: String) throws -> AccessToken { try self.callers.token(token) }

    /// Whether a token still speaks for somebody.
    func admit(_ token: AccessToken) async throws {
        _ = try await self.callers.caller(bearing: TokenSigner(self.keys).sign(token))
    }
}
