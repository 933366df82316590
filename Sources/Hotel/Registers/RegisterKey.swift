package import Shared

/// Whose hand a write is of: decides between writes of the same instant (`domain.md` 11.2).
package enum SourceRank: Int, CaseIterable, Comparable, Sendable {
    case automation = 1
    case pms = 2
    case person = 3

    package static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
}

/// When a register was last written, and what comes first of two writes. The whole rule of last-write-wins is this order.
package struct RegisterKey: Hashable, Comparable, Sendable {
    /// When the person did it.
    package let effectiveAt: Timestamp
    package let sourceRank: SourceRank
    /// Order of arrival at the database.
    package let receivedSeq: Int64

    package init(effectiveAt: Timestamp, sourceRank: SourceRank, receivedSeq: Int64) {
        self.effectiveAt = effectiveAt
        self.sourceRank = sourceRank
        self.receivedSeq = receivedSeq
    }

    /// Of a register that was never written: any write comes after it.
    package static let never = RegisterKey(
        effectiveAt: Timestamp(milliseconds: .min), sourceRank: .automation, receivedSeq: .min)

    package static func < (left: RegisterKey, right: RegisterKey) -> Bool {
        (left.effectiveAt.milliseconds, left.sourceRank.rawValue, left.receivedSeq)
            < (right.effectiveAt.milliseconds, right.sourceRank.rawValue, right.receivedSeq)
    }

    /// `[effective_at in ms, source_rank, received_seq]`, as rows keep it.
    package var json: JSONValue {
        [
            .number(JSONNumber(self.effectiveAt.milliseconds)), .number(JSONNumber(Int64(self.sourceRank.rawValue))),
            .number(JSONNumber(self.receivedSeq)),
        ]
    }

    package init?(_ json: JSONValue) {
        guard case .array(let parts) = json, parts.count == 3 else { return nil }
        let numbers = parts.compactMap { part -> Int64? in
            guard case .number(let number) = part else { return nil }
            return number.int64
        }
        guard numbers.count == 3, let rank = SourceRank(rawValue: Int(truncatingIfNeeded: numbers[1])) else {
            return nil
        }
        self.init(
            effectiveAt: Timestamp(milliseconds: numbers[0]), sourceRank: rank, receivedSeq: numbers[2])
    }
}

/// Why a write lost.
package enum SupersededRule: String, Sendable {
    /// A later one was there already.
    case laterWrite = "later_write"
    /// It came from a task of a stay that is over: the next guest is in.
    case oldCycle = "old_cycle"
}

/// What became of one write to one register.
package enum RegisterOutcome: Hashable, Sendable {
    /// The value changed; the new key.
    case applied(RegisterKey)
    /// It had this value already: the key advances, there is no event, the answer says applied.
    case noop(RegisterKey)
    /// The register is as it was; who wrote last is in the room's history.
    case superseded(SupersededRule, kept: RegisterKey)

    /// As answers spell it.
    package var word: String {
        switch self {
        case .applied, .noop: "applied"
        case .superseded: "superseded"
        }
    }

    /// What last-write-wins says of a write, before any state machine is asked.
    package static func of(writing key: RegisterKey, isSameValue: Bool, over stored: RegisterKey) -> RegisterOutcome {
        guard key > stored else { return .superseded(.laterWrite, kept: stored) }
        return isSameValue ? .noop(key) : .applied(key)
    }
}
