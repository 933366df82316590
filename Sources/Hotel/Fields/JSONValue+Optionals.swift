package import Shared

extension JSONValue {
    /// `null` where there is none.
    package init(_ text: String?) { self = text.map { .string($0) } ?? .null }

    /// `null` where there is none.
    package init(_ number: Int?) { self = number.map { .number(JSONNumber(Int64($0))) } ?? .null }

    /// The text of an id of any kind; `null` where there is none.
    package init(id: UInt128?) { self = id.map { .string(ID<Never>(raw: $0).description) } ?? .null }
}
