internal import Shared

/// What the load tester writes into the `Idempotency-Key` of a command, to recognise the event that tells of it: everybody who
/// hears the event finds the key in its `meta.op_id`.
///
/// A UUID of version 8, which RFC 9562 5.8 leaves to whoever makes it: 32 bits of run, 28 of number, 62 of time.
struct CommandStamp: Equatable, Sendable {
    /// Tells the commands of this run from those of others.
    let run: UInt32
    /// Within the run; 28 bits.
    let number: UInt32
    /// Monotonic nanoseconds at which the command should have been sent; 62 bits last for a century.
    let due: UInt64

    private static let dueMask: UInt128 = (1 << 62) - 1

    /// - Parameter run: its lowest 32 bits are used.
    init(run: UInt64, number: UInt64, due: UInt64) {
        self.run = UInt32(truncatingIfNeeded: run)
        self.number = UInt32(truncatingIfNeeded: number) & 0xFFF_FFFF
        self.due = UInt64(UInt128(due) & Self.dueMask)
    }

    /// Reads a key; `nil` for one that nobody made here.
    init?(_ key: some StringProtocol) {
        guard let id = OperationID(key), (id.raw >> 76) & 0xF == 8, (id.raw >> 62) & 0b11 == 0b10 else { return nil }
        self.run = UInt32(truncatingIfNeeded: id.raw >> 96)
        self.number =
            UInt32(truncatingIfNeeded: (id.raw >> 80) & 0xFFFF) << 12
            | UInt32(truncatingIfNeeded: (id.raw >> 64) & 0xFFF)
        self.due = UInt64(id.raw & Self.dueMask)
    }

    /// The text of the field, the same for every attempt at the command.
    var key: String {
        let high = UInt128(self.run) << 96 | UInt128(self.number >> 12) << 80 | 8 << 76
        return OperationID(raw: high | UInt128(self.number & 0xFFF) << 64 | 0b10 << 62 | UInt128(self.due)).description
    }
}
