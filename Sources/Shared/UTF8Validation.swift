/// Checks that bytes which arrive in pieces are valid UTF-8, and says so at the first byte that cannot be.
///
/// The state survives from one piece to the next, so a character may be cut anywhere. After the first `false` it stays
/// `false`: make a new validator for the next text.
public struct UTF8Validator: Sendable {
    /// The automaton's state in its low six bits, as the distance to shift a row by. The bits above are left over from
    /// the last row and mean nothing: a 64-bit shift looks at six bits only.
    private var state: UInt64 = UTF8Automaton.boundary

    /// Starts between two characters.
    public init() {}

    /// True between two characters: a text may end here. False after an error.
    public var isComplete: Bool { self.state & 63 == UTF8Automaton.boundary }

    /// Continues with the next piece.
    ///
    /// - Returns: false once any byte up to here makes the text invalid, whatever may follow.
    public mutating func feed(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard let start = bytes.baseAddress else { return self.state & 63 != UTF8Automaton.refused }
        let end = start + bytes.count
        // Safety: `start` is valid for `bytes.count` bytes during this call; `rows` has an entry for every byte.
        let next = self.isComplete ? UTF8Automaton.afterASCII(from: start, to: end) : start
        if next == end { return self.state & 63 != UTF8Automaton.refused }
        self.state = UTF8Automaton.rows.withUnsafeBufferPointer { rows in
            UTF8Automaton.run(self.state, from: next, to: end, rows: rows.baseAddress.unsafelyUnwrapped)
        }
        return self.state & 63 != UTF8Automaton.refused
    }

    /// Whether `bytes` as a whole are valid UTF-8.
    public static func isValid(_ bytes: UnsafeRawBufferPointer) -> Bool {
        var validator = UTF8Validator()
        return validator.feed(bytes) && validator.isComplete
    }
}

/// The automaton of Unicode's table 3-7 (RFC 3629 4), stored so that one step is one load and one shift.
///
/// Nine states of six bits each fit a word. The row of a byte holds, at the position of each state, the position of the
/// state that follows; so the next state is the row shifted by the present one, and only the shifts wait for each other.
private enum UTF8Automaton {
    static let boundary: UInt64 = 0
    static let refused: UInt64 = 6
    private static let one: UInt64 = 12  // one more continuation byte
    private static let two: UInt64 = 18
    private static let three: UInt64 = 24
    private static let afterE0: UInt64 = 30  // else overlong
    private static let afterED: UInt64 = 36  // else a surrogate
    private static let afterF0: UInt64 = 42  // else overlong
    private static let afterF4: UInt64 = 48  // else above U+10FFFF

    static let rows: [UInt64] = (0...255).map(row)

    private static func row(of byte: UInt8) -> UInt64 {
        var row: UInt64 = 0
        for state in stride(from: self.boundary, through: self.afterF4, by: 6) {
            row |= self.next(after: state, on: byte) << state
        }
        return row
    }

    private static func next(after state: UInt64, on byte: UInt8) -> UInt64 {
        switch (state, byte) {
        case (self.boundary, 0x00...0x7F): self.boundary
        case (self.boundary, 0xC2...0xDF): self.one
        case (self.boundary, 0xE0): self.afterE0
        case (self.boundary, 0xED): self.afterED
        case (self.boundary, 0xE1...0xEF): self.two
        case (self.boundary, 0xF0): self.afterF0
        case (self.boundary, 0xF4): self.afterF4
        case (self.boundary, 0xF1...0xF3): self.three
        case (self.one, 0x80...0xBF): self.boundary
        case (self.two, 0x80...0xBF): self.one
        case (self.three, 0x80...0xBF): self.two
        case (self.afterE0, 0xA0...0xBF): self.one
        case (self.afterED, 0x80...0x9F): self.one
        case (self.afterF0, 0x90...0xBF): self.two
        case (self.afterF4, 0x80...0x8F): self.two
        default: self.refused
        }
    }

    /// The first byte that is not ASCII, or `end`.
    @inline(__always)
    static func afterASCII(from start: UnsafeRawPointer, to end: UnsafeRawPointer) -> UnsafeRawPointer {
        var next = start
        // Safety: every load lies below `end`, as the loop conditions say.
        while end - next >= 32 && self.isASCII32(next) { next += 32 }
        while end - next >= 8 && next.loadUnaligned(as: UInt64.self) & 0x8080_8080_8080_8080 == 0 { next += 8 }
        while next < end && next.load(as: UInt8.self) < 0x80 { next += 1 }
        return next
    }

    /// Runs from `start` to `end`: ASCII in blocks of 32 bytes that are only looked at, the rest byte by byte.
    static func run(
        _ initial: UInt64, from start: UnsafeRawPointer, to end: UnsafeRawPointer, rows: UnsafePointer<UInt64>
    ) -> UInt64 {
        var state = initial
        var next = start
        // Safety: every load lies below `end`, as the loop conditions say.
        while end - next >= 32 {
            if state & 63 == self.boundary && self.isASCII32(next) {
                next += 32
                continue
            }
            for index in 0..<32 {
                state = rows[Int((next + index).load(as: UInt8.self))] &>> state
            }
            if state & 63 == self.refused { return self.refused }
            next += 32
        }
        while next < end {
            state = rows[Int(next.load(as: UInt8.self))] &>> state
            next += 1
        }
        return state & 63
    }

    @inline(__always)
    private static func isASCII32(_ start: UnsafeRawPointer) -> Bool {
        let low = start.loadUnaligned(as: SIMD2<UInt64>.self)
        let high = (start + 16).loadUnaligned(as: SIMD2<UInt64>.self)
        let bits = low | high
        return (bits.x | bits.y) & 0x8080_8080_8080_8080 == 0
    }
}
