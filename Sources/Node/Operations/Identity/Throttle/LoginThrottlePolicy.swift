package import Ports

/// How many failed logins are too many (`domain.md` 4.7), decided from counters and nothing else.
///
/// Nobody can lock anybody else out. What refuses is counted by address, or by a device that the account itself has used:
/// an account's own counter only makes the others stricter. So who attacks an account from elsewhere leaves its user two tries
/// at his own address, and ten on a device that he has used before, whatever happens around him.
///
/// Only failures count: an attempt is counted before the password is looked at, so that a thousand at once are not a thousand
/// free ones, and taken back when it was right or refused. Therefore being refused makes no ban longer.
package struct LoginThrottlePolicy: Equatable, Sendable {
    package enum Decision: Equatable, Sendable {
        case allowed
        /// Until then the answer is the same.
        case refused(retryAfter: Duration)
    }

    package var window = Duration.seconds(15 * 60)
    /// Failures of one account from one address.
    package var perPair = 5
    /// Failures of one account after which it is held to be under attack,
    package var perAccount = 30
    /// and what one address may then still try on it.
    package var perPairUnderAttack = 2
    /// Failures from one address over all accounts: a hotel behind one address mistypes a lot.
    package var perAddress = 100
    /// Failures of one account on a device that it was signed in from before.
    package var perDevice = 10

    package init() {}

    /// Judges an attempt that its counters include already.
    package func decide(pair: ThrottleCount, account: ThrottleCount, address: ThrottleCount) -> Decision {
        let isAttacked = !self.isWithin(self.perAccount, account)
        let waits = [
            self.wait(isAttacked ? self.perPairUnderAttack : self.perPair, pair), self.wait(self.perAddress, address),
        ]
        return Self.decision(waits)
    }

    /// Judges an attempt on a device that the account knows, after the other rule has refused it.
    package func decide(device: ThrottleCount) -> Decision { Self.decision([self.wait(self.perDevice, device)]) }

    /// Judges an attempt on no account in particular.
    package func decide(address: ThrottleCount) -> Decision { Self.decision([self.wait(self.perAddress, address)]) }

    private static func decision(_ waits: [Int64]) -> Decision {
        guard let longest = waits.max(), longest > 0 else { return .allowed }
        return .refused(retryAfter: .seconds((longest + 999) / 1000))
    }

    // MARK: a window that slides

    private var milliseconds: Int64 { self.window.components.seconds * 1000 }

    /// The window before counts for as much as of it still lies within the last fifteen minutes.
    private func isWithin(_ limit: Int, _ count: ThrottleCount) -> Bool {
        let rest = self.rest(count)
        return Int64(count.present) * self.milliseconds + Int64(count.before) * rest <= Int64(limit) * self.milliseconds
    }

    private func rest(_ count: ThrottleCount) -> Int64 {
        let elapsed = count.elapsed / .milliseconds(1)
        return self.milliseconds - min(max(0, Int64(elapsed)), self.milliseconds)
    }

    /// Milliseconds until the attempt would be within the limit, if nothing else is counted until then; 0 if it is.
    private func wait(_ limit: Int, _ count: ThrottleCount) -> Int64 {
        if self.isWithin(limit, count) { return 0 }
        let (width, rest) = (self.milliseconds, self.rest(count))
        let (limit, present, before) = (Int64(limit), Int64(count.present), Int64(count.before))
        if present <= limit {
            // Within this window, as the one before slides out: present + before * (rest - t) / width <= limit.
            return rest - (limit - present) * width / before
        }
        // In the next window, where this one (without the refused attempt) slides out: 1 + others * (width - t) / width <= limit.
        let others = present - 1
        return rest + width - (limit - 1) * width / others
    }
}
