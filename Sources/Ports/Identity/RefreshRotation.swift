package import Crypto
package import Shared

/// What is known of one family of refresh tokens: all that followed one login on one device, of which the newest counts.
///
/// A value that decides; whoever keeps it locks it, shows it the presented token and the database's time, and writes back
/// what became of it. What always holds: a token is exchanged at most once, save for its own repetition within
/// ``grace`` by the same device; a token that was exchanged before that ends the family, since two hold it; and a family
/// that was ended stays so.
package struct RefreshRotation: Equatable, Sendable {
    /// What became of a presented token.
    package enum Outcome: Equatable, Sendable {
        /// It was the newest. The next one takes its place.
        case rotated
        /// It was exchanged a moment ago by the same device: by another tab, or the answer was lost. The next one counts
        /// beside the one that was given before, until one of them is used.
        case repeated
        /// Like `repeated`, but so many times that no further token is given.
        case tolerated
        /// It was exchanged before: two hold tokens of this family, and the family has been revoked.
        case reused
        case expired
        case revoked
    }

    /// Two tabs of one browser, or an answer lost on its way.
    package static let grace = Duration.seconds(30)
    /// A family ends when it was not used for so long,
    package static let idleLife = Duration.seconds(14 * 86_400)
    /// and at the latest so long after its login.
    package static let wholeLife = Duration.seconds(60 * 86_400)
    /// Newest tokens at a time.
    package static let mostCurrent = 3

    /// The newest token; several after a repetition.
    package private(set) var current: [TokenHash]
    /// The one that was exchanged for the newest.
    package private(set) var previous: TokenHash?
    package private(set) var rotatedAt: Timestamp
    package let device: DeviceID
    package let startedAt: Timestamp
    package private(set) var revokedAt: Timestamp?

    /// A new family with its first token.
    package init(first: TokenHash, device: DeviceID, now: Timestamp) {
        self.init(
            current: [first], previous: nil, rotatedAt: now, device: device, startedAt: now, revokedAt: nil)
    }

    /// A family as it was stored.
    package init(
        current: [TokenHash], previous: TokenHash?, rotatedAt: Timestamp, device: DeviceID, startedAt: Timestamp,
        revokedAt: Timestamp?
    ) {
        self.current = current
        self.previous = previous
        self.rotatedAt = rotatedAt
        self.device = device
        self.startedAt = startedAt
        self.revokedAt = revokedAt
    }

    /// When the family ends unless it is used before.
    package var expiresAt: Timestamp {
        min(Self.moment(Self.idleLife, after: self.rotatedAt), Self.moment(Self.wholeLife, after: self.startedAt))
    }

    package var isRevoked: Bool { self.revokedAt != nil }

    /// Takes a presented token.
    ///
    /// - Parameters:
    ///   - next: of the token that is given to the client if the outcome is `rotated` or `repeated`, and to nobody otherwise.
    ///   - device: which device says it is presenting the token, if it says so.
    package mutating func present(
        _ presented: TokenHash, next: TokenHash, device: DeviceID?, now: Timestamp
    ) -> Outcome {
        if self.isRevoked { return .revoked }
        if now >= self.expiresAt { return .expired }
        if self.current.contains(presented) {
            self.current = [next]
            self.previous = presented
            self.rotatedAt = now
            return .rotated
        }
        let isFresh = now <= Self.moment(Self.grace, after: self.rotatedAt)
        guard presented == self.previous, isFresh, device == self.device else {
            self.revokedAt = now
            return .reused
        }
        guard self.current.count < Self.mostCurrent else { return .tolerated }
        self.current.append(next)
        return .repeated
    }

    /// Ends the family; once is enough.
    package mutating func revoke(now: Timestamp) {
        if self.revokedAt == nil { self.revokedAt = now }
    }

    private static func moment(_ span: Duration, after start: Timestamp) -> Timestamp {
        Timestamp(milliseconds: start.milliseconds + span.components.seconds * 1000)
    }
}
