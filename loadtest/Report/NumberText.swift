internal import Glibc

/// Numbers as people read them; the same on every machine.
enum NumberText {
    /// `12,345,678`.
    static func count(_ number: UInt64) -> String {
        let digits = Array(String(number))
        var text = ""
        for (place, digit) in digits.enumerated() {
            if place > 0, (digits.count - place) % 3 == 0 { text.append(",") }
            text.append(digit)
        }
        return text
    }

    /// With so many digits behind the point.
    static func fixed(_ number: Double, _ decimals: Int) -> String {
        guard number.isFinite else { return "-" }
        var scale = 1.0
        for _ in 0..<decimals { scale *= 10 }
        let scaled = (number.magnitude * scale).rounded()
        guard scaled < 9e15 else { return "\(number)" }
        let whole = UInt64(scaled)
        let sign = number < 0 && whole > 0 ? "-" : ""
        guard decimals > 0 else { return sign + Self.count(whole) }
        let fraction = String(whole % UInt64(scale))
        let zeros = String(repeating: "0", count: decimals - fraction.count)
        return "\(sign)\(Self.count(whole / UInt64(scale))).\(zeros)\(fraction)"
    }

    /// Three digits that matter: `0.0834`, `8.34`, `83.4`, `8,340`.
    static func significant(_ number: Double) -> String {
        switch number.magnitude {
        case ..<0.0000001: "0"
        case ..<0.1: Self.fixed(number, 4)
        case ..<1: Self.fixed(number, 3)
        case ..<10: Self.fixed(number, 2)
        case ..<100: Self.fixed(number, 1)
        default: Self.fixed(number, 0)
        }
    }

    /// Up to six digits behind the point, without zeros at the end: `0.05`, `10`.
    static func plain(_ number: Double) -> String {
        var text = Substring(Self.fixed(number, 6))
        while text.hasSuffix("0") { text = text.dropLast() }
        return String(text.hasSuffix(".") ? text.dropLast() : text)
    }

    /// `8.34 ms`.
    static func milliseconds(_ number: Double) -> String { Self.significant(number) + " ms" }

    /// `12.3 MiB`.
    static func bytes(_ number: Double) -> String {
        switch number.magnitude {
        case ..<1024: Self.fixed(number, 0) + " B"
        case ..<1_048_576: Self.significant(number / 1024) + " KiB"
        case ..<1_073_741_824: Self.significant(number / 1_048_576) + " MiB"
        default: Self.significant(number / 1_073_741_824) + " GiB"
        }
    }

    static func quantity(_ number: Double, _ unit: Metric.Unit) -> String {
        switch unit {
        case .milliseconds: Self.milliseconds(number)
        case .seconds: Self.significant(number) + " s"
        case .bytes: Self.bytes(number)
        case .count: number == number.rounded() ? Self.fixed(number, 0) : Self.significant(number)
        }
    }
}
