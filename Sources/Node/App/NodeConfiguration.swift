internal import Glibc
internal import Operations
internal import Shared

/// Everything that the starter of a node decides: read once in main, never changed.
struct NodeConfiguration: Sendable, Equatable {
    /// `DATABASE_URL`: PostgreSQL as the role of the node; there in every configuration that was read.
    var database: DatabaseAddress?
    /// `BELLHOP_MIGRATE_URL`: PostgreSQL as the owner; without it ``database``.
    var migrationDatabase: DatabaseAddress?
    /// `BELLHOP_DB_PREPARED`: whether statements may be prepared by name.
    var preparesStatements = true
    /// `BELLHOP_DB_POOL`: connections to PostgreSQL.
    var databaseConnections = 8
    /// `REDIS_URLS`: none means a single node with the bus in its own process.
    var redisServers: [RedisServer] = []

    /// `BELLHOP_HOST`: an address, not a name.
    var host = "0.0.0.0"
    /// `BELLHOP_PORT`: 0 lets the kernel choose.
    var port: UInt16 = 8_080
    /// `BELLHOP_ADMIN_HOST`: an address; without it ``host``.
    var adminHost = "0.0.0.0"
    /// `BELLHOP_ADMIN_PORT`: without it health and metrics are on ``port``.
    var adminPort: UInt16?
    /// `BELLHOP_TRUSTED_PROXIES`: networks as `address/bits`.
    var trustedProxies = ["127.0.0.0/8", "::1/128"]
    /// `BELLHOP_PROXY_PROTOCOL`: whether trusted proxies send a PROXY header.
    var acceptsProxyProtocol = false
    /// `BELLHOP_ALLOWED_ORIGINS`: besides the origin of the node itself.
    var allowedOrigins: [String] = []

    /// `BELLHOP_JWT_SECRETS`: never empty; the first signs, all verify.
    var tokenKeys: [SigningKey] = []
    /// `BELLHOP_APPS`: never empty; the first is Bellhop's own.
    var apps: [AppCredentials] = []
    /// `BELLHOP_APPS_FILE`: path of a JSON file that could be read at the start.
    var appOptionsPath: String?
    /// What is in it, by the ids of the apps.
    var appOptions: [String: AppOptions] = [:]

    /// `BELLHOP_NODE_ID`: the node's name in logs, metrics and registry.
    var nodeID: String
    /// `BELLHOP_ADVERTISE`: how other nodes reach this one; present whenever there is Redis.
    var advertised: ServiceAddress?
    /// `BELLHOP_CLUSTER_SECRETS`: not empty whenever there is Redis.
    var clusterKeys: [SigningKey] = []
    /// `BELLHOP_LOOPS`: event loops.
    var loops: Int
    /// `BELLHOP_STORE_LOOP`: whether PostgreSQL and Redis have an event loop of their own, besides ``loops``.
    var hasStoreLoop = false
    /// `BELLHOP_DRAIN_NOTICE_SECONDS`: from SIGTERM to the first close.
    var drainNoticeSeconds = 2
    /// `BELLHOP_DRAIN_SECONDS`: from the first close to the last.
    var drainSeconds = 20
    /// `BELLHOP_WEB`: the folder of the web app; without it nothing is served at `/`.
    var webPath: String?
    /// `BELLHOP_TEST_CLIENTS`: whether test pages are served.
    var servesTestClients = false
    /// `BELLHOP_PUSHER_JS`: the file that test pages find as `vendor/pusher.js`.
    var pusherLibraryPath: String?

    /// `BELLHOP_FAULT`: where a test wants the node to die.
    var fault: FaultPoints.Wish?

    /// Bounds on what clients may make the node hold.
    var limits = NodeLimits()

    /// `BELLHOP_LOG`: the least level that is written.
    var logLevel = LogLevel.info
    /// `BELLHOP_LOG_FORMAT`: for people at a terminal or for machines.
    var logFormat: LogFormat

    /// What works but should not stay so: lines for the log, without secrets.
    private(set) var warnings: [String] = []

    /// What the machine says where the environment does not.
    struct Surroundings: Sendable {
        /// Cores that the node may use.
        var cores: Int
        /// Whether logs go to a terminal.
        var isTerminal: Bool
        /// The name of a node that was given none.
        var randomNodeID: String
        /// Opens what `NAME_FILE` names.
        var file: @Sendable (String) throws(SystemError) -> SecretFile
        /// Whether there is a folder of that name.
        var isFolder: @Sendable (String) -> Bool
        /// Whether there is a file of that name.
        var isFile: @Sendable (String) -> Bool

        /// The machine that this process runs on.
        static var machine: Surroundings {
            Surroundings(
                cores: max(1, sysconf(CInt(_SC_NPROCESSORS_ONLN))), isTerminal: isatty(2) == 1,
                randomNodeID: "node-\(String(UInt32.random(in: 0x1000_0000 ... .max), radix: 16))",
                file: { (path) throws(SystemError) in try SecretFile(path: path) },
                isFolder: { self.kind(of: $0) == S_IFDIR }, isFile: { self.kind(of: $0) == S_IFREG })
        }

        private static func kind(of path: String) -> mode_t? {
            var about = stat()
            return stat(path, &about) == 0 ? about.st_mode & S_IFMT : nil
        }
    }

    /// Reads the environment.
    ///
    /// - Throws: all faults at once: missing and malformed values, and names with our prefix that nobody knows.
    init(environment: [String: String], surroundings: Surroundings) throws(ConfigurationError) {
        self.nodeID = surroundings.randomNodeID
        self.loops = min(surroundings.cores, Self.loopRange.upperBound)
        self.logFormat = surroundings.isTerminal ? .text : .json
        var reader = SettingReader(
            environment, settings: NodeSetting.all, prefix: "BELLHOP_", foreign: NodeSetting.foreign,
            file: surroundings.file)
        self.readStores(&reader)
        self.readCredentials(&reader, surroundings)
        self.readNetwork(&reader)
        self.readNode(&reader, surroundings)
        self.readLimits(&reader)
        try reader.finish()
        self.warnings = reader.warnings
    }

    static let loopRange = 1...256

    private mutating func readNetwork(_ reader: inout SettingReader) {
        reader.read(NodeSetting.host, into: &self.host, NetworkText.address)
        reader.read(NodeSetting.port, into: &self.port, in: 0...UInt16.max)
        self.adminHost = self.host
        reader.read(NodeSetting.adminHost, into: &self.adminHost, NetworkText.address)
        reader.read(NodeSetting.adminPort, into: &self.adminPort, in: 0...UInt16.max)
        if let adminPort = self.adminPort, adminPort == self.port, adminPort != 0 {
            reader.fault(NodeSetting.adminPort, SettingProblem("is the same port as BELLHOP_PORT"))
        }
        reader.readList(NodeSetting.proxies, into: &self.trustedProxies, NetworkText.network)
        reader.read(NodeSetting.proxyProtocol, into: &self.acceptsProxyProtocol)
        reader.readList(NodeSetting.origins, into: &self.allowedOrigins, NetworkText.origin)
    }

    private mutating func readStores(_ reader: inout SettingReader) {
        reader.read(NodeSetting.databaseURL, into: &self.database) { text throws(SettingProblem) in
            try DatabaseAddress(setting: text)
        }
        reader.require(NodeSetting.databaseURL)
        self.migrationDatabase = self.database
        reader.read(NodeSetting.migrateURL, into: &self.migrationDatabase) { text throws(SettingProblem) in
            try DatabaseAddress(setting: text)
        }
        reader.read(NodeSetting.prepared, into: &self.preparesStatements)
        reader.read(NodeSetting.pool, into: &self.databaseConnections, in: 1...1_000)
        reader.readList(NodeSetting.redisURLs, into: &self.redisServers) { text throws(SettingProblem) in
            try RedisServer(setting: text)
        }
    }

    private mutating func readCredentials(_ reader: inout SettingReader, _ surroundings: Surroundings) {
        reader.readList(NodeSetting.jwtSecrets, into: &self.tokenKeys) { text throws(SettingProblem) in
            try SigningKey(setting: text)
        }
        reader.require(NodeSetting.jwtSecrets)
        if let twice = self.tokenKeys.map(\.id).firstRepeated {
            reader.fault(NodeSetting.jwtSecrets, SettingProblem("has the kid \(twice) twice"))
        }
        reader.readList(NodeSetting.apps, into: &self.apps) { text throws(SettingProblem) in
            try AppCredentials(setting: text)
        }
        reader.require(NodeSetting.apps)
        if let twice = self.apps.map(\.id).firstRepeated ?? self.apps.map(\.key).firstRepeated {
            reader.fault(NodeSetting.apps, SettingProblem("has the id or key \(twice) twice"))
        }
        if self.apps.contains(where: { $0.secret.bytes.count < 16 }) {
            reader.warn(NodeSetting.apps, "a secret has fewer than 16 characters and can be guessed")
        }
        var options: [String: AppOptions] = [:]
        reader.read(NodeSetting.appsFile, into: &self.appOptionsPath) { path throws(SettingProblem) in
            let file: SecretFile
            do throws(SystemError) {
                file = try surroundings.file(path)
            } catch {
                throw SettingProblem("\(SettingReader.quoted(path)) cannot be read (\(error))")
            }
            options = try AppOptions.read(file.content)
            for origin in options.values.flatMap({ $0.origins ?? [] }) { _ = try NetworkText.origin(origin) }
            return path
        }
        self.appOptions = options
        if let own = self.apps.first, options[own.id] != nil {
            reader.fault(NodeSetting.appsFile, SettingProblem("has options for Bellhop's own app \(own.id)"))
        }
        if let unknown = options.keys.sorted().first(where: { id in !self.apps.contains { $0.id == id } }) {
            reader.fault(
                NodeSetting.appsFile, SettingProblem("has options for \(unknown), which BELLHOP_APPS does not name"))
        }
    }

    private mutating func readNode(_ reader: inout SettingReader, _ surroundings: Surroundings) {
        reader.read(NodeSetting.nodeID, into: &self.nodeID, Identifier.parse)
        reader.readList(NodeSetting.clusterSecrets, into: &self.clusterKeys) { text throws(SettingProblem) in
            try SigningKey(setting: text)
        }
        if let twice = self.clusterKeys.map(\.id).firstRepeated {
            reader.fault(NodeSetting.clusterSecrets, SettingProblem("has the kid \(twice) twice"))
        }
        // An address that stands for every interface, or a port that is not chosen yet, tells other nodes nothing.
        if self.port != 0, !["0.0.0.0", "::"].contains(self.host) {
            self.advertised = ServiceAddress(host: self.host, port: self.port)
        }
        reader.read(NodeSetting.advertise, into: &self.advertised) { text throws(SettingProblem) in
            try ServiceAddress(setting: text)
        }
        if !self.redisServers.isEmpty {
            reader.require(NodeSetting.clusterSecrets, "is required with REDIS_URLS")
            let reason =
                "is required with REDIS_URLS, because BELLHOP_HOST and BELLHOP_PORT do not say where this node is"
            if self.advertised == nil { reader.require(NodeSetting.advertise, reason) }
        }
        reader.read(NodeSetting.loops, into: &self.loops, in: Self.loopRange)
        reader.read(NodeSetting.storeLoop, into: &self.hasStoreLoop)
        reader.read(NodeSetting.drainNotice, into: &self.drainNoticeSeconds, in: 0...300)
        reader.read(NodeSetting.drain, into: &self.drainSeconds, in: 0...3_600)
        reader.read(NodeSetting.web, into: &self.webPath) { path throws(SettingProblem) in
            guard surroundings.isFolder(path) else {
                throw SettingProblem("\(SettingReader.quoted(path)) is not a folder")
            }
            return path
        }
        self.readTestClients(&reader, surroundings)
        reader.read(NodeSetting.fault, into: &self.fault) { text throws(SettingProblem) in
            guard let wish = FaultPoints.Wish(setting: text) else {
                throw SettingProblem("is not POINT:COUNT with a point of \(FaultPoints.Point.names)")
            }
            return wish
        }
        if self.fault != nil { reader.warn(NodeSetting.fault, "the node will die on purpose") }
        reader.read(NodeSetting.log, into: &self.logLevel)
        reader.read(NodeSetting.logFormat, into: &self.logFormat)
    }

    private mutating func readTestClients(_ reader: inout SettingReader, _ surroundings: Surroundings) {
        reader.read(NodeSetting.testClients, into: &self.servesTestClients)
        reader.read(NodeSetting.pusherJS, into: &self.pusherLibraryPath) { path throws(SettingProblem) in
            guard surroundings.isFile(path) else {
                throw SettingProblem("\(SettingReader.quoted(path)) is not a file")
            }
            return path
        }
        if self.servesTestClients, self.webPath == nil {
            reader.warn(NodeSetting.testClients, "serves nothing without BELLHOP_WEB")
        }
        if self.pusherLibraryPath != nil, !self.servesTestClients {
            reader.warn(NodeSetting.pusherJS, "serves nothing without BELLHOP_TEST_CLIENTS")
        }
    }

    private mutating func readLimits(_ reader: inout SettingReader) {
        reader.read(NodeSetting.connections, into: &self.limits.connections, in: 1...10_000_000)
        reader.read(NodeSetting.headerBytes, into: &self.limits.headerBytes, in: 1_024...(1 << 20))
        reader.read(NodeSetting.bodyBytes, into: &self.limits.bodyBytes, in: 1_024...(1 << 30))
        reader.read(NodeSetting.messageBytes, into: &self.limits.messageBytes, in: 1_024...(1 << 30))
        reader.read(NodeSetting.outboxBytes, into: &self.limits.outboxBytes, in: 4_096...(1 << 30))
        reader.read(NodeSetting.outboxTotalBytes, into: &self.limits.outboxTotalBytes, in: 4_096...(1 << 40))
        if self.limits.outboxTotalBytes < self.limits.outboxBytes {
            reader.fault(NodeSetting.outboxTotalBytes, SettingProblem("is less than BELLHOP_OUTBOX_BYTES"))
        }
        reader.read(NodeSetting.headerSeconds, into: &self.limits.headerSeconds, in: 1...3_600)
        reader.read(NodeSetting.bodySeconds, into: &self.limits.bodySeconds, in: 1...3_600)
        reader.read(NodeSetting.idleSeconds, into: &self.limits.idleSeconds, in: 1...3_600)
    }
}

extension [String] {
    /// The first entry that stands here a second time.
    fileprivate var firstRepeated: String? {
        var seen: Set<String> = []
        return self.first { !seen.insert($0).inserted }
    }
}
