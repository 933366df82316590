/// The statements that one connection has prepared, by their text and the types of their parameters.
struct StatementNames {
    /// Literals of a program are few; beyond this many, statements are sent without a name.
    private static let limit = 1_000

    private struct Variant {
        let types: [PGType]
        let name: String
        var isPrepared: Bool
    }

    private var variants: [UInt: [Variant]] = [:]
    private var count = 0

    enum Answer: Equatable {
        /// It is, or will be when the statements before it have been answered.
        case prepared(String)
        case prepare(String)
        case unnamed
    }

    /// Under which name to run a statement, and whether it must be prepared first; then it counts as prepared until
    /// ``failed(_:_:)`` says otherwise.
    mutating func name(of query: PGQuery) -> Answer {
        let types = query.values.map(\.type)
        if let known = self.variants[query.statement.key]?.first(where: { $0.types == types }) {
            return .prepared(known.name)
        }
        guard self.count < Self.limit else { return .unnamed }
        self.count += 1
        let name = "s\(self.count)"
        self.variants[query.statement.key, default: []].append(Variant(types: types, name: name, isPrepared: false))
        return .prepare(name)
    }

    /// The server has it.
    mutating func confirm(_ key: UInt, _ name: String) {
        guard let index = self.variants[key]?.firstIndex(where: { $0.name == name }) else { return }
        self.variants[key]?[index].isPrepared = true
    }

    /// The server does not have what was not confirmed: it was refused, or skipped after another was.
    mutating func forgetUnconfirmed(_ key: UInt, _ name: String) {
        self.variants[key]?.removeAll { $0.name == name && !$0.isPrepared }
    }
}
