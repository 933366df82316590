extension SettingReader {
    /// Reads a whole number in a range.
    package mutating func read<Number: FixedWidthInteger>(
        _ setting: Setting, into value: inout Number, in range: ClosedRange<Number>
    ) {
        self.read(setting, into: &value) { (text: String) throws(SettingProblem) -> Number in
            try Self.number(text, in: range)
        }
    }

    /// Reads a whole number in a range that may be absent.
    package mutating func read<Number: FixedWidthInteger>(
        _ setting: Setting, into value: inout Number?, in range: ClosedRange<Number>
    ) {
        self.read(setting, into: &value) { (text: String) throws(SettingProblem) -> Number? in
            try Self.number(text, in: range)
        }
    }

    /// Reads `on`, `true`, `yes` or `1`, or `off`, `false`, `no` or `0`.
    package mutating func read(_ setting: Setting, into value: inout Bool) {
        self.read(setting, into: &value) { (text: String) throws(SettingProblem) -> Bool in
            switch text.lowercased() {
            case "on", "true", "yes", "1": true
            case "off", "false", "no", "0": false
            default: throw SettingProblem("\(Self.quoted(text)) is neither on nor off")
            }
        }
    }

    /// Reads one of a few words.
    package mutating func read<Choice: RawRepresentable<String> & CaseIterable>(
        _ setting: Setting, into value: inout Choice
    ) {
        self.read(setting, into: &value) { (text: String) throws(SettingProblem) -> Choice in
            guard let choice = Choice(rawValue: text.lowercased()) else {
                let words = Choice.allCases.map(\.rawValue).joined(separator: ", ")
                throw SettingProblem("\(Self.quoted(text)) is none of \(words)")
            }
            return choice
        }
    }

    private static func number<Number: FixedWidthInteger>(
        _ text: String, in range: ClosedRange<Number>
    ) throws(SettingProblem) -> Number {
        // `Number("+1")` is a number for Swift, but nobody writes a setting like that on purpose.
        guard let number = Number(text), !text.hasPrefix("+"), range.contains(number) else {
            let bounds = "from \(range.lowerBound) to \(range.upperBound)"
            throw SettingProblem("\(Self.quoted(text)) is not a whole number \(bounds)")
        }
        return number
    }
}
