package import Shared

/// One value of a result: its type and its binary form, or NULL.
package struct PGCell: Sendable {
    let type: PGType
    let bytes: ArraySlice<UInt8>?

    /// The bytes of a value that must be there.
    func value() throws(PGDecodingError) -> ArraySlice<UInt8> {
        guard let bytes = self.bytes else { throw .unexpectedNull }
        return bytes
    }
}

/// Why a value of a result is not what the caller takes it for. Statement and code disagree, or code and schema.
package enum PGDecodingError: Error, Equatable, Sendable {
    case noSuchColumn
    case unexpectedNull
    case wrongType(PGType, for: String)
    /// The bytes are not of the form that the type has.
    case malformed(PGType)
    /// A value that the Swift type cannot hold, such as infinity or a number too large.
    case outOfRange(PGType)
}

/// What a value of a result can become.
package protocol PGDecodable {
    init(_ cell: PGCell) throws(PGDecodingError)
    /// An array of values; only bytes do not read it as PostgreSQL's array.
    static func array(_ cell: PGCell) throws(PGDecodingError) -> [Self]
}

extension PGDecodable {
    package static func array(_ cell: PGCell) throws(PGDecodingError) -> [Self] { try PGArray.read(cell) }
}

extension Optional: PGDecodable where Wrapped: PGDecodable {
    package init(_ cell: PGCell) throws(PGDecodingError) {
        self = cell.bytes == nil ? nil : try Wrapped(cell)
    }
}

extension Array: PGDecodable where Element: PGDecodable {
    package init(_ cell: PGCell) throws(PGDecodingError) { self = try Element.array(cell) }
}

extension Bool: PGDecodable {
    package init(_ cell: PGCell) throws(PGDecodingError) {
        guard cell.type == .bool else { throw .wrongType(cell.type, for: "Bool") }
        let bytes = try cell.value()
        guard bytes.count == 1, let byte = bytes.first, byte <= 1 else { throw .malformed(cell.type) }
        self = byte == 1
    }
}

extension FixedWidthInteger {
    /// Any of the server's integers that fits.
    fileprivate init(integer cell: PGCell) throws(PGDecodingError) {
        let bytes = try cell.value()
        let value: Int64?
        switch cell.type {
        case .int2: value = BigEndian.read(bytes).map { (value: Int16) in Int64(value) }
        case .int4: value = BigEndian.read(bytes).map { (value: Int32) in Int64(value) }
        case .int8: value = BigEndian.read(bytes)
        default: throw .wrongType(cell.type, for: "\(Self.self)")
        }
        guard let value else { throw .malformed(cell.type) }
        guard let fitting = Self(exactly: value) else { throw .outOfRange(cell.type) }
        self = fitting
    }
}

extension Int16: PGDecodable {
    package init(_ cell: PGCell) throws(PGDecodingError) { try self.init(integer: cell) }
}

extension Int32: PGDecodable {
    package init(_ cell: PGCell) throws(PGDecodingError) { try self.init(integer: cell) }
}

extension Int64: PGDecodable {
    package init(_ cell: PGCell) throws(PGDecodingError) { try self.init(integer: cell) }
}

extension Int: PGDecodable {
    package init(_ cell: PGCell) throws(PGDecodingError) { try self.init(integer: cell) }
}

/// A small number by itself, bytes as an array: of `bytea`, or of the text that text and JSON types hold.
extension UInt8: PGDecodable {
    package init(_ cell: PGCell) throws(PGDecodingError) { try self.init(integer: cell) }

    package static func array(_ cell: PGCell) throws(PGDecodingError) -> [UInt8] {
        let bytes = try cell.value()
        switch cell.type {
        case .bytea, .json, .text, .varchar: return Array(bytes)
        case .jsonb:
            // The binary form is the text behind a version, of which there has been one.
            guard bytes.first == 1 else { throw .malformed(cell.type) }
            return Array(bytes.dropFirst())
        default: throw .wrongType(cell.type, for: "bytes")
        }
    }
}

extension Double: PGDecodable {
    package init(_ cell: PGCell) throws(PGDecodingError) {
        let bytes = try cell.value()
        switch cell.type {
        case .float8:
            guard let pattern: UInt64 = BigEndian.read(bytes) else { throw .malformed(cell.type) }
            self = Double(bitPattern: pattern)
        case .float4:
            guard let pattern: UInt32 = BigEndian.read(bytes) else { throw .malformed(cell.type) }
            self = Double(Float(bitPattern: pattern))
        default: throw .wrongType(cell.type, for: "Double")
        }
    }
}

/// Text of any kind, also the label of an enum and JSON.
extension String: PGDecodable {
    package init(_ cell: PGCell) throws(PGDecodingError) {
        var bytes = try cell.value()
        switch cell.type {
        case .text, .varchar, .bpchar, .name, .json, .unknown, .void: break
        case .jsonb:
            guard bytes.popFirst() == 1 else { throw .malformed(cell.type) }
        default:
            guard cell.type.isUserDefined else { throw .wrongType(cell.type, for: "String") }
        }
        guard let text = String(validating: bytes, as: UTF8.self) else { throw .malformed(cell.type) }
        self = text
    }
}

extension UInt128: PGDecodable {
    package init(_ cell: PGCell) throws(PGDecodingError) {
        guard cell.type == .uuid else { throw .wrongType(cell.type, for: "UUID") }
        guard let value: UInt128 = BigEndian.read(try cell.value()) else { throw .malformed(cell.type) }
        self = value
    }
}

extension ID: PGDecodable {
    package init(_ cell: PGCell) throws(PGDecodingError) { self.init(raw: try UInt128(cell)) }
}

extension Timestamp: PGDecodable {
    package init(_ cell: PGCell) throws(PGDecodingError) {
        guard cell.type == .timestamptz else { throw .wrongType(cell.type, for: "Timestamp") }
        guard let microseconds: Int64 = BigEndian.read(try cell.value()) else { throw .malformed(cell.type) }
        guard let time = PGTime.timestamp(microseconds: microseconds) else { throw .outOfRange(cell.type) }
        self = time
    }
}

extension CalendarDate: PGDecodable {
    package init(_ cell: PGCell) throws(PGDecodingError) {
        guard cell.type == .date else { throw .wrongType(cell.type, for: "CalendarDate") }
        guard let days: Int32 = BigEndian.read(try cell.value()) else { throw .malformed(cell.type) }
        guard days != .min, days != .max else { throw .outOfRange(cell.type) }
        self.init(daysSince1970: Int(days) + PGTime.epochDays)
    }
}

extension PGNumeric: PGDecodable {
    package init(_ cell: PGCell) throws(PGDecodingError) {
        guard cell.type == .numeric else { throw .wrongType(cell.type, for: "PGNumeric") }
        guard let value = PGNumeric(binary: try cell.value()) else { throw .malformed(cell.type) }
        self = value
    }
}

/// The binary form of an array (`array_send`).
private enum PGArray {
    static func read<Element: PGDecodable>(_ cell: PGCell) throws(PGDecodingError) -> [Element] {
        var rest = try cell.value()
        guard Self.arrays.contains(cell.type) || cell.type.isUserDefined else {
            throw .wrongType(cell.type, for: "an array")
        }
        guard let dimensions: Int32 = Self.next(&rest), (0...1).contains(dimensions), let _: Int32 = Self.next(&rest),
            let oid: UInt32 = Self.next(&rest)
        else { throw .malformed(cell.type) }
        guard dimensions == 1 else { return [] }
        // Each element has a length of four bytes: a count beyond that is a lie, and nothing is reserved for it.
        guard let count: Int32 = Self.next(&rest), let _: Int32 = Self.next(&rest), count >= 0,
            Int(count) <= rest.count / 4
        else { throw .malformed(cell.type) }
        var elements: [Element] = []
        elements.reserveCapacity(Int(count))
        for _ in 0..<count {
            guard let length: Int32 = Self.next(&rest), Int(length) <= rest.count, length >= -1 else {
                throw .malformed(cell.type)
            }
            let bytes = length < 0 ? nil : rest.prefix(Int(length))
            rest = rest.dropFirst(max(0, Int(length)))
            elements.append(try Element(PGCell(type: PGType(oid), bytes: bytes)))
        }
        guard rest.isEmpty else { throw .malformed(cell.type) }
        return elements
    }

    private static func next<Value: FixedWidthInteger>(_ rest: inout ArraySlice<UInt8>) -> Value? {
        let value: Value? = BigEndian.read(rest.prefix(MemoryLayout<Value>.size))
        rest = rest.dropFirst(MemoryLayout<Value>.size)
        return value
    }

    private static let arrays: Set<PGType> = [
        .boolArray, .byteaArray, .int2Array, .int4Array, .textArray, .int8Array, .dateArray, .timestamptzArray,
        .uuidArray,
        .jsonbArray, PGType(199), PGType(1003), PGType(1015), PGType(1021), PGType(1022), PGType(1231),
    ]
}
