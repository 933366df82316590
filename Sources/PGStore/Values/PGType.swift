/// A type of PostgreSQL, by its number in `pg_type`: built-in types have the same number everywhere.
package struct PGType: Hashable, Sendable, CustomStringConvertible {
    package let oid: UInt32

    init(_ oid: UInt32) { self.oid = oid }

    /// Whatever the statement needs: the server infers it.
    static let inferred = PGType(0)
    static let bool = PGType(16)
    static let bytea = PGType(17)
    static let name = PGType(19)
    static let int8 = PGType(20)
    static let int2 = PGType(21)
    static let int4 = PGType(23)
    static let text = PGType(25)
    static let json = PGType(114)
    static let float4 = PGType(700)
    static let float8 = PGType(701)
    static let unknown = PGType(705)
    static let bpchar = PGType(1042)
    static let varchar = PGType(1043)
    static let date = PGType(1082)
    static let timestamptz = PGType(1184)
    static let numeric = PGType(1700)
    static let void = PGType(2278)
    static let uuid = PGType(2950)
    static let jsonb = PGType(3802)

    static let boolArray = PGType(1000)
    static let byteaArray = PGType(1001)
    static let int2Array = PGType(1005)
    static let int4Array = PGType(1007)
    static let textArray = PGType(1009)
    static let int8Array = PGType(1016)
    static let dateArray = PGType(1182)
    static let timestamptzArray = PGType(1185)
    static let uuidArray = PGType(2951)
    static let jsonbArray = PGType(3807)

    /// Types that an administrator or a migration made, such as enums, have numbers from here on.
    private static let firstOfUsers: UInt32 = 16_384

    /// An enum, a domain or another type that is not built in.
    var isUserDefined: Bool { self.oid >= Self.firstOfUsers }

    package var description: String {
        switch self {
        case .bool: "bool"
        case .bytea: "bytea"
        case .int2: "int2"
        case .int4: "int4"
        case .int8: "int8"
        case .text: "text"
        case .json: "json"
        case .jsonb: "jsonb"
        case .float4: "float4"
        case .float8: "float8"
        case .date: "date"
        case .timestamptz: "timestamptz"
        case .numeric: "numeric"
        case .uuid: "uuid"
        default: "type \(self.oid)"
        }
    }
}
