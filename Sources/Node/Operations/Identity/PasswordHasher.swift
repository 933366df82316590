package import Crypto
internal import Glibc
package import Shared

/// Hashes passwords on threads of its own, so that a storm of logins slows down logins and nothing else.
///
/// One run of scrypt takes a good part of a second of one core and 32 MiB. So few run at a time, on threads that the kernel
/// serves after the event loops; the others wait in a bounded queue, in the order in which they came. Who cannot be served in
/// time is told so at once, and when to come again. Every call ends exactly once: with an answer, or with why there is none.
package final class PasswordHasher: Sendable {
    /// Why a password was not looked at. None of these says anything about the password.
    package enum Refusal: Error, Equatable, Sendable {
        /// Too many wait already, or the answer would come too late.
        case tooBusy(retryAfter: Duration)
        /// The time was up before its turn came.
        case timedOut
        /// The task that asked was cancelled.
        case cancelled
        /// The memory of a run was not to be had.
        case noMemory
        /// The node is stopping.
        case stopped
    }

    /// What the hasher is doing, for metrics.
    package struct Figures: Equatable, Sendable {
        /// Runs of scrypt that were begun.
        package var runs: UInt64 = 0
        package var waiting = 0
        package var running = 0
        /// Calls that ended as too busy or timed out.
        package var refused: UInt64 = 0
    }

    /// Architecture 3: two at a time.
    package static let threads = 2
    /// Calls that wait: about the number that is served before the first of them would give up.
    package static let places = 32
    /// How long a call waits for its turn unless it says otherwise.
    package static let patience = Duration.seconds(8)

    /// What new hashes cost.
    package let cost: ScryptCost
    /// Stands in where there is no account, so that it costs what a wrong password costs.
    package let unknowable: PasswordHash
    let desk: HashingDesk

    /// Starts the threads; they end with `stop`, or with the hasher.
    package init(
        cost: ScryptCost = .standard, threads: Int = PasswordHasher.threads, places: Int = PasswordHasher.places
    ) throws(SystemError) {
        precondition(threads >= 1 && places >= 0)
        let desk = HashingDesk(threads: threads, places: places)
        self.cost = cost
        self.unknowable = .unknowable(cost: cost)
        self.desk = desk
        do throws(SystemError) {
            for _ in 0..<threads {
                try spawnThread(named: "passwords") {
                    // Linux keeps this per thread. The loops come first: whoever waits for a login has waited longer before.
                    setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, 5)
                    desk.work()
                }
            }
        } catch {
            desk.stop()
            throw error
        }
    }

    deinit { self.desk.stop() }

    package var figures: Figures { self.desk.figures }

    /// Whether `hash` is that of `password`. One run, whatever the answer.
    package func check(
        _ password: Secret, against hash: PasswordHash, within patience: Duration = PasswordHasher.patience
    ) async throws(Refusal) -> Bool {
        try await self.desk.ask(within: patience) { () throws(ScryptError) in
            try hash.matches(password) ? .match : .mismatch
        }.get() == .match
    }

    /// The hash of a new password.
    package func hash(
        _ password: Secret, within patience: Duration = PasswordHasher.patience
    ) async throws(Refusal) -> PasswordHash {
        let cost = self.cost
        let product = try await self.desk.ask(within: patience) { () throws(ScryptError) in
            .hash(try PasswordHash(of: password, cost: cost))
        }.get()
        guard case .hash(let hash) = product else { preconditionFailure("a hash was asked for") }
        return hash
    }

    /// Ends every call that waits or runs as `stopped`, and the threads after their run.
    package func stop() { self.desk.stop() }
}
