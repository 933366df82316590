internal import Shared

/// The name of a time zone, in the shape of the IANA database's. Whether the database has it, PostgreSQL knows.
package struct TimeZoneName: FieldText {
    package static let length = 1...64

    package let text: String

    package init(checking text: String) throws(FieldFault) {
        try FieldScan.length(text, in: Self.length)
        let parts = text.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        guard (1...3).contains(parts.count), parts.allSatisfy(Self.isPart) else { throw FieldFault(.format) }
        // A bare name is a zone only if it is UTC: "EST" and "+03" are offsets that no daylight saving moves.
        guard parts.count > 1 || text == "UTC" else { throw FieldFault(.format) }
        self.text = text
    }

    /// As the database spells its zones: a letter first, then letters, digits, `_`, `+`, `-`.
    private static func isPart(_ part: Substring.UTF8View) -> Bool {
        guard let first = part.first, FieldScan.isLetter(first) else { return false }
        let signs = Set("_+-".utf8)
        return part.allSatisfy { FieldScan.isAlphanumeric($0) || signs.contains($0) }
    }

    private init(placeholder: String) { self.text = placeholder }
    package static var placeholder: Self { Self(placeholder: "UTC") }
}

/// An ISO 4217 code.
package struct CurrencyCode: FieldText {
    package let text: String

    package init(checking text: String) throws(FieldFault) {
        try FieldScan.length(text, in: 3...3)
        try FieldScan.format(text, FieldScan.isUpper)
        guard Self.minorUnits(text) != nil else { throw FieldFault(.unknownCode) }
        self.text = text
    }

    /// Digits after the decimal point.
    package var minorUnits: Int { Self.minorUnits(self.text) ?? 2 }

    private static func minorUnits(_ code: String) -> Int? {
        if Self.withoutCents.contains(code) { return 0 }
        if Self.withMils.contains(code) { return 3 }
        return Self.withCents.contains(code) ? 2 : nil
    }

    private static func list(_ codes: String) -> Set<String> { Set(codes.split(separator: " ").map(String.init)) }

    private static let withoutCents = Self.list("BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF")
    private static let withMils = Self.list("BHD IQD JOD KWD LYD OMR TND")
    private static let withCents = Self.list(
        """
        AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CNY COP \
        CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR \
        IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN \
        NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP \
        STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD UYU UZS VES WST XCD XCG YER ZAR ZMW ZWG
        """)

    private init(placeholder: String) { self.text = placeholder }
    package static var placeholder: Self { Self(placeholder: "EUR") }
}

/// A language tag in the shape of BCP 47: a language and up to four subtags.
package struct LanguageTag: FieldText {
    package static let length = 2...35

    package let text: String

    package init(checking text: String) throws(FieldFault) {
        try FieldScan.length(text, in: Self.length)
        let parts = text.utf8.split(separator: UInt8(ascii: "-"), omittingEmptySubsequences: false)
        guard let language = parts.first, (2...3).contains(language.count), language.allSatisfy(FieldScan.isLetter),
            parts.count <= 5,
            parts.dropFirst().allSatisfy({ (1...8).contains($0.count) && $0.allSatisfy(FieldScan.isAlphanumeric) })
        else { throw FieldFault(.format) }
        self.text = text
    }

    private init(placeholder: String) { self.text = placeholder }
    package static var placeholder: Self { Self(placeholder: "en") }
}

/// A time of the day at a property, `HH:MM`.
package struct LocalTime: FieldText {
    package let text: String

    package init(checking text: String) throws(FieldFault) {
        try FieldScan.length(text, in: 5...5)
        let bytes = Array(text.utf8)
        guard bytes.count == 5, bytes[2] == UInt8(ascii: ":"),
            [0, 1, 3, 4].allSatisfy({ FieldScan.isDigit(bytes[$0]) })
        else { throw FieldFault(.format) }
        let hour = bytes[0...1], minute = bytes[3...4]
        guard hour.lexicographicallyPrecedes("24".utf8), minute.lexicographicallyPrecedes("60".utf8) else {
            throw FieldFault(.range)
        }
        self.text = text
    }

    private init(placeholder: String) { self.text = placeholder }
    package static var placeholder: Self { Self(placeholder: "00:00") }
}

extension LocalTime {
    /// A full hour, 0 to 23.
    package init(hour: Int) {
        precondition((0..<24).contains(hour), "a day has 24 hours")
        self.init(placeholder: (hour < 10 ? "0" : "") + "\(hour):00")
    }
}
