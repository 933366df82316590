import Shared
import Testing

@testable import Operations

@Suite struct HealthEndpointsTests {
    /// A node in any state.
    private struct Node: NodeHealth {
        var phase = NodePhase.ready
        var longestSilence = Duration.zero
        var dependencies: [DependencyHealth] = []

        var report: NodeReport {
            NodeReport(
                nodeID: "n\"1", started: Timestamp(milliseconds: 0), now: Timestamp(milliseconds: 61_999),
                loopSilences: [.milliseconds(3), self.longestSilence], dependencies: self.dependencies,
                counts: [("connections", 12), ("sessions", 0)])
        }
    }

    private func answer(
        _ endpoint: HealthEndpoints.Endpoint, on port: HealthEndpoints.Port, of node: Node = Node(),
        hasAdminPort: Bool = false
    ) -> HealthAnswer? {
        let metrics = MetricsRegistry()
        metrics.counter("bellhop_frames_sent_total", help: "Frames.").add(7)
        return HealthEndpoints(health: node, metrics: metrics, hasAdminPort: hasAdminPort).answer(endpoint, on: port)
    }

    private func said(
        _ endpoint: HealthEndpoints.Endpoint, on port: HealthEndpoints.Port = .client, of node: Node = Node()
    ) -> String? {
        self.answer(endpoint, on: port, of: node).map { "\($0.status) \(String(decoding: $0.body, as: UTF8.self))" }
    }

    private func json(_ endpoint: HealthEndpoints.Endpoint, of node: Node = Node()) throws -> (
        status: Int, text: String
    ) {
        let answer = try #require(self.answer(endpoint, on: .admin, of: node))
        #expect(answer.contentType == "application/json")
        _ = try JSONValue(parsing: answer.body)
        return (answer.status, String(decoding: answer.body, as: UTF8.self))
    }

    private static let lost = [
        DependencyHealth(
            name: "postgresql", isHealthy: true,
            facts: [.init("reachable", .flag(true)), .init("schema", .number(10)), .init("role", .word("\"x\""))]),
        DependencyHealth(name: "redis-1", isHealthy: false, detail: "no \"beat\" for 300 ms"),
    ]

    @Test(arguments: NodePhase.allCases, [true, false])
    func `the node lives as long as its loops turn, whatever else is wrong`(phase: NodePhase, isHealthy: Bool) throws {
        var node = Node(phase: phase, dependencies: isHealthy ? [] : Self.lost)
        #expect(self.said(.live, of: node) == "200 ok\n")
        node.longestSilence = .seconds(5)
        #expect(self.said(.live, of: node) == "200 ok\n")
        #expect(try self.json(.live, of: node).status == 200)
        node.longestSilence = .seconds(5) + .nanoseconds(1)
        #expect(self.said(.live, of: node) == "503 stuck\n")
        #expect(try self.json(.live, of: node).status == 503)
    }

    @Test(arguments: [(NodePhase.starting, "404 starting\n"), (.ready, "200 ready\n"), (.draining, "404 draining\n")])
    func `readiness follows the phase and nothing else`(phase: NodePhase, said: String) throws {
        for dependencies in [[], Self.lost] {
            let node = Node(phase: phase, longestSilence: .seconds(60), dependencies: dependencies)
            #expect(self.said(.ready, of: node) == said)
            let report = try self.json(.ready, of: node)
            #expect("\(report.status)" == said.prefix(3))
            #expect(report.text.hasPrefix(#"{"status":"\#(phase.rawValue)","dependencies":["#))
        }
    }

    @Test func `health is the worst word that holds`() throws {
        let states: [(node: Node, said: String)] = [
            (Node(), "200 ok\n"),
            (Node(dependencies: Self.lost), "200 degraded\n"),
            (Node(phase: .draining, dependencies: Self.lost), "200 draining\n"),
            (Node(phase: .starting, dependencies: Self.lost), "503 starting\n"),
            (Node(phase: .draining, longestSilence: .seconds(6)), "503 stuck\n"),
        ]
        for (node, said) in states {
            #expect(self.said(.health, of: node) == said)
            let report = try self.json(.health, of: node)
            let word = said.dropFirst(4).dropLast()
            #expect("\(report.status) " == said.prefix(4))
            #expect(report.text.hasPrefix(#"{"status":"\#(word)","#))
        }
    }

    @Test func `operators are told everything`() throws {
        let node = Node(longestSilence: .seconds(7), dependencies: Self.lost)
        let expected =
            #"{"status":"stuck","node":"n\"1","version":"\#(BuildInfo.version)","swift":"\#(BuildInfo.compiler)","#
            + #""mode":"\#(BuildInfo.mode)","started_at":"1970-01-01T00:00:00.000Z","uptime_s":61,"#
            + #""loops":[{"loop":0,"last_turn_ms":3,"stuck":false},{"loop":1,"last_turn_ms":7000,"stuck":true}],"#
            + #""dependencies":[{"name":"postgresql","status":"ok","reachable":true,"schema":10,"role":"\"x\""},"#
            + #"{"name":"redis-1","status":"failing","detail":"no \"beat\" for 300 ms"}],"#
            + #""counts":{"connections":12,"sessions":0}}"# + "\n"
        #expect(try self.json(.health, of: node).text == expected)
        #expect(
            try self.json(.live, of: node).text
                == #"{"status":"stuck","loops":[{"loop":0,"last_turn_ms":3,"stuck":false},"#
                + #"{"loop":1,"last_turn_ms":7000,"stuck":true}]}"# + "\n")
    }

    @Test func `clients learn one word and nothing of the inner life`() throws {
        let node = Node(dependencies: Self.lost)
        for endpoint in [HealthEndpoints.Endpoint.live, .ready, .health] {
            let answer = try #require(self.answer(endpoint, on: .client, of: node))
            #expect(answer.contentType == "text/plain; charset=utf-8")
            #expect(answer.body.dropLast().allSatisfy { (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0) })
        }
    }

    @Test func `metrics leave the client port when there is an admin port`() throws {
        let onClient = try #require(self.answer(.metrics, on: .client))
        #expect(onClient.status == 200)
        #expect(onClient.contentType == "text/plain; version=0.0.4; charset=utf-8")
        #expect(String(decoding: onClient.body, as: UTF8.self).hasSuffix("\nbellhop_frames_sent_total 7\n"))
        #expect(self.answer(.metrics, on: .client, hasAdminPort: true) == nil)
        #expect(self.answer(.metrics, on: .admin, hasAdminPort: true) == onClient)
        #expect(self.answer(.live, on: .client, hasAdminPort: true)?.status == 200)
    }

    @Test func `the endpoints are those of the contract`() {
        #expect(HealthEndpoints.Endpoint.allCases.map(\.rawValue) == ["/livez", "/readyz", "/healthz", "/metrics"])
    }
}
