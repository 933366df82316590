package import Shared

extension PGFigures {
    /// The families that show them.
    package var families: [MetricFamily] {
        func gauge(_ name: String, _ help: String, _ value: Int) -> MetricFamily {
            .gauge("bellhop_pg_\(name)", help: help, Double(value))
        }
        func counter(_ name: String, _ help: String, _ value: Int) -> MetricFamily {
            .counter("bellhop_pg_\(name)_total", help: help, Double(value))
        }
        return [
            gauge("sessions_open", "Sessions with PostgreSQL that are open.", self.open),
            gauge("sessions_idle", "Open sessions that nobody uses.", self.idle),
            gauge("transactions_waiting", "Transactions that wait for a session.", self.waiting),
            counter("sessions_opened", "Sessions opened.", self.opened),
            counter("sessions_broken", "Sessions that the server or the network ended.", self.broken),
            counter("connect_failures", "Attempts to connect that failed.", self.connectFailures),
            counter("retries", "Transactions done again after a conflict or a lost session.", self.retries),
            counter("turned_away", "Transactions refused because too many waited.", self.turnedAway),
            counter("abandoned", "Transactions that ended at their deadline or with their task.", self.abandoned),
            counter("unknown_outcomes", "Commits whose answer did not come.", self.unknownOutcomes),
        ]
    }
}
