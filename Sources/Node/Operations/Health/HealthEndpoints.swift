package import Shared

/// Answers `/livez`, `/readyz`, `/healthz` and `/metrics` on either port. Pure: it reads the node and returns what to say.
package struct HealthEndpoints: Sendable {
    /// Which of the node's ports was asked.
    package enum Port: Sendable {
        /// Reached by clients and balancers: one word, no inner life.
        case client
        /// Reached by operators: everything.
        case admin
    }

    /// One path per case.
    package enum Endpoint: String, CaseIterable, Sendable {
        /// Whether the process must be restarted: its loops turn. Dependencies are never checked.
        case live = "/livez"
        /// Whether new clients may come.
        case ready = "/readyz"
        /// How the node is, in one word or in full.
        case health = "/healthz"
        /// All figures for Prometheus.
        case metrics = "/metrics"
    }

    /// Longest time without a turn before a loop counts as stuck; a healthy one turns at least once a second.
    package static let longestSilence = Duration.seconds(5)

    private let health: any NodeHealth
    private let metrics: MetricsRegistry
    private let hasAdminPort: Bool

    // Said at every check, so they are made once.
    private static let live = HealthAnswer.word(200, "ok")
    private static let stuck = HealthAnswer.word(503, "stuck")
    private static let ready = HealthAnswer.word(200, "ready")
    private static let draining = HealthAnswer.word(404, "draining")
    private static let notYet = HealthAnswer.word(404, "starting")
    private static let starting = HealthAnswer.word(503, "starting")

    /// Every answer of one word that is said over and over.
    static let words = [live, stuck, ready, draining, notYet, starting]

    /// - Parameter hasAdminPort: then `/metrics` is closed on the client port.
    package init(health: any NodeHealth, metrics: MetricsRegistry, hasAdminPort: Bool) {
        self.health = health
        self.metrics = metrics
        self.hasAdminPort = hasAdminPort
    }

    /// What to say to `GET` of this endpoint, or `nil` if there is no such thing on this port.
    package func answer(_ endpoint: Endpoint, on port: Port) -> HealthAnswer? {
        switch (endpoint, port) {
        case (.live, .client): self.isStuck ? Self.stuck : Self.live
        case (.live, .admin): self.liveReport
        case (.ready, .client): Self.readyWord(self.health.phase)
        case (.ready, .admin): self.readyReport
        case (.health, .client): self.healthWord
        case (.health, .admin): self.healthReport
        case (.metrics, .client): self.hasAdminPort ? nil : .metrics(self.metrics.render())
        case (.metrics, .admin): .metrics(self.metrics.render())
        }
    }

    /// Whether the answer is gathered with some effort, and must not be gathered on an event loop.
    func isReport(_ endpoint: Endpoint, on port: Port) -> Bool {
        switch (endpoint, port) {
        case (.live, _), (.ready, _), (.health, .client): false
        case (.metrics, .client): !self.hasAdminPort
        case (.health, .admin), (.metrics, .admin): true
        }
    }

    private var isStuck: Bool { self.health.longestSilence > Self.longestSilence }

    private static func readyWord(_ phase: NodePhase) -> HealthAnswer {
        switch phase {
        // HAProxy takes 404 as "no new clients, and leave those who are there" (http-check disable-on-404).
        case .starting: self.notYet
        case .ready: self.ready
        case .draining: self.draining
        }
    }

    private var healthWord: HealthAnswer {
        switch self.state(of: self.health.report) {
        case .stuck: Self.stuck
        case .starting: Self.starting
        case .draining: .word(200, "draining")
        case .degraded: .word(200, "degraded")
        case .fine: Self.live
        }
    }
}

extension HealthEndpoints {
    /// The one word of `/healthz`: the worst that holds.
    private enum State: String {
        case stuck, starting, draining, degraded
        case fine = "ok"

        /// Only what a restart or a moment's patience heals is an error.
        var status: Int {
            switch self {
            case .stuck, .starting: 503
            case .draining, .degraded, .fine: 200
            }
        }
    }

    private func state(of report: NodeReport) -> State {
        if self.isStuck { return .stuck }
        switch self.health.phase {
        case .starting: return .starting
        case .draining: return .draining
        case .ready: return report.dependencies.allSatisfy(\.isHealthy) ? .fine : .degraded
        }
    }

    private var liveReport: HealthAnswer {
        let (isStuck, report) = (self.isStuck, self.health.report)
        return .json(
            isStuck ? 503 : 200,
            JSONWriter.text { json in
                json.object { json in
                    json.member("status", isStuck ? "stuck" : "ok")
                    Self.write(loops: report, to: &json)
                }
            })
    }

    private var readyReport: HealthAnswer {
        // Read once: a drain may begin between two looks.
        let (phase, report) = (self.health.phase, self.health.report)
        return .json(
            Self.readyWord(phase).status,
            JSONWriter.text { json in
                json.object { json in
                    json.member("status", phase.rawValue)
                    Self.write(dependencies: report, to: &json)
                }
            })
    }

    private var healthReport: HealthAnswer {
        let report = self.health.report
        let state = self.state(of: report)
        return .json(
            state.status,
            JSONWriter.text { json in
                json.object { json in
                    json.member("status", state.rawValue)
                    json.member("node", report.nodeID)
                    json.member("version", BuildInfo.version)
                    json.member("swift", BuildInfo.compiler)
                    json.member("mode", BuildInfo.mode)
                    json.member("started_at", report.started.description)
                    json.member(
                        "uptime_s", Int(clamping: (report.now.milliseconds - report.started.milliseconds) / 1_000))
                    Self.write(loops: report, to: &json)
                    Self.write(dependencies: report, to: &json)
                    json.object("counts") { json in
                        for (name, value) in report.counts { json.member(name, value) }
                    }
                }
            })
    }

    private static func write(loops report: NodeReport, to json: inout JSONWriter) {
        json.array("loops") { json in
            for (index, silence) in report.loopSilences.enumerated() {
                json.object { json in
                    json.member("loop", index)
                    json.member("last_turn_ms", self.milliseconds(silence))
                    json.member("stuck", silence > self.longestSilence)
                }
            }
        }
    }

    private static func milliseconds(_ duration: Duration) -> Int64 {
        let (seconds, attoseconds) = duration.components
        return seconds &* 1_000 &+ attoseconds / 1_000_000_000_000_000
    }

    private static func write(dependencies report: NodeReport, to json: inout JSONWriter) {
        json.array("dependencies") { json in
            for dependency in report.dependencies {
                json.object { json in
                    json.member("name", dependency.name)
                    json.member("status", dependency.isHealthy ? "ok" : "failing")
                    if let detail = dependency.detail { json.member("detail", detail) }
                    for fact in dependency.facts {
                        switch fact.value {
                        case .flag(let value): json.member(fact.name, value)
                        case .number(let value): json.member(fact.name, value)
                        case .word(let value): json.member(fact.name, value)
                        }
                    }
                }
            }
        }
    }
}
