internal import Shared

/// Every variable that a node reads, in the order of the help.
enum NodeSetting {
    static let databaseURL = Setting(
        "DATABASE_URL", default: nil, example: "postgresql://bellhop_node@127.0.0.1:5432/bellhop", isSecret: true,
        "PostgreSQL as the node's role, which owns nothing")
    static let migrateURL = Setting(
        "BELLHOP_MIGRATE_URL", default: "DATABASE_URL", example: "postgresql://bellhop_owner@127.0.0.1:5432/bellhop",
        isSecret: true, "PostgreSQL as the owner, directly and not through PgBouncer")
    static let prepared = Setting(
        "BELLHOP_DB_PREPARED", default: "on", example: "off",
        "off for PgBouncer in transaction mode, which forgets prepared statements")
    static let pool = Setting("BELLHOP_DB_POOL", default: "8", example: "8", "connections to PostgreSQL")
    static let redisURLs = Setting(
        "REDIS_URLS", default: "none: a single node", example: "redis://:password@127.0.0.1:6379/0", isSecret: true,
        "Redis servers that carry news between nodes, separated by commas")

    static let host = Setting("BELLHOP_HOST", default: "0.0.0.0", example: "127.0.0.1", "address that clients reach")
    static let port = Setting(
        "BELLHOP_PORT", default: "8080", example: "8080", "port that clients reach; 0 lets the kernel choose")
    static let adminHost = Setting(
        "BELLHOP_ADMIN_HOST", default: "BELLHOP_HOST", example: "127.0.0.1", "address of the admin port")
    static let adminPort = Setting(
        "BELLHOP_ADMIN_PORT", default: "none", example: "9090",
        "port for health and metrics, which then leave the other")
    static let proxies = Setting(
        "BELLHOP_TRUSTED_PROXIES", default: "127.0.0.0/8,::1/128", example: "10.0.0.0/8,fd00::/8",
        "networks whose X-Forwarded-For and PROXY header count")
    static let proxyProtocol = Setting(
        "BELLHOP_PROXY_PROTOCOL", default: "off", example: "on", "expect a PROXY header from trusted proxies")
    static let origins = Setting(
        "BELLHOP_ALLOWED_ORIGINS", default: "same origin", example: "https://desk.example.com",
        "origins of other sites whose pages may call this node")

    static let jwtSecrets = Setting(
        "BELLHOP_JWT_SECRETS", default: nil, example: "k1:$(openssl rand -base64 32)", isSecret: true,
        "keys of access tokens, kid:base64 with commas between; the first signs, all verify")
    /// Not one of the secrets with a file: `BELLHOP_APPS_FILE` holds options of the apps instead.
    static let apps = Setting(
        "BELLHOP_APPS", default: nil, example: "hotel:hotel-key:$(openssl rand -hex 20)",
        "apps of the Pusher protocol, id:key:secret with commas between; the first is Bellhop's own")
    static let appsFile = Setting(
        "BELLHOP_APPS_FILE", default: "none", example: "/etc/bellhop/apps.json", "JSON file with options per app")

    static let nodeID = Setting(
        "BELLHOP_NODE_ID", default: "random", example: "node-1", "this node's name in logs, metrics and registry")
    static let advertise = Setting(
        "BELLHOP_ADVERTISE", default: "BELLHOP_HOST:BELLHOP_PORT", example: "10.0.0.5:8080",
        "how other nodes reach this one")
    static let clusterSecrets = Setting(
        "BELLHOP_CLUSTER_SECRETS", default: "none; required with REDIS_URLS", example: "c1:$(openssl rand -base64 32)",
        isSecret: true, "keys with which nodes know each other, kid:base64 with commas between")
    static let loops = Setting("BELLHOP_LOOPS", default: "one per core", example: "2", "event loops")
    static let storeLoop = Setting(
        "BELLHOP_STORE_LOOP", default: "off", example: "on",
        "give the connections to PostgreSQL and Redis a loop of their own; else they are on the first")
    static let drain = Setting(
        "BELLHOP_DRAIN_SECONDS", default: "20", example: "20", "over how long sockets are closed when the node stops")
    static let drainNotice = Setting(
        "BELLHOP_DRAIN_NOTICE_SECONDS", default: "2", example: "2",
        "how long /readyz says 404 before that: two checks of the balancer")
    static let testClients = Setting(
        "BELLHOP_TEST_CLIENTS", default: "off", example: "on", "serve the test pages under /client/")
    static let pusherJS = Setting(
        "BELLHOP_PUSHER_JS", default: "none", example: "/usr/share/javascript/pusher.min.js",
        "file of pusher-js, which the test page can drive instead of its own client")

    static let fault = Setting(
        "BELLHOP_FAULT", default: "none", example: "committed:10",
        "for tests alone: where the node dies as if its power had gone, and at which passage")

    static let web = Setting(
        "BELLHOP_WEB", default: "none", example: "Sources/Web", "folder of the web app, served at / as it is")

    static let connections = Setting(
        "BELLHOP_MAX_CONNECTIONS", default: "what descriptors allow", example: "10000", "sockets open at once")
    static let headerBytes = Setting(
        "BELLHOP_MAX_HEADER_BYTES", default: "16384", example: "16384", "request line and header fields together")
    static let bodyBytes = Setting(
        "BELLHOP_MAX_BODY_BYTES", default: "1048576", example: "1048576", "body of a request")
    static let messageBytes = Setting(
        "BELLHOP_MAX_MESSAGE_BYTES", default: "131072", example: "131072", "WebSocket message, inflated")
    static let outboxBytes = Setting(
        "BELLHOP_OUTBOX_BYTES", default: "1048576", example: "1048576",
        "bytes that may wait for one client before it is closed as slow")
    static let outboxTotalBytes = Setting(
        "BELLHOP_OUTBOX_TOTAL_BYTES", default: "268435456", example: "268435456", "bytes that may wait for all clients")
    static let headerSeconds = Setting(
        "BELLHOP_HEADER_SECONDS", default: "10", example: "10", "time for the head of a request")
    static let bodySeconds = Setting("BELLHOP_BODY_SECONDS", default: "30", example: "30", "time for its body")
    static let idleSeconds = Setting(
        "BELLHOP_IDLE_SECONDS", default: "75", example: "75", "time between two requests of a connection")

    static let log = Setting(
        "BELLHOP_LOG", default: "info", example: "notice", "least level: debug, info, notice, warning, error")
    static let logFormat = Setting(
        "BELLHOP_LOG_FORMAT", default: "text on a terminal, else json", example: "json", "json or text")

    /// The sections of the help.
    static let groups: [(title: String, settings: [Setting])] = [
        ("Required", [databaseURL, jwtSecrets, apps]),
        (
            "Network",
            [host, port, adminHost, adminPort, proxies, proxyProtocol, origins]
        ),
        ("Stores", [migrateURL, prepared, pool, redisURLs]),
        (
            "Node",
            [
                nodeID, advertise, clusterSecrets, appsFile, loops, storeLoop, drainNotice, drain, web, testClients,
                pusherJS, fault, log, logFormat,
            ]
        ),
        (
            "Limits",
            [
                connections, headerBytes, bodyBytes, messageBytes, outboxBytes, outboxTotalBytes, headerSeconds,
                bodySeconds, idleSeconds,
            ]
        ),
    ]

    static var all: [Setting] { self.groups.flatMap(\.settings) }

    /// What `deploy/run` writes into `.bellhop/env` for scripts: whoever sourced that file can start a node all the same.
    static let foreign: Set<String> = [
        "BELLHOP_URL", "BELLHOP_NODES", "BELLHOP_PIDS", "BELLHOP_ADMIN_URLS", "BELLHOP_APP_ID", "BELLHOP_APP_KEY",
        "BELLHOP_APP_SECRET", "BELLHOP_DOMAIN_KEY", "BELLHOP_DEMO_PASSWORD", "BELLHOP_REDIS_PIDS",
        "BELLHOP_POSTGRES_PID",
        "BELLHOP_BALANCER_PID",
    ]
}
