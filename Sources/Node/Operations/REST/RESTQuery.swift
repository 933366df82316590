internal import Wire

/// A query, decoded strictly: what two readers could read differently is refused.
struct RESTQuery: Sendable {
    struct Item: Equatable, Sendable {
        let name: String
        let value: String
    }

    /// More items than any operation has parameters.
    static let mostItems = 64

    /// In their order.
    let items: [Item]

    /// Nothing was asked for.
    init() { self.items = [] }

    /// Decodes `name=value&…`, `+` and escapes included; a name without `=` has an empty value.
    ///
    /// - Returns: `nil` where an escape is broken, the text behind it is not UTF-8 or has control characters, a name is
    ///   empty, or there are too many.
    init?(_ text: String?) {
        var items: [Item] = []
        for part in (text ?? "").utf8.split(separator: UInt8(ascii: "&")) {
            let before = part.prefix { $0 != UInt8(ascii: "=") }
            guard items.count < Self.mostItems, let name = Self.decode(before), !name.isEmpty,
                let value = Self.decode(part.dropFirst(before.count + 1))
            else { return nil }
            items.append(Item(name: name, value: value))
        }
        self.items = items
    }

    private static func decode(_ text: Substring.UTF8View) -> String? {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.count)
        var rest = text
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "+"): bytes.append(0x20)
            case UInt8(ascii: "%"):
                guard let high = rest.popFirst().flatMap(self.digit), let low = rest.popFirst().flatMap(self.digit)
                else { return nil }
                bytes.append(high << 4 | low)
            default: bytes.append(byte)
            }
        }
        guard bytes.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }) else { return nil }
        return String(validating: bytes, as: UTF8.self)
    }

    private static func digit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}
