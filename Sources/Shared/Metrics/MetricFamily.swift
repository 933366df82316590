/// Series of one name with the values that they have now: what a collector returns.
package struct MetricFamily: Sendable {
    let name: String
    let kind: MetricKind
    let help: String
    let samples: [MetricSample]

    init(_ name: String, _ kind: MetricKind, help: String, _ samples: [MetricSample]) {
        if let fault = MetricName.fault(in: name, kind: kind, help: help) { preconditionFailure("\(name): \(fault)") }
        self.name = name
        self.kind = kind
        self.help = help
        self.samples = samples
    }

    /// A gauge without labels.
    package static func gauge(_ name: String, help: String, _ value: Double) -> MetricFamily {
        MetricFamily(name, .gauge, help: help, [MetricSample([:], value)])
    }

    /// A gauge with one series per sample.
    package static func gauges(_ name: String, help: String, _ samples: [MetricSample]) -> MetricFamily {
        MetricFamily(name, .gauge, help: help, samples)
    }

    /// A counter without labels.
    package static func counter(_ name: String, help: String, _ value: Double) -> MetricFamily {
        MetricFamily(name, .counter, help: help, [MetricSample([:], value)])
    }

    /// A counter with one series per sample.
    package static func counters(_ name: String, help: String, _ samples: [MetricSample]) -> MetricFamily {
        MetricFamily(name, .counter, help: help, samples)
    }

    /// A histogram with one series per sample, counted elsewhere: its buckets are not cumulated, and one more than the
    /// scale has bounds; the sum is in the unit in which was observed.
    package static func histograms(
        _ name: String, help: String, scale: HistogramScale,
        _ samples: [(labels: MetricsRegistry.Labels, buckets: [UInt64], sum: UInt64)]
    ) -> MetricFamily {
        let samples = samples.map { sample in
            precondition(sample.buckets.count == scale.bounds.count + 1, "\(name) has other buckets than bounds")
            return MetricSample(
                LabelSet(sample.labels), .histogram(scale, buckets: sample.buckets, sum: sample.sum))
        }
        return MetricFamily(name, .histogram, help: help, samples)
    }
}

/// One series and its value.
package struct MetricSample: Sendable {
    enum Value: Sendable {
        case number(Double)
        case unsigned(UInt64)
        case signed(Int64)
        case histogram(HistogramScale, buckets: [UInt64], sum: UInt64)
    }

    let labels: LabelSet
    let value: Value

    init(_ labels: LabelSet, _ value: Value) {
        self.labels = labels
        self.value = value
    }

    /// The value of the series with these labels.
    package init(_ labels: MetricsRegistry.Labels, _ value: Double) {
        self.init(LabelSet(labels), .number(value))
    }
}

/// The labels of a series, ready to be written and compared: `code="404",method="GET"`.
struct LabelSet: Hashable, Sendable {
    let text: String

    init(_ labels: MetricsRegistry.Labels) {
        for (name, _) in labels {
            if let fault = MetricName.fault(inLabel: name) { preconditionFailure("label \(name) \(fault)") }
        }
        precondition(Set(labels.map(\.key)).count == labels.count, "a label is given twice")
        self.text = labels.map { "\($0.key)=\"\(MetricsText.escaped($0.value, quotes: true))\"" }.sorted()
            .joined(separator: ",")
    }
}
