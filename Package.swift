// swift-tools-version: 6.2

import Foundation
import PackageDescription

/// Every target is compiled the same strict way: language mode 6, warnings are errors, imports say what they expose.
let strict: [SwiftSetting] = [
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
]

/// The folder tree is the architecture: one target per folder, and a target imports only what is listed with it.
func house(
    _ name: String, at path: String, imports dependencies: [Target.Dependency], without: [String] = []
) -> Target {
    .target(name: name, dependencies: dependencies, path: path, exclude: without, swiftSettings: strict)
}

func program(_ name: String, at path: String, imports dependencies: [Target.Dependency]) -> Target {
    .executableTarget(name: name, dependencies: dependencies, path: path, swiftSettings: strict)
}

func tests(of name: String, imports dependencies: [Target.Dependency]) -> Target {
    .testTarget(
        name: "\(name)Tests", dependencies: dependencies + [.byName(name: name), "TestSupport"],
        path: "Tests/\(name)Tests", swiftSettings: strict)
}

/// libFuzzer programs exist only when `FUZZ` is set: they need `--sanitize=fuzzer`, which the other products must not have.
let fuzzed =
    ProcessInfo.processInfo.environment["FUZZ"] == nil
    ? [] : ["JSON", "HTTP", "WebSocket", "Deflate", "Hint", "Pusher"]

let package = Package(
    name: "bellhop",
    products: [
        .executable(name: "bellhop", targets: ["App"]),
        .executable(name: "bellhop-peer", targets: ["Peer"]),
        .executable(name: "loadtest", targets: ["LoadTest"]),
    ],
    targets: [
        house("Shared", at: "Sources/Shared", imports: []),

        house("Crypto", at: "Sources/Crypto", imports: ["Shared", "COpenSSL"], without: ["COpenSSL"]),
        .target(name: "COpenSSL", path: "Sources/Crypto/COpenSSL", linkerSettings: [.linkedLibrary("crypto")]),

        house("Hotel", at: "Sources/Hotel", imports: ["Shared"]),

        // What operations ask of stores, in the words of the hotel; `Shared` has the ports that need none of them.
        house("Ports", at: "Sources/Ports", imports: ["Shared", "Crypto", "Hotel"]),

        house("Reactor", at: "Sources/Node/Reactor", imports: ["Shared", "CLinux"]),
        .target(name: "CLinux", path: "Sources/Node/CLinux"),

        house("Wire", at: "Sources/Node/Wire", imports: ["Shared", "Crypto", "CZlib"], without: ["CZlib"]),
        .target(name: "CZlib", path: "Sources/Node/Wire/CZlib", linkerSettings: [.linkedLibrary("z")]),

        house(
            "PGStore", at: "Sources/PGStore",
            imports: ["Shared", "Crypto", "Hotel", "Ports", "Reactor", "CPQ", "Migrations"],
            without: ["CPQ", "Migrations", "MigrationFiles.swift"]),
        .systemLibrary(name: "CPQ", path: "Sources/PGStore/CPQ"),
        // On its own, because compiling the text of the schema takes long: only a change of the schema pays for it.
        .target(
            name: "Migrations", path: "Sources/PGStore",
            exclude: [
                "CPQ", "Commands", "Connection", "Database", "Demo", "Identity", "Log", "Migrating", "Pool",
                "Properties", "Roles", "Rooms", "Tenants", "Timers", "Users", "Values", "Webhooks",
            ],
            sources: ["MigrationFiles.swift"], resources: [.embedInCode("Migrations")], swiftSettings: strict),

        house(
            "RedisBridge", at: "Sources/RedisBridge", imports: ["Shared", "Reactor", "CHiredis"], without: ["CHiredis"]),
        .systemLibrary(name: "CHiredis", path: "Sources/RedisBridge/CHiredis"),

        house(
            "Outbound", at: "Sources/Node/Outbound", imports: ["Shared", "Ports", "Wire", "CTLS"], without: ["CTLS"]),
        .target(name: "CTLS", path: "Sources/Node/Outbound/CTLS", linkerSettings: [.linkedLibrary("ssl")]),

        house("Realtime", at: "Sources/Node/Realtime", imports: ["Shared", "Crypto", "Hotel", "Reactor", "Wire"]),
        house("Operations", at: "Sources/Node/Operations", imports: ["Shared", "Crypto", "Hotel", "Ports", "Wire"]),
        program(
            "App", at: "Sources/Node/App",
            imports: [
                "Shared", "Crypto", "Hotel", "Ports", "Reactor", "Wire", "Operations", "Outbound", "Realtime",
                "PGStore",
                "RedisBridge",
            ]),

        program("LoadTest", at: "loadtest", imports: ["Shared", "Reactor", "Wire"]),
        program("Peer", at: "Tests/Conformance/Peer", imports: ["Shared", "Reactor", "Wire", "Realtime"]),

        .target(name: "TestSupport", dependencies: ["Shared"], path: "Tests/TestSupport", swiftSettings: strict),
        // Private PostgreSQL databases and servers for tests.
        .target(
            name: "StoreSupport", dependencies: ["Shared", "PGStore"], path: "Tests/StoreSupport", swiftSettings: strict
        ),
        tests(of: "Shared", imports: []),
        tests(of: "Crypto", imports: ["Shared"]),
        tests(of: "Hotel", imports: ["Shared"]),
        tests(of: "Reactor", imports: ["Shared"]),
        tests(
            of: "PGStore",
            imports: ["Shared", "Crypto", "Hotel", "Ports", "Reactor", "Operations", "Migrations", "StoreSupport"]),
        tests(of: "Wire", imports: ["Shared", "Crypto"]),
        tests(of: "RedisBridge", imports: ["Shared", "Reactor", "Realtime"]),
        // The register of nodes and presence: on a node's Redis and without one. Apart from the bridge's own tests, which block
        // Swift's threads: these count on their turn.
        .testTarget(
            name: "RegistryTests",
            dependencies: ["Shared", "Reactor", "Realtime", "RedisBridge", "StoreSupport", "TestSupport"],
            path: "Tests/RegistryTests", swiftSettings: strict),
        tests(of: "Realtime", imports: ["Shared", "Crypto", "Hotel", "Reactor", "Wire"]),
        tests(of: "Outbound", imports: ["Shared", "Ports", "StoreSupport"]),
        // On memory and on the real store alike.
        tests(
            of: "Operations",
            imports: ["Shared", "Crypto", "Hotel", "Ports", "Outbound", "Reactor", "Wire", "PGStore", "StoreSupport"]),
        tests(
            of: "App",
            imports: [
                "Shared", "Hotel", "Ports", "Reactor", "Wire", "Operations", "Realtime", "PGStore", "RedisBridge",
                "StoreSupport",
            ]),
        tests(of: "LoadTest", imports: ["Shared", "Reactor", "Wire"]),
    ]
        + fuzzed.map { name in
            .executableTarget(
                name: "Fuzz\(name)", dependencies: ["Shared", "Crypto", "Wire"], path: "Tests/Fuzz/\(name)",
                exclude: ["corpus"], swiftSettings: strict + [.unsafeFlags(["-parse-as-library"])])
        },
    swiftLanguageModes: [.v6]
)
