/// The report for people: groups of names and values, shared by the terminal and the page.
extension Report {
    struct Row: Equatable, Sendable {
        var name: String
        var value: String
    }

    struct Section: Equatable, Sendable {
        var title: String
        var rows: [Row]
    }

    var title: String {
        "\(self.plan.scenario.rawValue): \(NumberText.count(UInt64(self.plan.sockets))) sockets on "
            + self.plan.targets.map(\.description).joined(separator: ", ")
    }

    var sections: [Section] {
        [self.connectSection, self.messageSection, self.latencySection, self.serverSection]
            .compactMap { $0 }.filter { !$0.rows.isEmpty }
    }

    private var connectSection: Section {
        let figures = self.figures
        var rows = [
            Row(
                name: "connected",
                value: "\(NumberText.count(figures[.opened])) of \(NumberText.count(UInt64(self.plan.sockets)))"
                    + " in \(NumberText.significant(self.rampSeconds)) s, by \(self.workers)"
                    + (self.workers == 1 ? " worker" : " workers")),
            Row(name: "connects/s", value: NumberText.fixed(self.connectsPerSecond, 0)),
        ]
        if self.plan.scenario.timesMessages {
            rows.append(Row(name: "time to connect", value: Self.percentiles(self.result.connectTimes)))
        }
        rows += self.result.failures.sorted.map {
            Row(name: "failed", value: "\($0.count) × \($0.failure.explanation)")
        }
        if figures[.dropped] > 0 { rows.append(Row(name: "dropped", value: NumberText.count(figures[.dropped]))) }
        return Section(title: "Connections", rows: rows)
    }

    private var messageSection: Section? {
        guard self.plan.scenario.timesMessages else { return nil }
        let figures = self.figures
        var rows = [Row(name: "measured", value: "\(NumberText.significant(self.seconds)) s")]
        if self.plan.scenario.publishes {
            rows.append(
                Row(
                    name: self.plan.hotel == nil ? "events" : "commands",
                    value: "\(NumberText.count(figures[.accepted])) of \(NumberText.count(figures[.sent])) accepted"))
            rows.append(Row(name: "time to accept", value: Self.percentiles(self.result.publishTimes)))
        } else {
            rows.append(Row(name: "requests", value: NumberText.count(figures[.sent])))
        }
        rows += [
            Row(
                name: "deliveries",
                value: "\(NumberText.count(figures[.deliveries])), "
                    + "\(NumberText.fixed(self.deliveriesPerSecond, 0)) per second"),
            Row(name: "lost", value: NumberText.count(self.lost)),
            Row(name: "duplicates", value: NumberText.count(figures[.duplicates])),
            Row(name: "out of order", value: NumberText.count(figures[.disorder])),
        ]
        for each in [("repeated commands", Figure.retries), ("events of others", .foreign)] where figures[each.1] > 0 {
            rows.append(Row(name: each.0, value: NumberText.count(figures[each.1])))
        }
        if figures[.strangers] > 0 {
            rows.append(Row(name: "not ours or damaged", value: NumberText.count(figures[.strangers])))
        }
        return Section(title: "Messages", rows: rows)
    }

    private var latencySection: Section? {
        let metrics: [(name: String, metric: Metric)] = [
            ("mean", .mean), ("p50", .p50), ("p90", .p90), ("p99", .p99), ("p99.9", .p999), ("p99.99", .p9999),
            ("max", .max),
        ]
        var rows = metrics.compactMap { each in
            self.value(of: each.metric).map { Row(name: each.name, value: NumberText.milliseconds($0)) }
        }
        if self.plan.hotel != nil {
            rows.append(Row(name: "after the answer", value: Self.percentiles(self.result.answerLatency)))
        }
        return Section(title: self.plan.scenario.timesMessages ? "Latency" : "Time to connect", rows: rows)
    }

    private var serverSection: Section? {
        guard !self.servers.isEmpty else { return nil }
        var rows = self.servers.map { server in
            Row(
                name: "pid \(server.pid)",
                value: server.isGone
                    ? "is gone"
                    : "CPU \(NumberText.significant(server.cpuSeconds)) s"
                        + (server.seconds > 0
                            ? " (\(NumberText.fixed(100 * server.cpuSeconds / server.seconds, 0)) % of a core)" : "")
                        + ", memory \(NumberText.bytes(Double(server.residentBefore)))"
                        + " → \(NumberText.bytes(Double(server.residentBytes)))"
                        + ", peak \(NumberText.bytes(Double(server.residentPeak)))")
        }
        if let bytes = self.bytesPerSocket {
            rows.append(Row(name: "memory per socket", value: NumberText.bytes(bytes)))
        }
        if self.serverSeconds > 0, self.figures[.deliveries] > 0 {
            let rate = Double(self.figures[.deliveries]) / self.serverSeconds
            rows.append(Row(name: "deliveries per CPU-second", value: NumberText.fixed(rate, 0)))
        }
        return Section(title: "Servers", rows: rows)
    }

    private static func percentiles(_ histogram: LatencyHistogram) -> String {
        let parts: [(String, Double)] = [("p50", 0.5), ("p99", 0.99), ("max", 1)]
        let texts = parts.compactMap { name, quantile in
            Self.milliseconds(histogram, quantile).map { "\(name) \(NumberText.milliseconds($0))" }
        }
        return texts.isEmpty ? "-" : texts.joined(separator: ", ")
    }

    /// The table for a terminal, without the verdict.
    var table: String {
        let width = self.sections.flatMap(\.rows).map(\.name.count).max() ?? 0
        var lines = [self.title + (self.wasInterrupted ? " (interrupted)" : "")]
        for section in self.sections {
            lines += ["", section.title]
            lines += section.rows.map { row in
                "  " + row.name + String(repeating: " ", count: width - row.name.count) + "  " + row.value
            }
        }
        return lines.joined(separator: "\n") + "\n"
    }
}
