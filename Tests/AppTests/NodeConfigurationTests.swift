import Glibc
import Shared
import Testing

@testable import App

@Suite struct NodeConfigurationTests {
    private static let key = String(repeating: "A", count: 43) + "="
    private static let least = [
        "DATABASE_URL": "postgresql://node@db/bellhop", "BELLHOP_JWT_SECRETS": "k1:\(key)",
        "BELLHOP_APPS": "1:key:\(String(repeating: "s", count: 16))",
    ]

    private static let surroundings = NodeConfiguration.Surroundings(
        cores: 4, isTerminal: false, randomNodeID: "node-r",
        file: { path throws(SystemError) in
            if path == "/run/apps" { return SecretFile(content: Array(#"{"2":{"client_events":true}}"#.utf8)) }
            guard path == "/run/keys" else { throw SystemError("open", errno: ENOENT) }
            return SecretFile(content: Array("k9:\(key)\n".utf8))
        },
        isFolder: { !$0.contains("?") }, isFile: { $0.hasSuffix(".js") })

    private func configuration(_ more: [String: String] = [:]) throws(ConfigurationError) -> NodeConfiguration {
        try NodeConfiguration(
            environment: Self.least.merging(more) { $1 }, surroundings: Self.surroundings)
    }

    private func faults(_ environment: [String: String]) -> [String] {
        do throws(ConfigurationError) {
            _ = try NodeConfiguration(environment: environment, surroundings: Self.surroundings)
            return []
        } catch {
            return error.faults.map(\.description)
        }
    }

    private func faults(with more: [String: String]) -> [String] {
        self.faults(Self.least.merging(more) { $1 })
    }

    @Test func `with the required settings everything else has its default`() throws {
        let configuration = try self.configuration()
        #expect(configuration.tokenKeys.map(\.id) == ["k1"])
        #expect(configuration.apps.map(\.key) == ["key"])
        #expect(configuration.database?.description == "postgresql://db/bellhop")
        #expect(configuration.migrationDatabase == configuration.database)
        #expect(configuration.redisServers.isEmpty)
        #expect(configuration.host == "0.0.0.0")
        #expect(configuration.port == 8_080)
        #expect(configuration.adminPort == nil)
        #expect(configuration.trustedProxies == ["127.0.0.0/8", "::1/128"])
        #expect(configuration.allowedOrigins.isEmpty)
        #expect(configuration.nodeID == "node-r")
        #expect(configuration.loops == 4)
        #expect(configuration.databaseConnections == 8)
        #expect(configuration.drainSeconds == 20)
        #expect(configuration.logLevel == .info)
        #expect(configuration.logFormat == .json)
        #expect(configuration.limits == NodeLimits())
        #expect(configuration.warnings.isEmpty)
    }

    @Test func `an empty environment lacks exactly what is required, with a line that can be tried`() {
        #expect(
            self.faults([:]) == [
                "DATABASE_URL: is required; for example "
                    + "DATABASE_URL=postgresql://bellhop_node@127.0.0.1:5432/bellhop",
                "BELLHOP_JWT_SECRETS: is required; for example BELLHOP_JWT_SECRETS=k1:$(openssl rand -base64 32)",
                "BELLHOP_APPS: is required; for example BELLHOP_APPS=hotel:hotel-key:$(openssl rand -hex 20)",
            ])
    }

    @Test func `every setting of a whole environment takes effect`() throws {
        let configuration = try self.configuration([
            "DATABASE_URL": "postgresql://n:p@db/bellhop", "BELLHOP_MIGRATE_URL": "postgresql://o:p@db2/bellhop",
            "BELLHOP_DB_PREPARED": "off", "BELLHOP_DB_POOL": "3", "REDIS_URLS": "redis://r1,redis://:p@r2:7/1",
            "BELLHOP_HOST": "10.0.0.5", "BELLHOP_PORT": "81", "BELLHOP_ADMIN_HOST": "::1", "BELLHOP_ADMIN_PORT": "82",
            "BELLHOP_TRUSTED_PROXIES": "10.0.0.0/8,::1", "BELLHOP_PROXY_PROTOCOL": "on",
            "BELLHOP_ALLOWED_ORIGINS": "https://a.example",
            "BELLHOP_APPS": "1:k1:ssssssssssssssss,2:k2:ssssssssssssssss",
            "BELLHOP_APPS_FILE": "/run/apps", "BELLHOP_NODE_ID": "n-1", "BELLHOP_ADVERTISE": "n1.example:81",
            "BELLHOP_CLUSTER_SECRETS": "c1:\(Self.key)", "BELLHOP_LOOPS": "7",
            "BELLHOP_STORE_LOOP": "on", "BELLHOP_DRAIN_SECONDS": "0",
            "BELLHOP_DRAIN_NOTICE_SECONDS": "5", "BELLHOP_WEB": "/srv/web", "BELLHOP_TEST_CLIENTS": "1",
            "BELLHOP_PUSHER_JS": "/srv/pusher.js",
            "BELLHOP_FAULT": "committed:7",
            "BELLHOP_MAX_CONNECTIONS": "9",
            "BELLHOP_MAX_HEADER_BYTES": "1024", "BELLHOP_MAX_BODY_BYTES": "2048", "BELLHOP_MAX_MESSAGE_BYTES": "4096",
            "BELLHOP_OUTBOX_BYTES": "8192", "BELLHOP_OUTBOX_TOTAL_BYTES": "16384", "BELLHOP_HEADER_SECONDS": "1",
            "BELLHOP_BODY_SECONDS": "2", "BELLHOP_IDLE_SECONDS": "3", "BELLHOP_LOG": "debug",
            "BELLHOP_LOG_FORMAT": "text",
            "BELLHOP_JWT_SECRETS": "", "BELLHOP_JWT_SECRETS_FILE": "/run/keys",
        ])
        #expect(
            configuration.describe() == """
                # Required
                DATABASE_URL=postgresql://db/bellhop
                BELLHOP_JWT_SECRETS=redacted (kid k9)
                BELLHOP_APPS=redacted (id 1, 2)

                # Network
                BELLHOP_HOST=10.0.0.5
                BELLHOP_PORT=81
                BELLHOP_ADMIN_HOST=::1
                BELLHOP_ADMIN_PORT=82
                BELLHOP_TRUSTED_PROXIES=10.0.0.0/8,::1/128
                BELLHOP_PROXY_PROTOCOL=on
                BELLHOP_ALLOWED_ORIGINS=https://a.example

                # Stores
                BELLHOP_MIGRATE_URL=postgresql://db2/bellhop
                BELLHOP_DB_PREPARED=off
                BELLHOP_DB_POOL=3
                REDIS_URLS=redis://r1:6379/0,redis://:redacted@r2:7/1

                # Node
                BELLHOP_NODE_ID=n-1
                BELLHOP_ADVERTISE=n1.example:81
                BELLHOP_CLUSTER_SECRETS=redacted (kid c1)
                BELLHOP_APPS_FILE=/run/apps
                BELLHOP_LOOPS=7
                BELLHOP_STORE_LOOP=on
                BELLHOP_DRAIN_NOTICE_SECONDS=5
                BELLHOP_DRAIN_SECONDS=0
                BELLHOP_WEB=/srv/web
                BELLHOP_TEST_CLIENTS=on
                BELLHOP_PUSHER_JS=/srv/pusher.js
                BELLHOP_FAULT=committed:7
                BELLHOP_LOG=debug
                BELLHOP_LOG_FORMAT=text

                # Limits
                BELLHOP_MAX_CONNECTIONS=9
                BELLHOP_MAX_HEADER_BYTES=1024
                BELLHOP_MAX_BODY_BYTES=2048
                BELLHOP_MAX_MESSAGE_BYTES=4096
                BELLHOP_OUTBOX_BYTES=8192
                BELLHOP_OUTBOX_TOTAL_BYTES=16384
                BELLHOP_HEADER_SECONDS=1
                BELLHOP_BODY_SECONDS=2
                BELLHOP_IDLE_SECONDS=3

                """)
    }

    @Test func `the description names every setting once and no secret`() throws {
        let description = try self.configuration(["REDIS_URLS": "", "DATABASE_URL": "postgresql://u:hunter2@h/d"])
            .describe()
        for setting in NodeSetting.all {
            #expect(description.split(separator: "\n").filter { $0.hasPrefix(setting.name + "=") }.count == 1)
        }
        #expect(!description.contains("hunter2"))
        #expect(!description.contains("ssss"))
        #expect(!description.contains("AAAA"))
    }

    @Test(arguments: NodeSetting.all.filter { $0.fallback?.allSatisfy { $0.isNumber || $0.isLowercase } == true })
    func `the help tells the default that holds`(setting: Setting) throws {
        let description = try self.configuration().describe()
        let value = description.split(separator: "\n").first { $0.hasPrefix(setting.name + "=") }
        let isUnset = setting.fallback == "none" || setting.fallback == "random"
        #expect(isUnset || value == "\(setting.name)=\(setting.fallback ?? "")")
    }

    @Test func `the example of every setting that needs no shell is accepted`() throws {
        for setting in NodeSetting.all where !setting.example.contains("$") && setting.name != "BELLHOP_APPS_FILE" {
            var more = [setting.name: setting.example]
            if setting.name == "REDIS_URLS" {
                more["BELLHOP_ADVERTISE"] = "h:1"
                more["BELLHOP_CLUSTER_SECRETS"] = "c1:\(Self.key)"
            }
            #expect(self.faults(with: more).isEmpty, "\(setting.name)")
        }
    }

    @Test func `every setting refuses what makes no sense`() {
        let free = ["BELLHOP_NODE_ID": "a b", "BELLHOP_MAX_CONNECTIONS": "0"]
        for setting in NodeSetting.all {
            let found = self.faults(with: [setting.name: free[setting.name] ?? "?/ ?"])
            #expect(found.count == 1, "\(setting.name)")
            #expect(found.first?.hasPrefix("\(setting.name): ") == true)
            #expect(found.first?.hasSuffix("; for example \(setting.name)=\(setting.example)") == true)
        }
    }

    @Test func `with Redis a node must say who it is and where`() {
        let found = self.faults(with: ["REDIS_URLS": "redis://r"])
        #expect(found.map { $0.prefix { $0 != ":" } } == ["BELLHOP_CLUSTER_SECRETS", "BELLHOP_ADVERTISE"])
        let secrets = ["REDIS_URLS": "redis://r", "BELLHOP_CLUSTER_SECRETS": "c1:\(Self.key)"]
        #expect(self.faults(with: secrets).count == 1)
        #expect(self.faults(with: secrets.merging(["BELLHOP_HOST": "10.0.0.5"]) { $1 }).isEmpty)
        #expect(
            self.faults(with: secrets.merging(["BELLHOP_HOST": "10.0.0.5", "BELLHOP_PORT": "0"]) { $1 }).count == 1)
        #expect(self.faults(with: secrets.merging(["BELLHOP_ADVERTISE": "h:1"]) { $1 }).isEmpty)
    }

    @Test func `without an address of its own a node advertises nothing, else host and port`() throws {
        #expect(try self.configuration().advertised == nil)
        #expect(try self.configuration(["BELLHOP_HOST": "::"]).advertised == nil)
        #expect(try self.configuration(["BELLHOP_HOST": "::1"]).advertised?.description == "[::1]:8080")
    }

    @Test func `settings that contradict each other are a fault`() {
        #expect(
            self.faults(with: ["BELLHOP_ADMIN_PORT": "8080"]).first?.hasPrefix("BELLHOP_ADMIN_PORT: is the same")
                == true)
        #expect(self.faults(with: ["BELLHOP_ADMIN_PORT": "0", "BELLHOP_PORT": "0"]).isEmpty)
        #expect(self.faults(with: ["BELLHOP_OUTBOX_BYTES": "8192", "BELLHOP_OUTBOX_TOTAL_BYTES": "8191"]).count == 1)
        let twice = "k1:\(Self.key),k1:\(Self.key)"
        #expect(self.faults(with: ["BELLHOP_JWT_SECRETS": twice]).first?.contains("has the kid k1 twice") == true)
        #expect(self.faults(with: ["BELLHOP_CLUSTER_SECRETS": twice]).first?.contains("has the kid k1 twice") == true)
        for apps in ["1:a:sssssssssssssssss,1:b:sssssssssssssssss", "1:a:sssssssssssssssss,2:a:sssssssssssssssss"] {
            #expect(self.faults(with: ["BELLHOP_APPS": apps]).first?.contains("twice") == true)
        }
    }

    @Test func `a name with a typing error is a fault, and what scripts source is not`() {
        #expect(
            self.faults(with: ["BELLHOP_PROT": "1"]) == ["BELLHOP_PROT: is not a setting; did you mean BELLHOP_PORT?"])
        #expect(self.faults(with: Dictionary(uniqueKeysWithValues: NodeSetting.foreign.map { ($0, "x") })).isEmpty)
    }

    @Test func `a short secret of an app is warned of, not shown`() throws {
        let warnings = try self.configuration(["BELLHOP_APPS": "1:key:hunter2"]).warnings
        #expect(warnings == ["BELLHOP_APPS: a secret has fewer than 16 characters and can be guessed"])
    }

    @Test func `test clients that nobody could open are warned of`() throws {
        let pages = ["BELLHOP_WEB": "/srv/web", "BELLHOP_TEST_CLIENTS": "on", "BELLHOP_PUSHER_JS": "/srv/pusher.js"]
        func warnings(without name: String) throws -> [String] {
            try self.configuration(pages.filter { $0.key != name }).warnings
        }
        #expect(try warnings(without: "") == [])
        #expect(try warnings(without: "BELLHOP_WEB") == ["BELLHOP_TEST_CLIENTS: serves nothing without BELLHOP_WEB"])
        #expect(
            try warnings(without: "BELLHOP_TEST_CLIENTS")
                == ["BELLHOP_PUSHER_JS: serves nothing without BELLHOP_TEST_CLIENTS"])
        #expect(self.faults(with: ["BELLHOP_PUSHER_JS": "/srv/pusher"]).first?.contains("is not a file") == true)
    }

    @Test func `migrations use the database unless they have their own`() throws {
        let one = try self.configuration(["DATABASE_URL": "postgresql://h/d"])
        #expect(one.migrationDatabase == one.database)
        let own = try self.configuration(["BELLHOP_MIGRATE_URL": "postgresql://h/d"])
        #expect(own.migrationDatabase?.description == "postgresql://h/d" && own.database != own.migrationDatabase)
    }

    @Test func `this machine has cores and gives a node a valid random name`() throws {
        let machine = NodeConfiguration.Surroundings.machine
        let configuration = try NodeConfiguration(environment: Self.least, surroundings: machine)
        #expect(configuration.loops >= 1)
        #expect(Identifier.isValid(configuration.nodeID))
        #expect(configuration.nodeID != NodeConfiguration.Surroundings.machine.randomNodeID)
    }
}
