internal import Crypto
package import Shared

/// What failed logins are counted by. No name or address can be read from it.
package struct ThrottleKey: Hashable, Sendable {
    package enum Kind: String, CaseIterable, Sendable {
        /// One account, from wherever.
        case account
        /// One address, whatever account.
        case address
        /// One account from one address.
        case pair
        /// One account on one device from which it was signed in before.
        case device
    }

    package let kind: Kind
    /// The start of a SHA-256, as 32 hexadecimal digits.
    package let digest: String

    /// Kind and digest, fit for a key of Redis or a column.
    package var text: String { "\(self.kind.rawValue):\(self.digest)" }

    /// Of one kind; what of it is one subject, the subjects say together.
    package init(_ kind: Kind, _ subjects: String...) {
        let text = Array((["login", kind.rawValue] + subjects).joined(separator: "\n").utf8)
        self.kind = kind
        self.digest = String(decoding: text.withUnsafeBytes { SHA256.hexadecimal($0) }.prefix(32), as: UTF8.self)
    }
}

/// A counter as the store has it: time is cut into windows, of which the present and the one before it are known.
package struct ThrottleCount: Equatable, Sendable {
    /// Which window is the present one, by the store's clock: an attempt is taken back from where it was counted.
    package let window: Int64
    /// Counted in the present window, the attempt in question included.
    package let present: Int
    /// Counted in the window before.
    package let before: Int
    /// How much of the present window is over, by the store's clock.
    package let elapsed: Duration

    package init(window: Int64, present: Int, before: Int, elapsed: Duration) {
        self.window = window
        self.present = present
        self.before = before
        self.elapsed = elapsed
    }
}

/// Where failed logins of the whole cluster are counted. Its clock alone decides in which window an attempt falls.
///
/// A store that is lost must be told from one that has counted nothing: it throws, and nobody is let in unthrottled.
package protocol ThrottleStore: Sendable {
    /// Adds one to each counter and returns what they are then, in the order of the keys. Counters older than two windows are
    /// forgotten. The counters of one call are each exact, but need not change together.
    func count(_ keys: [ThrottleKey], window: Duration) async throws(StoreError) -> [ThrottleCount]

    /// Takes the attempt back that `count` added: one from each counter, never below zero.
    func takeBack(
        _ keys: [ThrottleKey], counted: [ThrottleCount], window: Duration
    ) async throws(StoreError)
}
