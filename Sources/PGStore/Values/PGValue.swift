package import Shared

/// One parameter of a statement: a typed value in PostgreSQL's binary form, or a typed NULL.
///
/// The type goes with the value, so that the server neither guesses nor converts, and nothing of it is ever SQL text.
package struct PGValue: Hashable, Sendable {
    let type: PGType
    /// Whether the bytes are text for the type's input function instead of its binary form.
    let isText: Bool
    /// `nil` is NULL.
    let bytes: [UInt8]?

    init(_ type: PGType, isText: Bool = false, _ bytes: [UInt8]?) {
        self.type = type
        self.isText = isText
        self.bytes = bytes
    }

    package static func bool(_ value: Bool?) -> PGValue {
        PGValue(.bool, value.map { [$0 ? 1 : 0] })
    }

    package static func int2(_ value: Int16?) -> PGValue {
        PGValue(.int2, value.map { BigEndian.bytes($0) })
    }

    package static func int4(_ value: Int32?) -> PGValue {
        PGValue(.int4, value.map { BigEndian.bytes($0) })
    }

    package static func int8(_ value: Int64?) -> PGValue {
        PGValue(.int8, value.map { BigEndian.bytes($0) })
    }

    package static func float8(_ value: Double?) -> PGValue {
        PGValue(.float8, value.map { BigEndian.bytes(Int64(bitPattern: $0.bitPattern)) })
    }

    /// Text; the server refuses a NUL byte in it (22021).
    package static func text(_ value: String?) -> PGValue {
        PGValue(.text, value.map { Array($0.utf8) })
    }

    /// A value of a type that the server infers from where it stands, such as an enum's label.
    ///
    /// Sent with its length like all others, in the binary form of text types: not for numbers, dates and the like.
    package static func label(_ value: String?) -> PGValue {
        PGValue(.inferred, value.map { Array($0.utf8) })
    }

    package static func bytea(_ value: [UInt8]?) -> PGValue { PGValue(.bytea, value) }

    package static func uuid(_ value: UInt128?) -> PGValue {
        PGValue(.uuid, value.map { BigEndian.bytes($0) })
    }

    package static func id<Subject>(_ value: ID<Subject>?) -> PGValue { .uuid(value?.raw) }

    package static func timestamptz(_ value: Timestamp?) -> PGValue {
        PGValue(.timestamptz, value.map { BigEndian.bytes(PGTime.microseconds(of: $0)) })
    }

    package static func date(_ value: CalendarDate?) -> PGValue {
        PGValue(.date, value.map { BigEndian.bytes($0.daysSince2000) })
    }

    package static func numeric(_ value: PGNumeric?) -> PGValue {
        PGValue(.numeric, isText: true, value.map { Array($0.text.utf8) })
    }

    /// The text of a JSON value, kept as it is written.
    package static func json(_ value: [UInt8]?) -> PGValue { PGValue(.json, value) }

    /// The text of a JSON value, kept as what it means.
    package static func jsonb(_ value: [UInt8]?) -> PGValue {
        // The binary form is the text behind a version.
        PGValue(.jsonb, value.map { [1] + $0 })
    }

    // MARK: Arrays

    package static func bools(_ values: [Bool?]?) -> PGValue { .array(.boolArray, of: .bool, values, Self.bool) }

    package static func int2s(_ values: [Int16?]?) -> PGValue { .array(.int2Array, of: .int2, values, Self.int2) }

    package static func int4s(_ values: [Int32?]?) -> PGValue { .array(.int4Array, of: .int4, values, Self.int4) }

    package static func int8s(_ values: [Int64?]?) -> PGValue { .array(.int8Array, of: .int8, values, Self.int8) }

    package static func texts(_ values: [String?]?) -> PGValue { .array(.textArray, of: .text, values, Self.text) }

    package static func byteas(_ values: [[UInt8]?]?) -> PGValue {
        .array(.byteaArray, of: .bytea, values, Self.bytea)
    }

    package static func uuids(_ values: [UInt128?]?) -> PGValue { .array(.uuidArray, of: .uuid, values, Self.uuid) }

    package static func ids<Subject>(_ values: [ID<Subject>?]?) -> PGValue {
        .array(.uuidArray, of: .uuid, values, Self.id)
    }

    package static func timestamptzs(_ values: [Timestamp?]?) -> PGValue {
        .array(.timestamptzArray, of: .timestamptz, values, Self.timestamptz)
    }

    package static func dates(_ values: [CalendarDate?]?) -> PGValue {
        .array(.dateArray, of: .date, values, Self.date)
    }

    package static func jsonbs(_ values: [[UInt8]?]?) -> PGValue {
        .array(.jsonbArray, of: .jsonb, values, Self.jsonb)
    }

    /// The binary form of a one-dimensional array (`array_recv`): dimensions, whether there are NULLs, the element's type,
    /// length and lower bound, and the elements with their lengths.
    private static func array<Element>(
        _ type: PGType, of element: PGType, _ values: [Element?]?, _ encode: (Element?) -> PGValue
    ) -> PGValue {
        guard let values else { return PGValue(type, nil) }
        var bytes: [UInt8] = []
        BigEndian.append(Int32(values.isEmpty ? 0 : 1), to: &bytes)
        BigEndian.append(Int32(values.contains { $0 == nil } ? 1 : 0), to: &bytes)
        BigEndian.append(element.oid, to: &bytes)
        guard !values.isEmpty else { return PGValue(type, bytes) }
        BigEndian.append(Int32(truncatingIfNeeded: values.count), to: &bytes)
        BigEndian.append(Int32(1), to: &bytes)
        for value in values {
            guard let encoded = encode(value).bytes else {
                BigEndian.append(Int32(-1), to: &bytes)
                continue
            }
            BigEndian.append(Int32(truncatingIfNeeded: encoded.count), to: &bytes)
            bytes.append(contentsOf: encoded)
        }
        return PGValue(type, bytes)
    }
}

/// Integers in the order of the network.
enum BigEndian {
    static func bytes<Value: FixedWidthInteger>(_ value: Value) -> [UInt8] {
        withUnsafeBytes(of: value.bigEndian) { Array($0) }
    }

    static func append<Value: FixedWidthInteger>(_ value: Value, to bytes: inout [UInt8]) {
        withUnsafeBytes(of: value.bigEndian) { bytes.append(contentsOf: $0) }
    }

    /// The value of exactly as many bytes as it has; `nil` for another count.
    static func read<Value: FixedWidthInteger>(_ bytes: ArraySlice<UInt8>) -> Value? {
        guard bytes.count == MemoryLayout<Value>.size else { return nil }
        return bytes.reduce(0) { $0 &<< 8 | Value(truncatingIfNeeded: $1) }
    }
}
