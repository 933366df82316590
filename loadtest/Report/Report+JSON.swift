internal import Shared

/// The report for programs. The first fields are what every scenario has; what it could not measure is `null`.
extension Report {
    func json(_ verdict: Verdict) -> [UInt8] {
        var text = JSONWriter.text { json in
            json.object { json in
                self.writeCounts(to: &json)
                self.writeTimes(to: &json)
                self.writeServers(to: &json)
                json.name("verdict")
                json.object { json in
                    json.name("passed")
                    json.bool(verdict.isGood)
                    json.name("faults")
                    json.array { json in for fault in verdict.faults { json.string(fault) } }
                }
            }
        }
        text.append(UInt8(ascii: "\n"))
        return text
    }

    private func writeCounts(to json: inout JSONWriter) {
        json.name("scenario")
        json.string(self.plan.scenario.rawValue)
        json.name("targets")
        json.array { json in for target in self.plan.targets { json.string(target.description) } }
        json.name("interrupted")
        json.bool(self.wasInterrupted)
        json.name("sockets")
        json.int(self.plan.sockets)
        json.name("connected")
        json.int(self.figures[.opened])
        json.name("failed")
        json.int(self.figures[.failed])
        json.name("failures")
        json.object { json in
            for each in self.result.failures.sorted {
                json.name(text: each.failure.encoded)
                json.int(each.count)
            }
        }
        json.name("dropped")
        json.int(self.figures[.dropped])
        json.name("workers")
        json.int(self.workers)
        json.name("seconds")
        json.double(self.seconds)
        json.name("events")
        json.int(!self.plan.scenario.publishes ? self.figures[.sent] : self.figures[.accepted])
        json.name("events_refused")
        json.int(self.figures[.refused])
        json.name("expected")
        json.int(self.plan.expectedDeliveries(self.figures))
        json.name("deliveries")
        json.int(self.figures[.deliveries])
        json.name("lost")
        json.int(self.lost)
        json.name("duplicates")
        json.int(self.figures[.duplicates])
        json.name("disorder")
        json.int(self.figures[.disorder])
        json.name("strangers")
        json.int(self.figures[.strangers])
        if self.plan.hotel != nil { self.writeCommands(to: &json) }
    }

    /// `events` are the commands that were accepted.
    private func writeCommands(to json: inout JSONWriter) {
        json.name("commands")
        json.int(self.figures[.sent])
        json.name("command_retries")
        json.int(self.figures[.retries])
        json.name("foreign_events")
        json.int(self.figures[.foreign])
        let metrics: [(name: StaticString, metric: Metric)] = [
            ("command_p50_ms", .commandP50), ("command_p99_ms", .commandP99), ("command_max_ms", .commandMax),
            ("after_answer_p50_ms", .answerP50), ("after_answer_p99_ms", .answerP99),
            ("after_answer_max_ms", .answerMax),
        ]
        self.write(metrics, to: &json)
    }

    private func writeTimes(to json: inout JSONWriter) {
        let metrics: [(name: StaticString, metric: Metric)] = [
            ("mean_ms", .mean), ("p50_ms", .p50), ("p90_ms", .p90), ("p99_ms", .p99), ("p999_ms", .p999),
            ("p9999_ms", .p9999), ("max_ms", .max), ("connects_per_s", .connectsPerSecond),
            ("connect_p50_ms", .connectP50), ("connect_p99_ms", .connectP99), ("connect_max_ms", .connectMax),
            ("deliveries_per_s", .deliveriesPerSecond), ("server_cpu_s", .cpuSeconds),
            ("rss_bytes_per_socket", .bytesPerSocket),
        ]
        self.write(metrics, to: &json)
    }

    private func write(_ metrics: [(name: StaticString, metric: Metric)], to json: inout JSONWriter) {
        for each in metrics {
            json.name(each.name)
            if let value = self.value(of: each.metric) { json.double(value) } else { json.null() }
        }
    }

    private func writeServers(to json: inout JSONWriter) {
        json.name("servers")
        json.array { json in
            for server in self.servers {
                json.object { json in
                    json.name("pid")
                    json.int(Int64(server.pid))
                    json.name("cpu_s")
                    json.double(server.cpuSeconds)
                    json.name("measured_s")
                    json.double(server.seconds)
                    json.name("rss_bytes")
                    json.int(server.residentBytes)
                    json.name("rss_before_bytes")
                    json.int(server.residentBefore)
                    json.name("rss_peak_bytes")
                    json.int(server.residentPeak)
                    json.name("gone")
                    json.bool(server.isGone)
                }
            }
        }
    }
}
