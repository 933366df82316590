/// All that a run showed. Table, JSON, plot and verdict are made of it and of nothing else.
struct Report: Sendable {
    var plan: Plan
    var result: WorkerResult
    var servers: [ServerFigures]
    var workers: Int
    /// Length of the measured window; 0 if there was none.
    var seconds: Double
    var wasInterrupted = false

    var figures: Figures { self.result.figures }

    /// What the server owed and did not deliver, over all sockets.
    var lost: UInt64 {
        let expected = self.plan.expectedDeliveries(self.figures)
        return expected > self.figures[.deliveries] ? expected - self.figures[.deliveries] : 0
    }

    /// From the first connect to the last open socket.
    var rampSeconds: Double {
        self.result.ramp.map { Double($0.upperBound - $0.lowerBound) / 1e9 } ?? 0
    }

    var connectsPerSecond: Double { self.rampSeconds > 0 ? Double(self.figures[.opened]) / self.rampSeconds : 0 }

    var deliveriesPerSecond: Double { self.seconds > 0 ? Double(self.figures[.deliveries]) / self.seconds : 0 }

    /// Of all server processes, within the measured part.
    var serverSeconds: Double { self.servers.reduce(0) { $0 + $1.cpuSeconds } }

    /// What the sockets added to the servers' resident memory, for each; `nil` without a server or a held socket.
    var bytesPerSocket: Double? {
        guard !self.servers.isEmpty, self.figures[.opened] > 0, !self.plan.closesAtOnce else { return nil }
        let growth = self.servers.reduce(0.0) { $0 + Double($1.residentBytes) - Double($1.residentBefore) }
        return growth / Double(self.figures[.opened])
    }

    /// What the scenario is about: messages, else connects.
    var latency: LatencyHistogram {
        self.plan.scenario.timesMessages ? self.result.latency : self.result.connectTimes
    }

    /// A figure in its own unit; `nil` if this run has none.
    func value(of metric: Metric) -> Double? {
        switch metric {
        case .p50: Self.milliseconds(self.latency, 0.5)
        case .p90: Self.milliseconds(self.latency, 0.9)
        case .p99: Self.milliseconds(self.latency, 0.99)
        case .p999: Self.milliseconds(self.latency, 0.999)
        case .p9999: Self.milliseconds(self.latency, 0.9999)
        case .max: Self.milliseconds(self.latency, 1)
        case .mean: self.latency.count == 0 ? nil : self.latency.mean / 1e6
        case .connectP50: Self.milliseconds(self.result.connectTimes, 0.5)
        case .connectP99: Self.milliseconds(self.result.connectTimes, 0.99)
        case .connectMax: Self.milliseconds(self.result.connectTimes, 1)
        case .answerP50: Self.milliseconds(self.result.answerLatency, 0.5)
        case .answerP99: Self.milliseconds(self.result.answerLatency, 0.99)
        case .answerMax: Self.milliseconds(self.result.answerLatency, 1)
        case .commandP50: Self.milliseconds(self.result.publishTimes, 0.5)
        case .commandP99: Self.milliseconds(self.result.publishTimes, 0.99)
        case .commandMax: Self.milliseconds(self.result.publishTimes, 1)
        case .connected: Double(self.figures[.opened])
        case .failed: Double(self.figures[.failed])
        case .dropped: Double(self.figures[.dropped])
        case .lost: Double(self.lost)
        case .duplicates: Double(self.figures[.duplicates])
        case .disorder: Double(self.figures[.disorder])
        case .strangers: Double(self.figures[.strangers])
        case .refused: Double(self.figures[.refused])
        case .retries: Double(self.figures[.retries])
        case .deliveries: Double(self.figures[.deliveries])
        case .connectsPerSecond: self.connectsPerSecond
        case .deliveriesPerSecond: self.deliveriesPerSecond
        case .cpuSeconds: self.servers.isEmpty ? nil : self.serverSeconds
        case .residentBytes: self.servers.isEmpty ? nil : Double(self.servers.reduce(0) { $0 + $1.residentBytes })
        case .bytesPerSocket: self.bytesPerSocket
        }
    }

    static func milliseconds(_ histogram: LatencyHistogram, _ quantile: Double) -> Double? {
        histogram.value(at: quantile).map { Double($0) / 1e6 }
    }
}
