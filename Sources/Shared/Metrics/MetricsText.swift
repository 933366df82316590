/// Writes families in the text format of Prometheus, version 0.0.4.
struct MetricsText {
    private(set) var bytes: [UInt8] = []

    /// Help, type and one line per series, sorted by labels.
    mutating func append(_ family: MetricFamily) {
        self.bytes += "# HELP \(family.name) \(Self.escaped(family.help, quotes: false))\n".utf8
        self.bytes += "# TYPE \(family.name) \(family.kind.rawValue)\n".utf8
        for sample in family.samples.sorted(by: { $0.labels.text < $1.labels.text }) {
            switch sample.value {
            case .number(let value): self.line(family.name, sample.labels.text, Self.number(value))
            case .unsigned(let value): self.line(family.name, sample.labels.text, String(value))
            case .signed(let value): self.line(family.name, sample.labels.text, String(value))
            case .histogram(let scale, let buckets, let sum):
                self.append(histogram: family.name, sample.labels.text, scale, buckets, sum)
            }
        }
    }

    private mutating func append(
        histogram name: String, _ labels: String, _ scale: HistogramScale, _ buckets: [UInt64], _ sum: UInt64
    ) {
        let before = labels.isEmpty ? "" : labels + ","
        var count: UInt64 = 0
        for (index, observations) in buckets.enumerated() {
            count &+= observations
            let bound =
                index < scale.bounds.count ? Self.decimal(scale.bounds[index], decimals: scale.decimals) : "+Inf"
            self.line("\(name)_bucket", "\(before)le=\"\(bound)\"", String(count))
        }
        self.line("\(name)_sum", labels, Self.decimal(sum, decimals: scale.decimals))
        // The same number as the last bucket by construction, as the format demands.
        self.line("\(name)_count", labels, String(count))
    }

    private mutating func line(_ name: String, _ labels: String, _ value: String) {
        self.bytes += (labels.isEmpty ? "\(name) \(value)\n" : "\(name){\(labels)} \(value)\n").utf8
    }

    /// Backslash and newline are escaped everywhere, the quote only inside label values.
    static func escaped(_ text: String, quotes: Bool) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\"" where quotes: result += "\\\""
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }

    /// As Go reads it.
    static func number(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
        return Int64(exactly: value).map(String.init) ?? value.description
    }

    /// A whole number shifted right by `decimals` digits, exactly and without needless zeros: 2500 by 6 is `0.0025`.
    static func decimal(_ value: UInt64, decimals: Int) -> String {
        var digits = String(value)
        guard decimals > 0 else { return digits }
        if digits.utf8.count <= decimals {
            digits = String(repeating: "0", count: decimals + 1 - digits.utf8.count) + digits
        }
        let whole = digits.dropLast(decimals)
        var fraction = digits.suffix(decimals)
        while fraction.last == "0" { fraction.removeLast() }
        return fraction.isEmpty ? String(whole) : "\(whole).\(fraction)"
    }
}
