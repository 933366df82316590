/// The text of one SQL statement, with parameters `$1`, `$2`, ….
///
/// It can only be written as a literal: no value ever becomes part of it. Being a literal it is also its own key in the
/// connections' lists of prepared statements.
package struct PGStatement: ExpressibleByStringLiteral, Sendable {
    private let literal: StaticString

    package init(stringLiteral literal: StaticString) {
        precondition(literal.hasPointerRepresentation, "a statement has more than one character")
        self.literal = literal
    }

    /// The text as C wants it, for ever: literals end with a zero byte.
    var pointer: UnsafePointer<CChar> {
        // Safety: a literal lives as long as the program, and `CChar` has the layout of its bytes.
        UnsafeRawPointer(self.literal.utf8Start).assumingMemoryBound(to: CChar.self)
    }

    /// The same for each use of one literal.
    var key: UInt { UInt(bitPattern: self.literal.utf8Start) }

    package var text: String { self.literal.description }
}

/// A statement and its parameters.
package struct PGQuery: Sendable {
    package let statement: PGStatement
    package let values: [PGValue]

    package init(_ statement: PGStatement, _ values: PGValue...) {
        self.statement = statement
        self.values = values
    }

    package init(_ statement: PGStatement, values: [PGValue]) {
        self.statement = statement
        self.values = values
    }
}
