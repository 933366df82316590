package import Ports
package import Shared
package import Wire

/// Asks the cluster's counters whether a login may be tried.
package struct LoginThrottle: Sendable {
    /// An attempt that was counted and may go on. It stays counted unless it is taken back.
    package struct Attempt: Sendable {
        let keys: [ThrottleKey]
        let counted: [ThrottleCount]
    }

    package enum Admission: Sendable {
        case admitted(Attempt)
        case refused(retryAfter: Duration)
    }

    private let store: any ThrottleStore
    package let policy: LoginThrottlePolicy

    package init(store: any ThrottleStore, policy: LoginThrottlePolicy = LoginThrottlePolicy()) {
        self.store = store
        self.policy = policy
    }

    /// Counts an attempt on an account from an address, or refuses it, whether or not there is such an account.
    package func admit(_ email: LoginEmail, from address: IPAddress) async throws(StoreError) -> Admission {
        let attempt = try await self.count([.pair(email, address), .account(email), .address(address)])
        let counted = attempt.counted
        return await self.admission(
            of: attempt, self.policy.decide(pair: counted[0], account: counted[1], address: counted[2]))
    }

    /// The same for a device that the account knows: nothing that others did counts there.
    package func admit(_ email: LoginEmail, on device: DeviceID) async throws(StoreError) -> Admission {
        let attempt = try await self.count([.device(email, device)])
        return await self.admission(of: attempt, self.policy.decide(device: attempt.counted[0]))
    }

    /// Counts an attempt of which no account is known, from an address.
    package func admit(from address: IPAddress) async throws(StoreError) -> Admission {
        let attempt = try await self.count([.address(address)])
        return await self.admission(of: attempt, self.policy.decide(address: attempt.counted[0]))
    }

    private func count(_ keys: [ThrottleKey]) async throws(StoreError) -> Attempt {
        let counted = try await self.store.count(keys, window: self.policy.window)
        guard counted.count == keys.count else { throw .refused(code: "", message: "a throttle store lost counters") }
        return Attempt(keys: keys, counted: counted)
    }

    private func admission(of attempt: Attempt, _ decision: LoginThrottlePolicy.Decision) async -> Admission {
        switch decision {
        case .allowed: return .admitted(attempt)
        case .refused(let retryAfter):
            await self.takeBack(attempt)
            return .refused(retryAfter: retryAfter)
        }
    }

    /// Forgets an attempt: it was right, or no password was looked at. A store that is lost meanwhile keeps it for a while,
    /// which errs on the side of who guards the door.
    package func takeBack(_ attempt: Attempt) async {
        try? await self.store.takeBack(attempt.keys, counted: attempt.counted, window: self.policy.window)
    }
}
