/// What a family of series measures.
package enum MetricKind: String, Sendable {
    /// Only grows, except when the process starts anew.
    case counter
    /// Rises and falls.
    case gauge
    /// Counts per bucket, their number and their sum.
    case histogram
}

/// The rules that Prometheus and `promtool check metrics` have for names.
enum MetricName {
    /// Units that the base unit makes needless: seconds, bytes, ratios and plain counts are what we show.
    private static let scaledUnits: Set<String> = [
        "milliseconds", "microseconds", "nanoseconds", "minutes", "hours", "days", "weeks", "ms", "us", "ns", "sec",
        "secs",
        "kilobytes", "megabytes", "gigabytes", "kib", "mib", "gib", "kb", "mb", "gb", "bits", "percent", "percentage",
    ]

    /// What is wrong with a family's name and help, or `nil` if they can be used.
    static func fault(in name: String, kind: MetricKind, help: String) -> String? {
        let words = name.split(separator: "_", omittingEmptySubsequences: false)
        if !self.isSnakeCase(name) { return "must be snake_case, starting with a letter" }
        if words.contains(where: \.isEmpty) { return "has an empty word" }
        if let unit = words.first(where: { self.scaledUnits.contains(String($0)) }) {
            return "\(unit) is not a base unit"
        }
        if words.contains(where: { MetricKind(rawValue: String($0)) != nil }) { return "names its type" }
        if kind == .counter, words.last != "total" { return "a counter ends in _total" }
        if kind != .counter, words.last == "total" { return "only a counter ends in _total" }
        if ["bucket", "count", "sum"].contains(words.last) { return "the ending belongs to histograms" }
        if help.isEmpty { return "has no help" }
        return nil
    }

    /// What is wrong with a label's name, or `nil`.
    static func fault(inLabel label: String) -> String? {
        if !self.isSnakeCase(label) { return "must be snake_case, starting with a letter" }
        // Prometheus writes these itself.
        if ["le", "quantile", "job", "instance"].contains(label) { return "is reserved" }
        return nil
    }

    private static func isSnakeCase(_ text: String) -> Bool {
        guard let first = text.utf8.first, (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(first) else { return false }
        return text.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"): true
            default: false
            }
        }
    }
}
