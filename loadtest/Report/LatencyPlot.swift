internal import Glibc

/// Latency by percentile as an SVG picture: the horizontal axis stretches the tail (each step is a tenth of what was left), the
/// vertical one is logarithmic, so that a median of 0.1 ms and a maximum of a second can both be read.
struct LatencyPlot {
    private static let width = 760.0
    private static let height = 420.0
    private static let left = 84.0
    private static let right = 730.0
    private static let top = 64.0
    private static let bottom = 360.0
    private static let steps = 240

    private let histogram: LatencyHistogram
    private let title: String
    private let subtitle: String
    /// The horizontal axis ends at `1 - 10^-nines`.
    private let nines: Double
    /// Milliseconds, as powers of ten.
    private let lowest: Double
    private let highest: Double

    init(_ report: Report) {
        let histogram = report.latency
        self.histogram = histogram
        self.title = report.plan.scenario.timesMessages ? "Latency by percentile" : "Time to connect by percentile"
        self.subtitle =
            report.title + ", " + NumberText.count(histogram.count)
            + (report.plan.scenario.timesMessages ? " deliveries" : " connects")
        self.nines = max(2, log10(Double(max(histogram.count, 1))).rounded(.up))
        let smallest = max(Double(histogram.count > 0 ? histogram.minimum : 1000) / 1e6, 1e-6)
        let largest = max(Double(histogram.maximum) / 1e6, smallest)
        self.lowest = log10(smallest).rounded(.down)
        self.highest = max(log10(largest).rounded(.up), self.lowest + 1)
    }

    var svg: String {
        var parts = [
            """
            <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(Int(Self.width)) \(Int(Self.height))" role="img" \
            aria-label="\(Markup.escaped(self.title))" class="plot">
            <style>\(Self.style)</style>
            <rect class="paper" width="100%" height="100%" rx="8"/>
            """,
            self.text(Self.left, 28, self.title, "title", anchor: "start"),
            self.text(Self.left, 47, self.subtitle, "note", anchor: "start"),
        ]
        parts += self.verticalAxis + self.horizontalAxis
        parts += self.histogram.count > 0 ? self.curve : [self.text(407, 215, "nothing was measured", "note")]
        parts.append("</svg>\n")
        return parts.joined(separator: "\n")
    }

    /// Plain colours, not variables: viewers that know little CSS show the light one.
    private static let style =
        ".plot text{font:12px system-ui,sans-serif}.plot text.title{font-size:16px;font-weight:600}"
        + ".plot .rule{stroke-width:1}.plot .curve{fill:none;stroke-width:2.5;stroke-linejoin:round}"
        + ".plot .mark{stroke-width:2}"
        + Self.colours(ink: "#1b2430", dim: "#5b6675", rule: "#d9dee6", paper: "#ffffff", line: "#0b66d8")
        + "@media (prefers-color-scheme:dark){"
        + Self.colours(ink: "#e8edf4", dim: "#9aa7b8", rule: "#324052", paper: "#151c26", line: "#6db3ff") + "}"

    private static func colours(ink: String, dim: String, rule: String, paper: String, line: String) -> String {
        ".plot .paper{fill:\(paper)}.plot text{fill:\(ink)}.plot text.note,.plot text.tick{fill:\(dim)}"
            + ".plot .rule{stroke:\(rule)}.plot .curve{stroke:\(line)}.plot .mark{fill:\(line);stroke:\(paper)}"
    }

    // MARK: Axes

    private var verticalAxis: [String] {
        var parts: [String] = []
        let decades = Int(self.highest - self.lowest)
        let factors = decades > 3 ? [1.0] : [1.0, 2.0, 5.0]
        for decade in 0...decades {
            for factor in factors {
                let value = pow(10, self.lowest + Double(decade)) * factor
                guard log10(value) <= self.highest + 1e-9 else { continue }
                let y = self.y(value)
                parts.append(self.rule(Self.left, y, Self.right, y))
                parts.append(self.text(Self.left - 8, y + 4, Self.tick(value), "tick", anchor: "end"))
            }
        }
        let middle = (Self.top + Self.bottom) / 2
        parts.append(
            "<text class=\"note\" text-anchor=\"middle\" transform=\"translate(18 \(Self.coordinate(middle))) rotate(-90)\">"
                + "milliseconds, logarithmic</text>")
        return parts
    }

    private var horizontalAxis: [String] {
        var parts: [String] = []
        for (name, quantile) in Self.percentiles where -log10(1 - quantile) <= self.nines + 1e-9 {
            let x = self.x(quantile)
            parts.append(self.rule(x, Self.top, x, Self.bottom))
            let isLast = x > Self.right - 40
            parts.append(
                self.text(
                    isLast ? Self.right + 8 : x, Self.bottom + 18, name, "tick", anchor: isLast ? "end" : "middle"))
        }
        parts.append(self.text((Self.left + Self.right) / 2, Self.bottom + 42, "percentile", "note"))
        return parts
    }

    private static let percentiles: [(name: String, quantile: Double)] = [
        ("50 %", 0.5), ("90 %", 0.9), ("99 %", 0.99), ("99.9 %", 0.999), ("99.99 %", 0.9999),
        ("99.999 %", 0.99999), ("99.9999 %", 0.999999), ("99.99999 %", 0.9999999),
    ]

    // MARK: The curve

    private var curve: [String] {
        let points = (0...Self.steps).map { step in
            let nines = self.nines * Double(step) / Double(Self.steps)
            return self.point(1 - pow(10, -nines))
        }
        var parts = [
            "<polyline class=\"curve\" points=\""
                + points.map { "\(Self.coordinate($0.x)),\(Self.coordinate($0.y))" }.joined(separator: " ") + "\"/>"
        ]
        for (name, quantile) in [("p50", 0.5), ("p99", 0.99), ("p99.9", 0.999), ("max", 1 - pow(10, -self.nines))]
        where -log10(1 - quantile) <= self.nines + 1e-9 {
            guard let value = self.histogram.value(at: name == "max" ? 1 : quantile) else { continue }
            let milliseconds = Double(value) / 1e6
            let (x, y) = (self.x(quantile), self.y(milliseconds))
            parts.append("<circle class=\"mark\" cx=\"\(Self.coordinate(x))\" cy=\"\(Self.coordinate(y))\" r=\"4.5\"/>")
            let label = "\(name) \(NumberText.milliseconds(milliseconds))"
            // The curve only rises: above it to the left nothing is in the way, except for the first point the axis.
            let isFirst = name == "p50"
            parts.append(
                self.text(
                    isFirst ? x + 8 : x - 6, isFirst ? min(y + 18, Self.bottom - 6) : max(y - 9, Self.top + 10), label,
                    "label", anchor: isFirst ? "start" : "end"))
        }
        return parts
    }

    private func point(_ quantile: Double) -> (x: Double, y: Double) {
        (self.x(quantile), self.y(Double(self.histogram.value(at: quantile) ?? 0) / 1e6))
    }

    // MARK: Geometry

    private func x(_ quantile: Double) -> Double {
        let share = min(-log10(max(1 - quantile, 1e-12)) / self.nines, 1)
        return Self.left + share * (Self.right - Self.left)
    }

    private func y(_ milliseconds: Double) -> Double {
        let power = min(max(log10(max(milliseconds, 1e-9)), self.lowest), self.highest)
        let share = (power - self.lowest) / (self.highest - self.lowest)
        return Self.bottom - share * (Self.bottom - Self.top)
    }

    /// Powers of ten and their halves have few digits.
    private static func tick(_ milliseconds: Double) -> String {
        milliseconds >= 1 ? NumberText.fixed(milliseconds, 0) : NumberText.plain(milliseconds)
    }

    private func rule(_ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double) -> String {
        let ends = [("x1", x1), ("y1", y1), ("x2", x2), ("y2", y2)]
        return "<line class=\"rule\" "
            + ends.map { "\($0.0)=\"\(Self.coordinate($0.1))\"" }.joined(separator: " ") + "/>"
    }

    private func text(_ x: Double, _ y: Double, _ text: String, _ kind: String, anchor: String = "middle") -> String {
        "<text class=\"\(kind)\" x=\"\(Self.coordinate(x))\" y=\"\(Self.coordinate(y))\" text-anchor=\"\(anchor)\">"
            + Markup.escaped(text) + "</text>"
    }

    /// Without a thousands separator, unlike numbers for people.
    private static func coordinate(_ value: Double) -> String { "\((value * 10).rounded() / 10)" }
}
