/// A condition under which a run has failed: `p99>50ms`, `lost>0`, `connects_per_s<1000`.
struct Threshold: Equatable, Sendable, CustomStringConvertible {
    enum Comparison: String, Sendable {
        case atLeast = ">=", atMost = "<=", above = ">", below = "<"

        func holds(_ left: Double, _ right: Double) -> Bool {
            switch self {
            case .atLeast: left >= right
            case .atMost: left <= right
            case .above: left > right
            case .below: left < right
            }
        }
    }

    let metric: Metric
    let comparison: Comparison
    /// In the metric's own unit.
    let limit: Double
    private let text: String

    /// Reads a metric's name, a comparison and a number with a unit that fits the metric; spaces may stand between.
    init?(_ text: String) {
        let compact = text.filter { $0 != " " }
        guard let start = compact.firstIndex(where: { $0 == "<" || $0 == ">" }) else { return nil }
        let rest = compact[start...]
        let sign = rest.prefix { "<>=".contains($0) }
        guard let comparison = Comparison(rawValue: String(sign)), let metric = Metric(name: compact[..<start])
        else { return nil }
        let quantity = rest[sign.endIndex...]
        let number = quantity.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
        guard let value = Double(number), let factor = metric.unit.factor(of: quantity[number.endIndex...])
        else { return nil }
        (self.metric, self.comparison, self.limit, self.text) = (metric, comparison, value * factor, compact)
    }

    var description: String { self.text }
}

/// The figures of a report that a ``Threshold`` can name.
enum Metric: String, CaseIterable, Sendable {
    case p50, p90, p99, p999, p9999, max, mean
    case connectP50 = "connect_p50", connectP99 = "connect_p99", connectMax = "connect_max"
    case connected, failed, dropped
    case answerP50 = "after_answer_p50", answerP99 = "after_answer_p99", answerMax = "after_answer_max"
    case commandP50 = "command_p50", commandP99 = "command_p99", commandMax = "command_max"
    case lost, duplicates, disorder, strangers, refused, retries
    case deliveries
    case connectsPerSecond = "connects_per_s", deliveriesPerSecond = "deliveries_per_s"
    case cpuSeconds = "cpu_s", residentBytes = "rss", bytesPerSocket = "rss_per_socket"

    init?(name: some StringProtocol) {
        switch name {
        case "p99.9": self = .p999
        case "p99.99": self = .p9999
        default: self.init(rawValue: String(name))
        }
    }

    /// What its numbers count; a threshold may use any of the unit's spellings.
    enum Unit: Sendable {
        case milliseconds, seconds, count, bytes

        /// By what a number with this suffix is multiplied; `nil` if it does not fit.
        func factor(of suffix: some StringProtocol) -> Double? {
            switch (self, suffix) {
            case (.milliseconds, "us"), (.milliseconds, "µs"): 0.001
            case (.milliseconds, "ms"): 1
            case (.milliseconds, "s"): 1000
            case (.seconds, "ms"): 0.001
            case (.seconds, "s"), (.seconds, ""): 1
            case (.count, ""): 1
            case (.count, "k"): 1000
            case (.bytes, "B"), (.bytes, ""): 1
            case (.bytes, "KiB"), (.bytes, "K"): 1024
            case (.bytes, "MiB"), (.bytes, "M"): 1_048_576
            default: nil
            }
        }
    }

    var unit: Unit {
        switch self {
        case .p50, .p90, .p99, .p999, .p9999, .max, .mean, .connectP50, .connectP99, .connectMax, .answerP50,
            .answerP99, .answerMax, .commandP50, .commandP99, .commandMax:
            .milliseconds
        case .cpuSeconds: .seconds
        case .residentBytes, .bytesPerSocket: .bytes
        case .connected, .failed, .dropped, .lost, .duplicates, .disorder, .strangers, .refused, .retries, .deliveries,
            .connectsPerSecond, .deliveriesPerSecond:
            .count
        }
    }
}
