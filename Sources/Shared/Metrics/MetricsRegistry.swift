/// Owns every series of the process and shows them to Prometheus.
///
/// Families and labels are fixed by the program and few; outside input never becomes a label. A name that breaks the rules of
/// `promtool check metrics`, or is used for two different things, is our own mistake and stops the program at its start.
package final class MetricsRegistry: Sendable {
    /// Names and values of a series, in the order in which they are written.
    package typealias Labels = KeyValuePairs<String, String>

    private enum Instruments {
        case counters([LabelSet: Counter])
        case gauges([LabelSet: Gauge])
        case histograms([LabelSet: Histogram], HistogramScale)
    }

    private struct Family {
        let help: String
        var instruments: Instruments
    }

    private struct State {
        var families: [String: Family] = [:]
        var collectors: [@Sendable () -> [MetricFamily]] = []
    }

    private let state = Locked(State())

    /// An empty registry: a process has one, a test its own.
    package init() {}

    /// The counter of that name and these labels; the same one each time it is asked for.
    package func counter(_ name: String, help: String, labels: Labels = [:]) -> Counter {
        Self.check(name, .counter, help)
        let labels = LabelSet(labels)
        return self.state.withLock { state in
            let family = state.families[name] ?? Family(help: help, instruments: .counters([:]))
            guard case .counters(var series) = family.instruments, family.help == help else { Self.conflict(name) }
            let counter = series[labels] ?? Counter()
            series[labels] = counter
            state.families[name] = Family(help: help, instruments: .counters(series))
            return counter
        }
    }

    /// The gauge of that name and these labels; the same one each time it is asked for.
    package func gauge(_ name: String, help: String, labels: Labels = [:]) -> Gauge {
        Self.check(name, .gauge, help)
        let labels = LabelSet(labels)
        return self.state.withLock { state in
            let family = state.families[name] ?? Family(help: help, instruments: .gauges([:]))
            guard case .gauges(var series) = family.instruments, family.help == help else { Self.conflict(name) }
            let gauge = series[labels] ?? Gauge()
            series[labels] = gauge
            state.families[name] = Family(help: help, instruments: .gauges(series))
            return gauge
        }
    }

    /// The histogram of that name and these labels; the same one each time it is asked for.
    package func histogram(_ name: String, help: String, scale: HistogramScale, labels: Labels = [:]) -> Histogram {
        Self.check(name, .histogram, help)
        let labels = LabelSet(labels)
        return self.state.withLock { state in
            let family = state.families[name] ?? Family(help: help, instruments: .histograms([:], scale))
            guard case .histograms(var series, let known) = family.instruments, known == scale, family.help == help
            else { Self.conflict(name) }
            let histogram = series[labels] ?? Histogram(scale)
            series[labels] = histogram
            state.families[name] = Family(help: help, instruments: .histograms(series, scale))
            return histogram
        }
    }

    /// Adds families whose values are read when they are shown. Called from the thread that renders.
    package func collect(_ collector: @escaping @Sendable () -> [MetricFamily]) {
        self.state.withLock { $0.collectors.append(collector) }
    }

    /// All families in the text format of Prometheus, sorted by name and labels.
    package func render() -> [UInt8] {
        let (families, collectors) = self.state.withLock { ($0.families, $0.collectors) }
        var all = families.map { name, family in Self.sample(name, family) }
        for collector in collectors { all += collector() }
        var text = MetricsText()
        for family in all.sorted(by: { $0.name < $1.name }) { text.append(family) }
        return text.bytes
    }

    private static func sample(_ name: String, _ family: Family) -> MetricFamily {
        switch family.instruments {
        case .counters(let series):
            MetricFamily(
                name, .counter, help: family.help,
                series.map { labels, counter in MetricSample(labels, .unsigned(counter.total)) })
        case .gauges(let series):
            MetricFamily(
                name, .gauge, help: family.help,
                series.map { labels, gauge in MetricSample(labels, .signed(gauge.current)) })
        case .histograms(let series, let scale):
            MetricFamily(
                name, .histogram, help: family.help,
                series.map { labels, histogram in
                    let (buckets, sum) = histogram.snapshot
                    return MetricSample(labels, .histogram(scale, buckets: buckets, sum: sum))
                })
        }
    }

    private static func check(_ name: String, _ kind: MetricKind, _ help: String) {
        if let fault = MetricName.fault(in: name, kind: kind, help: help) { preconditionFailure("\(name): \(fault)") }
    }

    private static func conflict(_ name: String) -> Never {
        preconditionFailure("\(name) is already the name of something else")
    }
}
