import Testing

@testable import LoadTest

@Suite struct InvocationTests {
    private static let target = ["--url", "ws://127.0.0.1:8080/fanout"]
    private static let fanout = ["fanout"] + target + ["--publish", "http://127.0.0.1:8080/fanout"]

    private static func read(_ arguments: [String], file: String? = nil) throws(UsageError) -> Invocation {
        try Invocation(arguments) { _ throws(FileFailure) in file }
    }

    private static func plan(_ arguments: [String], file: String? = nil) throws -> Plan {
        guard case .run(let plan) = try Self.read(arguments, file: file) else {
            throw UsageError.unexpectedArgument("")
        }
        return plan
    }

    @Test func `without options a scenario has its defaults`() throws {
        let plan = try Self.plan(Self.fanout)
        #expect(plan.sockets == 1000 && plan.rate == 20 && plan.seconds == 10 && plan.warmupSeconds == 2)
        #expect(plan.targets.map(\.description) == ["ws://127.0.0.1:8080/fanout"])
        #expect(plan.publishers.map(\.description) == ["http://127.0.0.1:8080/fanout"])
        #expect(plan.thresholds == [] && plan.pids == [] && plan.showsProgress)
    }

    @Test func `every option lands in the plan`() throws {
        let plan = try Self.plan(
            Self.fanout + [
                "--sockets=5000", "--seconds", "2.5", "--rate", "7", "--burst", "3", "--bytes", "200", "--ramp", "900",
                "--in-flight", "9", "--warmup", "0", "--grace", "1", "--timeout", "3", "--workers", "4", "--source",
                "127.0.0.9", "--json", "-", "--svg", "a.svg", "--html", "b.html", "--fail-if", "p99>50ms", "--fail-if",
                "lost > 0", "--no-progress", "--pid", "12,13", "--pid", "14",
            ])
        #expect(plan.sockets == 5000 && plan.seconds == 2.5 && plan.rate == 7 && plan.burst == 3)
        #expect(plan.messageBytes == 200 && plan.connectsPerSecond == 900 && plan.connectsInFlight == 9)
        #expect(plan.warmupSeconds == 0 && plan.graceSeconds == 1 && plan.connectSeconds == 3 && plan.workers == 4)
        #expect(plan.sources == ["127.0.0.9"] && plan.jsonFile == "-" && plan.plotFile == "a.svg")
        #expect(plan.pageFile == "b.html" && plan.thresholds.map(\.description) == ["p99>50ms", "lost>0"])
        #expect(!plan.showsProgress && plan.pids == [12, 13, 14])
    }

    @Test func `every option of every scenario is read, and no other`() throws {
        let values: [Option: String] = [
            .url: "ws://h:1/x", .publish: "http://h:1/x", .env: "f", .pid: "1", .source: "127.0.0.2",
            .failIf: "lost>0", .bytes: "200", .json: "f", .svg: "f", .html: "f",
        ]
        for scenario in Scenario.allCases {
            for option in Option.allCases {
                var arguments = [scenario.rawValue, "--url", "ws://h:1/x", "--publish", "http://h:1/x"]
                if !scenario.publishes { arguments.removeLast(2) }
                arguments += ["--\(option.rawValue)"]
                if option.placeholder != nil { arguments.append(values[option] ?? "5") }
                if scenario.options.contains(option) {
                    #expect(throws: Never.self, "\(arguments)") { _ = try Self.read(arguments) }
                } else {
                    #expect(throws: UsageError.unknownOption("--\(option.rawValue)", scenario: scenario.rawValue)) {
                        _ = try Self.read(arguments)
                    }
                }
            }
        }
    }

    @Test(arguments: [
        ("--sockets", "0"), ("--sockets", "x"), ("--sockets", "1.5"), ("--sockets", "-1"), ("--seconds", "0"),
        ("--seconds", "nan"), ("--rate", "inf"), ("--bytes", "103"), ("--bytes", "1048577"), ("--pid", "1,"),
        ("--pid", "0"), ("--source", "localhost"), ("--fail-if", "p99"), ("--publish", "ws://h:1/x"),
        ("--workers", "257"),
    ]) func `a value that does not fit is refused`(option: String, value: String) {
        let error = #expect(throws: UsageError.self) { _ = try Self.read(Self.fanout + [option, value]) }
        guard case .badValue(let refused, let text, _) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect("--\(refused.rawValue)" == option && (text == value || option == "--pid"))
    }

    @Test func `wrong command lines say what is wrong with them`() {
        let cases: [([String], UsageError)] = [
            (["fanuot"], .unknownScenario("fanuot")),
            (Self.fanout + ["--sockets"], .missingValue(.sockets)),
            (Self.fanout + ["--sockets="], .missingValue(.sockets)),
            (Self.fanout + ["--sockets", "1", "--sockets", "2"], .repeated(.sockets)),
            (Self.fanout + ["--direct=yes"], .unexpectedValue(.direct)),
            (Self.fanout + ["5"], .unexpectedArgument("5")),
            (Self.fanout + ["--what"], .unknownOption("--what", scenario: "fanout")),
            (["fanout"] + Self.target, .noPublisher),
            (["idle"], .noTarget(clusterFile: ".bellhop/env")),
            (["idle", "--env", "x"], .unreadableClusterFile("x", reason: "no such file")),
        ]
        for (arguments, expected) in cases {
            #expect(throws: expected, "\(arguments)") { _ = try Self.read(arguments) }
            #expect(!expected.description.isEmpty)
        }
    }

    @Test func `help and version are found wherever they stand`() throws {
        #expect(try Self.read([]) == .help(nil))
        #expect(try Self.read(["--help"]) == .help(nil))
        #expect(try Self.read(["help", "echo"]) == .help(.echo))
        #expect(try Self.read(["echo", "--sockets", "--help"]) == .help(.echo))
        #expect(try Self.read(["--version"]) == .version)
    }

    @Test func `a worker's command line is the coordinator's with a role before it`() throws {
        let role = WorkerRole(.publisher, index: 1, count: 3, run: 0xFEED)
        #expect(try Self.read(role.arguments + Self.fanout) == .worker(role, Self.plan(Self.fanout)))
        #expect(WorkerRole(["sockets", "3/3", "1"]) == nil)
        #expect(WorkerRole(["sockets", "-1/3", "1"]) == nil)
        #expect(WorkerRole(["what", "0/3", "1"]) == nil)
    }

    // MARK: The cluster file

    private static let cluster = """
        # written by deploy/run
        BELLHOP_URL=http://127.0.0.1:9000
        export BELLHOP_NODES='http://127.0.0.1:9001,http://127.0.0.1:9002'
        BELLHOP_PIDS="11,12"
        BELLHOP_APP_SECRET=a=b
        BELLHOP_DOMAIN_KEY=hotel
        BELLHOP_DEMO_PASSWORD=pass=word
        nonsense
        """

    @Test func `targets and pids come from the cluster file when none are given`() throws {
        let balanced = try Self.plan(["echo"], file: Self.cluster)
        #expect(balanced.targets.map(\.description) == ["ws://127.0.0.1:9000/echo"])
        #expect(balanced.publishers == [] && balanced.hotel == nil && balanced.pids == [11, 12])
        let direct = try Self.plan(["echo", "--direct", "--pid", "5"], file: Self.cluster)
        #expect(direct.targets.map(\.description) == ["ws://127.0.0.1:9001/echo", "ws://127.0.0.1:9002/echo"])
        #expect(direct.publishers == [] && direct.pids == [5])
    }

    private static let socket = "/app/hotel?protocol=7&client=loadtest&version=1"
    private static let nodes = ["http://127.0.0.1:9001/", "http://127.0.0.1:9002/"]

    @Test func `a fan-out in the cluster is about the hotel, and its commands go to the nodes`() throws {
        let balanced = try Self.plan(["fanout"], file: Self.cluster)
        #expect(balanced.hotel == HotelAccess(key: "hotel", password: "pass=word", file: ".bellhop/env"))
        #expect(balanced.targets.map(\.description) == ["ws://127.0.0.1:9000\(Self.socket)"])
        #expect(balanced.publishers.map(\.description) == Self.nodes)
        #expect(balanced.pids == [11, 12])
        let direct = try Self.plan(["fanout", "--direct", "--burst", "3"], file: Self.cluster)
        #expect(direct.targets.map(\.description) == [9001, 9002].map { "ws://127.0.0.1:\($0)\(Self.socket)" })
        #expect(direct.publishers.map(\.description) == Self.nodes && direct.burst == 3)
        let alone = try Self.plan(
            ["fanout"], file: "BELLHOP_URL=http://h:1\nBELLHOP_DOMAIN_KEY=k\nBELLHOP_DEMO_PASSWORD=p\n")
        #expect(alone.publishers.map(\.description) == ["http://h:1/"])
    }

    @Test func `a fan-out to a server that is named has nothing to do with the hotel`() throws {
        #expect(try Self.plan(Self.fanout, file: Self.cluster).hotel == nil)
    }

    @Test func `what keeps a fan-out out of the hotel is told`() {
        let cases: [([String], String, UsageError)] = [
            ([], "BELLHOP_URL=http://h:1\n", .notInClusterFile(".bellhop/env", variable: "BELLHOP_DOMAIN_KEY")),
            (
                ["--env", "f"], "BELLHOP_URL=http://h:1\nBELLHOP_DOMAIN_KEY=k\n",
                .notInClusterFile("f", variable: "BELLHOP_DEMO_PASSWORD")
            ),
            ([], "BELLHOP_DOMAIN_KEY=k\n", .noTarget(clusterFile: ".bellhop/env")),
            (["--direct"], "BELLHOP_URL=http://h:1\n", .noTarget(clusterFile: ".bellhop/env")),
            (["--bytes", "300"], Self.cluster, .onlyWithURL(.bytes)),
            (["--publish", "http://h:1/"], Self.cluster, .onlyWithURL(.publish)),
        ]
        for (options, file, expected) in cases {
            #expect(throws: expected, "\(options)") { _ = try Self.read(["fanout"] + options, file: file) }
            #expect(!expected.description.isEmpty)
        }
    }

    @Test func `a given target wins over the cluster file`() throws {
        #expect(try Self.plan(Self.fanout, file: Self.cluster).pids == [])
    }

    @Test func `a cluster file with a bad URL or none is refused`() {
        #expect(throws: UsageError.badClusterURL("ftp://x")) {
            _ = try Self.read(["idle"], file: "BELLHOP_URL=ftp://x\n")
        }
        #expect(throws: UsageError.noTarget(clusterFile: ".bellhop/env")) { _ = try Self.read(["idle"], file: "") }
    }

    // MARK: Workers

    @Test(arguments: [
        (1, 20000, 1), (17_999, 20000, 1), (18_000, 20000, 1), (18_001, 20000, 2), (50_000, 20000, 3),
        (1000, 1024, 2), (960, 1024, 1), (961, 1024, 2), (5, 10, 5),
    ]) func `there are as many workers as the descriptors ask for`(sockets: Int, descriptors: Int, workers: Int) {
        var plan = Plan(.idle)
        plan.sockets = sockets
        #expect(plan.workerCount(descriptors: descriptors) == workers)
    }

    @Test func `more workers can be asked for, but not more than sockets`() {
        var plan = Plan(.idle)
        (plan.sockets, plan.workers) = (100, 4)
        #expect(plan.workerCount(descriptors: 20000) == 4)
        plan.sockets = 3
        #expect(plan.workerCount(descriptors: 20000) == 3)
        (plan.sockets, plan.workers, plan.closesAtOnce) = (100_000, nil, true)
        #expect(plan.workerCount(descriptors: 20000) == 1)
    }

    @Test(arguments: [(10, 3), (2, 3), (18_001, 2), (7, 7)]) func `shares add up`(total: Int, count: Int) {
        let shares = (0..<count).map { Plan.share(of: total, worker: $0, of: count) }
        #expect(shares.reduce(0, +) == total)
        #expect((shares.max() ?? 0) - (shares.min() ?? 0) <= 1)
    }
}
