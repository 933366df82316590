import Shared
import StoreSupport
import Testing

@testable import PGStore

@Suite(.timeLimit(.minutes(5))) struct ValueTests {
    /// Sends each value through the server and back.
    private func echo<Value: PGDecodable & Equatable>(
        _ pool: PGDatabase, _ statement: PGStatement, _ values: [Value], _ encode: (Value?) -> PGValue
    ) async throws {
        for value in values {
            let rows = try await pool.read(statement, encode(value))
            #expect(try rows.first?.read(0, as: Value.self) == value)
        }
        let null = try await pool.read(statement, encode(nil))
        #expect(try null.first?.read(0, as: Value?.self) == .some(nil))
        let refusal = await failure { () throws(StoreError) in _ = try null.first?.read(0, as: Value.self) }
        #expect(refusal?.code == "22P03")
    }

    @Test(arguments: [true, false]) func `every type comes back as it went, also at its ends`(isPrepared: Bool)
        async throws
    {
        try await withStore({ $0.isPrepared = isPrepared }) { pool, _ async throws in
            try await self.echo(pool, "SELECT $1::bool", [true, false], PGValue.bool)
            try await self.echo(pool, "SELECT $1::int2", [0, -1, .min, .max], PGValue.int2)
            try await self.echo(pool, "SELECT $1::int4", [0, -1, .min, .max], PGValue.int4)
            try await self.echo(pool, "SELECT $1::int8", [0, -1, .min, .max], PGValue.int8)
            try await self.echo(
                pool, "SELECT $1::float8", [0, -1.5, .pi, .greatestFiniteMagnitude, .leastNonzeroMagnitude, .infinity],
                PGValue.float8)
            try await self.echo(
                pool, "SELECT $1::text",
                ["", "plain", "'; DROP TABLE x; --", "Ünï😀", String(repeating: "x", count: 200_000)],
                PGValue.text)
            try await self.echo(pool, "SELECT $1::bytea", [[], [0], Array(0...255)], PGValue.bytea)
            try await self.echo(pool, "SELECT $1::uuid", [0, .max, 1 << 127, 1], PGValue.uuid)
            try await self.echo(pool, "SELECT $1::uuid", [TenantID.new()], PGValue.id)
            try await self.echo(
                pool, "SELECT $1::timestamptz",
                [0, 1, -1, 946_684_800_000, 946_684_799_999, -62_135_596_800_000, 9_224_318_015_999_999].map {
                    Timestamp(milliseconds: $0)
                }, PGValue.timestamptz)
            try await self.echo(
                pool, "SELECT $1::date",
                [0, -1, 10_957, -2_440_588, 2_145_042_540].map { CalendarDate(daysSince1970: $0) },
                PGValue.date)
            try await self.echo(pool, "SELECT $1::json", [Array(#"{"a":  1}"#.utf8)], PGValue.json)
            try await self.echo(pool, "SELECT $1::jsonb", [Array(#"{"a": [1, "ü"]}"#.utf8)], PGValue.jsonb)
        }
    }

    @Test func `arrays come back as they went, with NULLs, empty and large`() async throws {
        try await withStore { pool, _ async throws in
            try await self.echo(pool, "SELECT $1::bool[]", [[], [true, nil, false]], PGValue.bools)
            try await self.echo(pool, "SELECT $1::int2[]", [[], [.min, nil, .max]], PGValue.int2s)
            try await self.echo(pool, "SELECT $1::int4[]", [[], [.min, nil, .max]], PGValue.int4s)
            try await self.echo(pool, "SELECT $1::int8[]", [[], [.min, nil, .max], Array(0..<20_000)], PGValue.int8s)
            try await self.echo(pool, "SELECT $1::text[]", [[], ["", nil, "a,\"b\"{}"]], PGValue.texts)
            try await self.echo(pool, "SELECT $1::bytea[]", [[], [[], nil, [0, 255]]], PGValue.byteas)
            try await self.echo(pool, "SELECT $1::uuid[]", [[], [0, nil, .max]], PGValue.uuids)
            try await self.echo(pool, "SELECT $1::uuid[]", [[TenantID.new(), nil]], PGValue.ids)
            try await self.echo(
                pool, "SELECT $1::timestamptz[]", [[], [Timestamp(milliseconds: 5), nil]], PGValue.timestamptzs)
            try await self.echo(pool, "SELECT $1::date[]", [[], [CalendarDate(daysSince1970: 5), nil]], PGValue.dates)
            try await self.echo(pool, "SELECT $1::jsonb[]", [[Array("1".utf8), nil]], PGValue.jsonbs)
        }
    }

    @Test(arguments: [
        "0", "1", "-1", "10000", "9999", "0.1", "-0.0001", "123456789.987654321", "0.00", "1e400", "1e-400", "NaN",
        "Infinity",
        "-Infinity", "99999999999999999999999999999999.00000000000000000001", "10000.5", "100000000", "0.00010000",
    ]) func `a numeric is read as the server writes it`(text: String) async throws {
        try await withStore { pool, _ async throws in
            let number = try #require(PGNumeric(text))
            let row = try await pool.read("SELECT $1::numeric, $1::numeric::text", .numeric(number))[0]
            #expect(try row.read(0, as: PGNumeric.self).text == row.read(1, as: String.self))
        }
    }

    @Test func `what is no number is no numeric`() {
        for text in ["", "-", ".", "1.2.3", "1e", "e5", " 1", "1\0", "0x10", "١", "nan", "+Infinity"] {
            #expect(PGNumeric(text) == nil, "\(text)")
        }
        for text in ["1.", ".5", "+1", "-1e+5", "1E-5"] { #expect(PGNumeric(text) != nil, "\(text)") }
    }

    @Test func `times and days beyond the server's are refused, and infinity is an error`() async throws {
        try await withStore { pool, _ async throws in
            for time in [Int64.min, .max, .min + 1, 9_300_000_000_000_000] {
                let refusal = await failure { () throws(StoreError) in
                    _ = try await pool.read("SELECT $1::timestamptz", .timestamptz(Timestamp(milliseconds: time)))
                }
                #expect(refusal?.code == "22008")
            }
            for day in [Int.min, .max, Int(Int32.min), Int(Int32.max), -3_000_000] {
                let refusal = await failure { () throws(StoreError) in
                    _ = try await pool.read("SELECT $1::date", .date(CalendarDate(daysSince1970: day)))
                }
                #expect(refusal?.code == "22008")
            }
            let row = try await pool.read("SELECT 'infinity'::timestamptz, '-infinity'::date, 70000, 'x'::\"char\"")[0]
            #expect(throws: PGDecodingError.outOfRange(.timestamptz)) { try row.decode(0, as: Timestamp.self) }
            #expect(throws: PGDecodingError.outOfRange(.date)) { try row.decode(1, as: CalendarDate.self) }
            #expect(throws: PGDecodingError.outOfRange(.int4)) { try row.decode(2, as: Int16.self) }
            #expect(throws: PGDecodingError.wrongType(PGType(18), for: "String")) { try row.decode(3, as: String.self) }
            #expect(throws: PGDecodingError.noSuchColumn) { try row.decode(4, as: String.self) }
            #expect(throws: PGDecodingError.wrongType(.int4, for: "UUID")) { try row.decode(2, as: UInt128.self) }
            #expect(throws: PGDecodingError.wrongType(.int4, for: "an array")) { try row.decode(2, as: [Int32].self) }
        }
    }

    @Test func `labels of enums go both ways, rows are read by name and as tuples`() async throws {
        try await withStore { pool, database async throws in
            try await database.run("CREATE TYPE mood AS ENUM ('calm', 'busy')")
            let row = try await pool.read(
                "SELECT $1::mood AS mood, 7::int8 AS number, NULL::text AS nothing, now() AS time", .label("busy"))[0]
            let (mood, number, nothing) = try row.read(String.self, Int.self, String?.self)
            #expect(mood == "busy" && number == 7 && nothing == nil)
            #expect(try row.read("number", as: Int64.self) == 7)
            let refusal = await failure { () throws(StoreError) in _ = try row.read("absent", as: Int.self) }
            #expect(refusal?.code == "22P03")
        }
    }

    @Test func `a text with a zero byte and one that is no UTF-8 are refused by the server`() async throws {
        try await withStore { pool, _ async throws in
            let refusal = await failure { () throws(StoreError) in
                _ = try await pool.read("SELECT $1::text", .text("a\0b"))
            }
            #expect(refusal?.code == "22021")
            let json = await failure { () throws(StoreError) in
                _ = try await pool.read("SELECT $1::jsonb", .jsonb([0x22, 0xFF, 0x22]))
            }
            #expect(json?.code == "22021")
            let rows = try await pool.read("SELECT 1")
            #expect(rows.count == 1)
        }
    }

    @Test func `hostile bytes are errors`() {
        let array: [[UInt8]] = [
            [], [0, 0, 0, 1], [0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 20], [255, 255, 255, 255, 0, 0, 0, 0, 0, 0, 0, 20],
            // A count of two thousand millions, a length of them, and a length below NULL's.
            [0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 20, 127, 255, 255, 255, 0, 0, 0, 1],
            [0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 20, 0, 0, 0, 1, 0, 0, 0, 1, 127, 255, 255, 255],
            [0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 20, 0, 0, 0, 1, 0, 0, 0, 1, 255, 255, 255, 254],
            // One byte behind the last.
            [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 20, 0],
        ]
        for bytes in array.dropLast() {
            #expect(throws: PGDecodingError.malformed(.int8Array)) {
                try [Int64](PGCell(type: .int8Array, bytes: bytes[...]))
            }
        }
        for bytes: [UInt8] in [
            [], [0, 1], [0, 1, 0, 0, 0, 0, 0, 0], [0, 0, 0, 0, 0x12, 0x34, 0, 0], [0, 1, 0, 0, 0, 0, 0, 0, 255, 255],
        ] {
            #expect(throws: PGDecodingError.malformed(.numeric)) {
                try PGNumeric(PGCell(type: .numeric, bytes: bytes[...]))
            }
        }
        #expect(throws: PGDecodingError.malformed(.uuid)) { try UInt128(PGCell(type: .uuid, bytes: [1, 2])) }
        #expect(throws: PGDecodingError.malformed(.bool)) { try Bool(PGCell(type: .bool, bytes: [2])) }
        #expect(throws: PGDecodingError.malformed(.text)) { try String(PGCell(type: .text, bytes: [0xFF])) }
        #expect(throws: PGDecodingError.malformed(.jsonb)) { try [UInt8](PGCell(type: .jsonb, bytes: [])) }
    }
}
