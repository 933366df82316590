import Glibc

/// The members of a JSON object in the order they were written. No name comes twice.
///
/// Looking a name up walks the members: right for records, not for tables with thousands of names.
package struct JSONObject: Sendable {
    /// One name and its value.
    package struct Member: Sendable {
        package let name: String
        package var value: JSONValue
    }

    /// In their order.
    package private(set) var members: [Member]

    /// - Parameter unique: the scanner has refused repeated names.
    init(unique members: [Member]) {
        self.members = members
    }

    /// No members.
    package init() {
        self.members = []
    }

    /// The value under `name`, which is compared byte by byte. Setting `nil` removes; a new name goes to the end.
    package subscript(name: String) -> JSONValue? {
        get { self.index(of: name).map { self.members[$0].value } }
        set {
            switch (self.index(of: name), newValue) {
            case (let index?, let value?): self.members[index].value = value
            case (let index?, nil): self.members.remove(at: index)
            case (nil, let value?): self.members.append(Member(name: name, value: value))
            case (nil, nil): break
            }
        }
    }

    /// Where `name` is among the members.
    func index(of name: String) -> Int? {
        self.members.firstIndex { $0.name.hasSameBytes(as: name) }
    }
}

extension JSONObject: Equatable {
    /// The same members in the same order.
    package static func == (one: Self, other: Self) -> Bool {
        one.members.elementsEqual(other.members) { $0.name.hasSameBytes(as: $1.name) && $0.value == $1.value }
    }
}

extension JSONObject: ExpressibleByDictionaryLiteral {
    /// A literal that repeats a name is our own mistake and traps.
    package init(dictionaryLiteral elements: (String, JSONValue)...) {
        self.init()
        for (name, value) in elements {
            precondition(self.index(of: name) == nil, "a JSON object has each name once")
            self.members.append(Member(name: name, value: value))
        }
    }
}

extension String {
    /// Swift calls texts equal that only look the same; on the wire (RFC 8259 8.3) they are different names.
    func hasSameBytes(as other: String) -> Bool {
        var (one, other) = (self, other)
        return one.withUTF8 { one in
            other.withUTF8 { other in
                guard one.count == other.count else { return false }
                guard let start = one.baseAddress, let otherStart = other.baseAddress else { return true }
                // Safety: both are valid for their common count.
                return memcmp(start, otherStart, one.count) == 0
            }
        }
    }
}
