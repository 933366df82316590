/// Whether a run was good: by the thresholds that were given, else by the defaults.
struct Verdict: Equatable, Sendable {
    /// What decides when no `--fail-if` is given: whatever should never happen.
    static let defaults = ["lost>0", "duplicates>0", "disorder>0", "strangers>0", "refused>0", "failed>0", "dropped>0"]

    /// The conditions that hold, each with the figure: `lost>0 (lost 12)`.
    let faults: [String]
    /// Defaults that would have failed the run but were replaced.
    let remarks: [String]

    init(_ report: Report) {
        // A run in which nothing arrived has proved nothing.
        let silence = report.plan.scenario.timesMessages ? ["deliveries<1"] : ["connected<1"]
        let usual = (Self.defaults + silence).compactMap(Threshold.init)
        let chosen = report.plan.thresholds
        self.faults = (chosen.isEmpty ? usual : chosen).compactMap { Self.fault($0, report) }
        self.remarks =
            chosen.isEmpty
            ? []
            : usual.filter { each in !chosen.contains { $0.metric == each.metric } }
                .compactMap { Self.fault($0, report) }
    }

    /// A threshold on a figure that this run does not have is a fault: it would else pass unseen for ever.
    private static func fault(_ threshold: Threshold, _ report: Report) -> String? {
        guard let value = report.value(of: threshold.metric) else { return "\(threshold) (not measured)" }
        guard threshold.comparison.holds(value, threshold.limit) else { return nil }
        return "\(threshold) (\(threshold.metric.rawValue) \(NumberText.quantity(value, threshold.metric.unit)))"
    }

    var isGood: Bool { self.faults.isEmpty }

    /// The last line of the output.
    var line: String {
        guard self.isGood else { return "FAILED: " + self.faults.joined(separator: ", ") }
        return self.remarks.isEmpty
            ? "PASSED" : "PASSED by --fail-if, although " + self.remarks.joined(separator: ", ")
    }
}
