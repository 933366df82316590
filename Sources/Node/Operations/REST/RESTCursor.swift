internal import Crypto
package import Shared

/// Where a page ended: the values of the columns by which a list is ordered, the last of them unique.
package protocol RESTCursorKey: Sendable {
    init?(reading cursor: inout RESTCursorBytes)
    func write(to cursor: inout RESTCursorBytes)
}

/// The bytes of a cursor: typed values, one behind the other.
package struct RESTCursorBytes {
    private enum Kind: UInt8 {
        case integer = 1
        case uuid = 2
        case text = 3
    }

    fileprivate var bytes: [UInt8]
    private var position = 0

    fileprivate init(_ bytes: [UInt8] = []) {
        self.bytes = bytes
    }

    fileprivate var isAtEnd: Bool { self.position == self.bytes.count }

    mutating func write(_ integer: Int64) {
        self.bytes.append(Kind.integer.rawValue)
        withUnsafeBytes(of: integer.bigEndian) { self.bytes.append(contentsOf: $0) }
    }

    mutating func write(_ uuid: UInt128) {
        self.bytes.append(Kind.uuid.rawValue)
        withUnsafeBytes(of: uuid.bigEndian) { self.bytes.append(contentsOf: $0) }
    }

    mutating func write(_ text: String) {
        self.bytes.append(Kind.text.rawValue)
        withUnsafeBytes(of: UInt16(clamping: text.utf8.count).bigEndian) { self.bytes.append(contentsOf: $0) }
        self.bytes.append(contentsOf: text.utf8.prefix(Int(UInt16.max)))
    }

    mutating func integer() -> Int64? { self.take(.integer, 8).map { Int64(truncatingIfNeeded: Self.number($0)) } }

    mutating func uuid() -> UInt128? { self.take(.uuid, 16).map { Self.number($0) } }

    mutating func text() -> String? {
        guard let length = self.take(.text, 2) else { return nil }
        return self.take(Int(Self.number(length))).flatMap { String(validating: $0, as: UTF8.self) }
    }

    private mutating func take(_ kind: Kind, _ count: Int) -> ArraySlice<UInt8>? {
        guard self.take(1)?.first == kind.rawValue else { return nil }
        return self.take(count)
    }

    private mutating func take(_ count: Int) -> ArraySlice<UInt8>? {
        guard self.bytes.count - self.position >= count else { return nil }
        defer { self.position += count }
        return self.bytes[self.position..<self.position + count]
    }

    private static func number(_ bytes: ArraySlice<UInt8>) -> UInt128 {
        bytes.reduce(0) { $0 << 8 | UInt128($1) }
    }
}

extension Int64: RESTCursorKey {
    package init?(reading cursor: inout RESTCursorBytes) {
        guard let value = cursor.integer() else { return nil }
        self = value
    }

    package func write(to cursor: inout RESTCursorBytes) { cursor.write(self) }
}

extension String: RESTCursorKey {
    package init?(reading cursor: inout RESTCursorBytes) {
        guard let value = cursor.text() else { return nil }
        self = value
    }

    /// At most 65,535 bytes: sort by something short.
    package func write(to cursor: inout RESTCursorBytes) { cursor.write(self) }
}

extension Timestamp: RESTCursorKey {
    package init?(reading cursor: inout RESTCursorBytes) {
        guard let milliseconds = cursor.integer() else { return nil }
        self.init(milliseconds: milliseconds)
    }

    package func write(to cursor: inout RESTCursorBytes) { cursor.write(self.milliseconds) }
}

extension ID: RESTCursorKey {
    package init?(reading cursor: inout RESTCursorBytes) {
        guard let raw = cursor.uuid() else { return nil }
        self.init(raw: raw)
    }

    package func write(to cursor: inout RESTCursorBytes) { cursor.write(self.raw) }
}

/// An order by two columns; pairs of pairs make three.
package struct RESTCursorPair<First: RESTCursorKey, Second: RESTCursorKey>: RESTCursorKey {
    package let first: First
    package let second: Second

    package init(_ first: First, _ second: Second) {
        self.first = first
        self.second = second
    }

    package init?(reading cursor: inout RESTCursorBytes) {
        guard let first = First(reading: &cursor), let second = Second(reading: &cursor) else { return nil }
        self.init(first, second)
    }

    package func write(to cursor: inout RESTCursorBytes) {
        self.first.write(to: &cursor)
        self.second.write(to: &cursor)
    }
}

extension RESTCursorPair: Equatable where First: Equatable, Second: Equatable {}

extension RESTCursorPair: Comparable where First: Comparable, Second: Comparable {
    package static func < (one: Self, other: Self) -> Bool { (one.first, one.second) < (other.first, other.second) }
}

/// Turns positions into opaque texts and back. A text that was changed, or that belongs to another list, to other filters or
/// to somebody else, is none.
struct RESTCursorSeal: Sendable {
    /// A cursor longer than this was not made here.
    static let longest = 1024
    private static let format: UInt8 = 1
    private static let sealBytes = 16

    /// The first one seals, all open: so keys can be changed under way.
    private let keys: [[UInt8]]
    private let binding: [UInt8]

    /// - Parameter parts: what the cursor belongs to.
    init(keys: [[UInt8]], boundTo parts: [String]) {
        self.keys = keys
        var binding: [UInt8] = []
        for part in parts {
            // With their lengths, so that no two lists of parts read the same.
            withUnsafeBytes(of: UInt32(clamping: part.utf8.count).bigEndian) { binding.append(contentsOf: $0) }
            binding.append(contentsOf: part.utf8)
        }
        self.binding = binding
    }

    func seal(_ position: StreamHead, _ key: some RESTCursorKey) -> String? {
        guard let signing = self.keys.first else { return nil }
        var cursor = RESTCursorBytes([Self.format])
        cursor.write(position.epoch.raw)
        cursor.write(position.seq)
        key.write(to: &cursor)
        let text = cursor.bytes + self.code(of: cursor.bytes[...], signing)
        return text.withUnsafeBytes { String(decoding: Base64.encode($0, as: .url), as: UTF8.self) }
    }

    func open<Key: RESTCursorKey>(_ text: String) -> (position: StreamHead, key: Key)? {
        guard text.utf8.count <= Self.longest,
            let sealed = Array(text.utf8).withUnsafeBytes({ Base64.decode($0, as: .url) }),
            sealed.count > Self.sealBytes
        else { return nil }
        let payload = sealed.dropLast(Self.sealBytes)
        let isOurs = self.keys.contains { key in
            self.code(of: payload, key).withUnsafeBytes { expected in
                sealed.suffix(Self.sealBytes).withUnsafeBytes { constantTimeEqual(expected, $0) }
            }
        }
        guard isOurs, payload.first == Self.format else { return nil }
        var cursor = RESTCursorBytes(Array(payload.dropFirst()))
        guard let epoch = cursor.integer(), let seq = cursor.integer(), let key = Key(reading: &cursor), cursor.isAtEnd
        else { return nil }
        return (StreamHead(epoch: Epoch(raw: epoch), seq: seq), key)
    }

    private func code(of payload: ArraySlice<UInt8>, _ key: [UInt8]) -> [UInt8] {
        let code = (self.binding + payload).withUnsafeBytes { HMACSHA256.code(for: $0, key: key) }
        return code.span.withUnsafeBytes { Array($0.prefix(Self.sealBytes)) }
    }
}
