import Crypto
import Operations
import PGStore
import Realtime
import Shared

/// Every operation that the node has, and the stores behind each.
struct OperationTable {
    let stores: Stores
    let actors: PGActors
    let callers: TokenCallers
    let commands: CommandService
    let keys: JWTKeys
    let hasher: PasswordHasher
    let attempts: AttemptLog

    private var database: PGDatabase { self.stores.database }

    /// The table that requests are matched against.
    func table() throws -> RESTTable {
        let outbox = OutboxAPI()
        let tags = [
            TenantsAPI.tag, UsersAPI.tag, RolesAPI.tag, PropertiesAPI.tag, DepartmentsAPI.tag, RoomTypesAPI.tag,
            RoomsAPI.tag, EventsAPI.tag, OutboxAPI.tag, AuditAPI.tag, ConnectionsAPI.tag,
        ]
        let groups = [self.people, self.houses, self.records, outbox.operations]
        let table = try RESTTable(Array(groups.joined()), tags: AuthResource.tags + tags)
        outbox.serve(table)
        return table
    }

    /// Who there is, and how they come in.
    private var people: [RESTOperation] {
        let (news, note) = (self.stores.newsDesk, self.attempts.note)
        let throttle = LoginThrottle(store: PGThrottle(self.database))
        let identity = IdentityService(
            accounts: PGAccounts(self.database, news: news), sessions: PGSessions(self.database, news: news),
            throttle: throttle, hasher: self.hasher, keys: self.keys, note: { note($0) })
        let users = PGUserDirectory(self.database)
        let groups = [
            AuthResource(service: identity, callers: self.callers, directory: self.actors).operations,
            LinksAPI(users: users, commands: self.commands, throttle: throttle, hasher: self.hasher).operations,
            TenantsAPI(tenants: PGTenantReader(self.database), commands: self.commands).operations,
            UsersAPI(users: users, tenants: self.actors, commands: self.commands).operations,
            RolesAPI(roles: PGRoleDirectory(self.database), commands: self.commands).operations,
        ]
        return Array(groups.joined())
    }

    /// Properties, and what stands in them.
    private var houses: [RESTOperation] {
        let properties = PGPropertyDirectory(self.database)
        let types = PGRoomTypeDirectory(self.database)
        let rooms = PGRoomDirectory(self.database)
        let groups = [
            PropertiesAPI(properties: properties, tenants: self.actors, commands: self.commands).operations,
            DepartmentsAPI(departments: properties, tenants: self.actors, commands: self.commands).operations,
            RoomTypesAPI(types: types, tenants: self.actors, commands: self.commands).operations,
            RoomsAPI(rooms: rooms, tenants: self.actors, commands: self.commands).operations,
        ]
        return Array(groups.joined())
    }

    /// What has happened.
    private var records: [RESTOperation] {
        EventsAPI(log: self.stores.log, tenants: self.actors).operations
            + AuditAPI(audit: PGAuditDirectory(self.database), tenants: self.actors).operations
            + ConnectionsAPI(
                board: ClusterConnections(doors: self.stores.apps.connections, registry: self.stores.registry)
            ).operations
    }
}
