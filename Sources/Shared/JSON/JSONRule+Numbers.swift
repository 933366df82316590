extension JSONRule where Value == Int {
    /// An integer, however it is written. A fraction is `type`, an integer outside is `range`.
    package static func int(_ range: ClosedRange<Int>) -> Self {
        Self(schema: .integer(Int64(range.lowerBound)...Int64(range.upperBound)), placeholder: range.lowerBound) {
            json, trace in
            integer(json, &trace).flatMap { integer in
                if let value = integer.int64.flatMap(Int.init(exactly:)), range.contains(value) { return value }
                trace.fail(.range)
                return nil
            }
        }
    }
}

extension JSONRule where Value == Int64 {
    /// An integer, however it is written. A fraction is `type`, an integer outside is `range`.
    package static func int64(_ range: ClosedRange<Int64>) -> Self {
        Self(schema: .integer(range), placeholder: range.lowerBound) { json, trace in
            integer(json, &trace).flatMap { integer in
                if let value = integer.int64, range.contains(value) { return value }
                trace.fail(.range)
                return nil
            }
        }
    }
}

extension JSONRule where Value == Double {
    /// An approximate figure, rounded to the nearest `Double`.
    package static func double(_ range: ClosedRange<Double>) -> Self {
        Self(schema: .number(range), placeholder: range.lowerBound) { json, trace in
            guard case .number(let number) = json else {
                trace.fail(.type)
                return nil
            }
            if let value = number.nearestDouble, range.contains(value) { return value }
            trace.fail(.range)
            return nil
        }
    }
}

extension JSONRule where Value == String {
    /// An exact figure such as an amount of money, without exponent and needless zeros; sent as a number.
    ///
    /// A number that needs more digits on either side of the point is `range`: nothing is rounded.
    package static func decimal(integerDigits: Int, fractionDigits: Int) -> Self {
        Self(schema: .decimal(integerDigits: integerDigits, fractionDigits: fractionDigits), placeholder: "0") {
            json, trace in
            guard case .number(let number) = json else {
                trace.fail(.type)
                return nil
            }
            if let text = number.decimal(integerDigits: integerDigits, fractionDigits: fractionDigits) { return text }
            trace.fail(.range)
            return nil
        }
    }
}

private func integer(_ json: JSONValue, _ trace: inout JSONFieldTrace) -> JSONNumber? {
    if case .number(let number) = json, number.isInteger { return number }
    trace.fail(.type)
    return nil
}
