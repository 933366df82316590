import Shared
import Testing

@Suite struct JSONNumberTests {
    private func number(_ text: String) throws -> JSONNumber {
        try #require(JSONNumber(text))
    }

    @Test(
        arguments: [
            ("0", 0), ("-0", 0), ("-0.0e5", 0), ("0e99999999999999999999", 0), ("1", 1), ("-1", -1), ("1e3", 1000),
            ("1000.0", 1000), ("12.5e1", 125), ("1500e-2", 15), ("9223372036854775807", .max),
            ("-9223372036854775808", .min), ("-9.223372036854775808e18", .min), ("922337203685477580.7e1", .max),
            ("0.00000000000000000001e20", 1), ("10000000000000000000000e-22", 1),
        ] as [(String, Int64)])
    func `an integer is exact however it is written`(text: String, expected: Int64) throws {
        #expect(try self.number(text).int64 == expected)
        #expect(try self.number(text).uint64 == UInt64(exactly: expected))
        #expect(try self.number(text).isInteger)
    }

    @Test(arguments: [
        "0.5", "1.5", "1e-1", "9223372036854775808", "-9223372036854775809", "1e19", "1e400", "1e-400",
        "1e99999999999999999999", "1e-99999999999999999999", "9223372036854775807.1",
    ])
    func `what is no integer within the type does not become one`(text: String) throws {
        #expect(try self.number(text).int64 == nil)
    }

    @Test func `unsigned integers end at their limits`() throws {
        #expect(try self.number("18446744073709551615").uint64 == .max)
        #expect(try self.number("18446744073709551616").uint64 == nil)
        #expect(try self.number("99999999999999999999").uint64 == nil)
        #expect(try self.number("100000000000000000000").uint64 == nil)
        #expect(try self.number("-1").uint64 == nil)
        #expect(try self.number("-0").uint64 == 0)
    }

    @Test(
        arguments: [
            ("0", 0), ("-0", -0.0), ("0.1", 0.1), ("-12.50", -12.5), ("1e300", 1e300),
            ("5e-324", .leastNonzeroMagnitude),
            ("1152921504606846976", 0x1p60), ("18446744073709549568", 18_446_744_073_709_549_568),
            ("9007199254740992", 0x1p53), ("1.7976931348623157e308", .greatestFiniteMagnitude),
        ] as [(String, Double)])
    func `a double is given when no digit is lost`(text: String, expected: Double) throws {
        #expect(try self.number(text).double?.bitPattern == expected.bitPattern)
    }

    @Test(arguments: [
        "9007199254740993", "0.1000000000000000055", "1e400", "-1e400", "1e-400", "0.12345678901234567890",
        "18446744073709551615", "1e99999999999999999999",
    ])
    func `no double is given when a digit is lost`(text: String) throws {
        #expect(try self.number(text).double == nil)
    }

    @Test func `the nearest double is finite or none`() throws {
        #expect(try self.number("9007199254740993").nearestDouble == 9_007_199_254_740_992)
        #expect(try self.number("1e-400").nearestDouble == 0)
        #expect(try self.number("1e400").nearestDouble == nil)
        #expect(try self.number("-1e309").nearestDouble == nil)
    }

    @Test(arguments: [
        ("0", "0"), ("-0", "0"), ("0.000", "0"), ("12.50", "12.5"), ("-0.07", "-0.07"), ("1e2", "100"),
        ("7e-2", "0.07"),
        ("123.45e-0", "123.45"), ("9999999999.99", "9999999999.99"), ("0.01", "0.01"), ("1000", "1000"),
        ("1.5E1", "15"),
    ])
    func `a decimal is written out without exponent and needless zeros`(text: String, expected: String) throws {
        #expect(try self.number(text).decimal(integerDigits: 10, fractionDigits: 2) == expected)
    }

    @Test(arguments: ["10000000000", "0.001", "1e10", "-12.345", "1e-3", "1e999999999999", "1e-999999999999"])
    func `a decimal that needs one digit more than allowed is none`(text: String) throws {
        #expect(try self.number(text).decimal(integerDigits: 10, fractionDigits: 2) == nil)
    }

    @Test(arguments: ["", " 1", "1 ", "01", "+1", "1.", "a", "\"1\"", "null", "1,2", "[1]", "0x10", "1_000", "٣"])
    func `only numbers are numbers`(text: String) {
        #expect(JSONNumber(text) == nil)
    }

    @Test func `a number of a million digits is kept and converts to nothing`() throws {
        let number = try self.number(String(repeating: "9", count: 1_000_000))
        #expect(number.int64 == nil)
        #expect(number.uint64 == nil)
        #expect(number.decimal(integerDigits: 12, fractionDigits: 2) == nil)
    }

    @Test func `numbers of ours are written so that they read back`() throws {
        for double in [0, -0.0, 0.1, 1e21, 1e-7, .pi, .leastNonzeroMagnitude, .greatestFiniteMagnitude, 100_000] {
            let number = try #require(JSONNumber(double))
            #expect(try self.number(number.text).double?.bitPattern == double.bitPattern)
        }
        #expect(JSONNumber(Double.nan) == nil)
        #expect(JSONNumber(-Double.infinity) == nil)
        #expect(JSONNumber(Int64.min).int64 == .min)
        #expect(JSONNumber(UInt64.max).uint64 == .max)
    }
}
