internal import Shared

/// The text of one SQL statement, with parameters `$1`, `$2`, ….
///
/// It can only be written as a literal, or put together from literals: no value ever becomes part of it. It lives as long as the
/// program, so that its place is its key in the connections' lists of prepared statements.
package struct PGStatement: ExpressibleByStringLiteral, Sendable {
    /// The text as C wants it, for ever.
    let key: UInt

    package init(stringLiteral literal: StaticString) {
        precondition(literal.hasPointerRepresentation, "a statement has more than one character")
        // Literals end with a zero byte.
        self.key = UInt(bitPattern: literal.utf8Start)
    }

    private init(key: UInt) { self.key = key }

    var pointer: UnsafePointer<CChar> {
        guard let pointer = UnsafePointer<CChar>(bitPattern: self.key) else { preconditionFailure("a place is not 0") }
        // Safety: what it points to was a literal, or was made by `+`, which never frees it.
        return pointer
    }

    package var text: String { String(cString: self.pointer) }

    /// Puts a statement together, so that what several have in common is written once.
    ///
    /// The same parts give the same statement, so there are as many as the program's text has sums.
    package static func + (left: PGStatement, right: PGStatement) -> PGStatement {
        self.sums.withLock { sums in
            let parts = [left.key, right.key]
            if let sum = sums[parts] { return sum }
            let text = Array((left.text + right.text).utf8CString)
            let copy = UnsafeMutableBufferPointer<CChar>.allocate(capacity: text.count)
            _ = copy.initialize(from: text)
            let sum = PGStatement(key: UInt(bitPattern: copy.baseAddress))
            sums[parts] = sum
            return sum
        }
    }

    private static let sums = Locked<[[UInt]: PGStatement]>([:])
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
