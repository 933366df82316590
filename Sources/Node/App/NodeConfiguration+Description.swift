internal import Operations
internal import Shared

extension NodeConfiguration {
    /// The configuration in effect as `NAME=value` lines, defaults included and secrets left out: for `bellhop check-config`.
    func describe() -> String {
        let values = self.shownValues
        return NodeSetting.groups.map { title, settings in
            "# \(title)\n" + settings.map { "\($0.name)=\(values[$0.name] ?? "")\n" }.joined()
        }.joined(separator: "\n")
    }

    private var shownValues: [String: String] {
        let groups = [self.shownCredentials, self.shownNetwork, self.shownStores, self.shownNode, self.shownLimits]
        return Dictionary(uniqueKeysWithValues: groups.joined().map { ($0.name, $1) })
    }

    private var shownCredentials: [(Setting, String)] {
        [
            (NodeSetting.jwtSecrets, Self.shown(self.tokenKeys.map(\.id), as: "kid")),
            (NodeSetting.apps, Self.shown(self.apps.map(\.id), as: "id")),
            (NodeSetting.appsFile, self.appOptionsPath ?? ""),
            (NodeSetting.clusterSecrets, Self.shown(self.clusterKeys.map(\.id), as: "kid")),
        ]
    }

    private var shownNetwork: [(Setting, String)] {
        [
            (NodeSetting.host, self.host),
            (NodeSetting.port, String(self.port)),
            (NodeSetting.adminHost, self.adminHost),
            (NodeSetting.adminPort, self.adminPort.map { String($0) } ?? ""),
            (NodeSetting.proxies, self.trustedProxies.joined(separator: ",")),
            (NodeSetting.proxyProtocol, Self.shown(self.acceptsProxyProtocol)),
            (NodeSetting.origins, self.allowedOrigins.joined(separator: ",")),
        ]
    }

    private var shownStores: [(Setting, String)] {
        [
            (NodeSetting.databaseURL, self.database?.description ?? ""),
            (NodeSetting.migrateURL, self.migrationDatabase?.description ?? ""),
            (NodeSetting.prepared, Self.shown(self.preparesStatements)),
            (NodeSetting.pool, String(self.databaseConnections)),
            (NodeSetting.redisURLs, self.redisServers.map(\.description).joined(separator: ",")),
        ]
    }

    private var shownNode: [(Setting, String)] {
        [
            (NodeSetting.nodeID, self.nodeID),
            (NodeSetting.advertise, self.advertised?.description ?? ""),
            (NodeSetting.loops, String(self.loops)),
            (NodeSetting.storeLoop, Self.shown(self.hasStoreLoop)),
            (NodeSetting.drainNotice, String(self.drainNoticeSeconds)),
            (NodeSetting.drain, String(self.drainSeconds)),
            (NodeSetting.web, self.webPath ?? ""),
            (NodeSetting.testClients, Self.shown(self.servesTestClients)),
            (NodeSetting.pusherJS, self.pusherLibraryPath ?? ""),
            (NodeSetting.fault, self.fault?.description ?? ""),
            (NodeSetting.log, self.logLevel.rawValue),
            (NodeSetting.logFormat, self.logFormat.rawValue),
        ]
    }

    private var shownLimits: [(Setting, String)] {
        [
            (NodeSetting.connections, self.limits.connections.map { String($0) } ?? ""),
            (NodeSetting.headerBytes, String(self.limits.headerBytes)),
            (NodeSetting.bodyBytes, String(self.limits.bodyBytes)),
            (NodeSetting.messageBytes, String(self.limits.messageBytes)),
            (NodeSetting.outboxBytes, String(self.limits.outboxBytes)),
            (NodeSetting.outboxTotalBytes, String(self.limits.outboxTotalBytes)),
            (NodeSetting.headerSeconds, String(self.limits.headerSeconds)),
            (NodeSetting.bodySeconds, String(self.limits.bodySeconds)),
            (NodeSetting.idleSeconds, String(self.limits.idleSeconds)),
        ]
    }

    private static func shown(_ isOn: Bool) -> String { isOn ? "on" : "off" }

    private static func shown(_ ids: [String], as name: String) -> String {
        ids.isEmpty ? "" : "redacted (\(name) \(ids.joined(separator: ", ")))"
    }
}
