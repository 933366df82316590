package import Shared

/// What a timer is for. A node does the kinds that it knows and leaves others to newer nodes.
package struct TimerKind: Hashable, Sendable, CustomStringConvertible {
    package let name: String

    /// - Parameter name: 1 to 60 of `a-z`, `0-9`, `_` and `.`, such as `sla.warning`.
    package init?(_ name: String) {
        guard (1...60).contains(name.utf8.count), name.utf8.allSatisfy(Self.isLegal) else { return nil }
        self.name = name
    }

    package var description: String { self.name }

    private static func isLegal(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"),
            UInt8(ascii: "."):
            true
        default: false
        }
    }
}

/// Names one timer: setting it again replaces it.
package struct TimerKey: Hashable, Sendable {
    /// `nil` for the platform's own.
    package let tenant: TenantID?
    package let kind: TimerKind
    /// What it is about, among those of its kind: 1 to 200 characters.
    package let key: String

    package init(tenant: TenantID?, kind: TimerKind, key: String) {
        self.tenant = tenant
        self.kind = kind
        self.key = key
    }
}

/// When a timer is due, always by the database's clock.
package enum TimerDue: Equatable, Sendable {
    case now
    case after(Duration)
    case at(Timestamp)
}

/// A timer to be set.
package struct NewTimer: Sendable {
    package let key: TimerKey
    package let due: TimerDue
    /// JSON: what the handler needs to know, ids only. Never larger than ``payloadBytes``.
    package let payload: [UInt8]

    /// The longest payload; the database refuses a longer one.
    package static let payloadBytes = 16_384

    package init(_ key: TimerKey, due: TimerDue, payload: [UInt8] = Array("{}".utf8)) {
        self.key = key
        self.due = due
        self.payload = payload
    }
}

/// A timer whose time has come, claimed by us for a while.
package struct ClaimedTimer: Equatable, Sendable {
    package let key: TimerKey
    /// When it was due: the moment for which its effect counts, however late it is done.
    package let dueAt: Timestamp
    package let payload: [UInt8]
    /// How often it has been claimed, this time included.
    package let attempt: Int
    /// Tells this claim from every other, also of the same timer by the same node.
    package let claim: String

    package init(key: TimerKey, dueAt: Timestamp, payload: [UInt8], attempt: Int, claim: String) {
        self.key = key
        self.dueAt = dueAt
        self.payload = payload
        self.attempt = attempt
        self.claim = claim
    }
}

extension StoreError {
    /// The code of a refusal to finish a timer whose claim was lost; of a class that no server uses.
    package static let lostTimerClaim = "BH001"

    /// Whether a transaction was undone because its timer is another's by now: nothing is wrong, and nothing is left to do.
    package var isLostTimerClaim: Bool {
        guard case .refused(let code, _) = self else { return false }
        return code == Self.lostTimerClaim
    }
}

/// Work that must happen once, shared by all nodes (architecture 2.2). All times are by the store's clock.
///
/// What always holds: of two claims of one timer only the later can be finished, and a timer that was set anew since it was
/// claimed cannot be finished by that claim. So an effect that is written in the transaction which finishes the timer
/// happens once.
package protocol TimerQueue: Sendable {
    /// Claims due timers of these kinds for `lease`, those first that have waited longest. Whoever does not finish one by then
    /// has lost it. An error leaves claims that will end by themselves.
    func claim(_ kinds: [TimerKind], limit: Int, lease: Duration) async throws(StoreError) -> [ClaimedTimer]

    /// Removes a timer whose work is done and idempotent by itself.
    ///
    /// - Returns: whether the claim still held. Repeating it after an unknown outcome may say no although it was finished.
    func finish(_ timer: ClaimedTimer) async throws(StoreError) -> Bool

    /// Lets a timer be claimed again after a while; its due time stays what it was.
    ///
    /// - Returns: whether the claim still held.
    func postpone(_ timer: ClaimedTimer, for pause: Duration) async throws(StoreError) -> Bool

    /// Sets a timer unless there is one of that name: for those that always are there.
    func ensure(_ timer: NewTimer) async throws(StoreError)
}
