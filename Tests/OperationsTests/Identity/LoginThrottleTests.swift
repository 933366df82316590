import Ports
import Shared
import Testing
import Wire

@testable import Operations

@Suite struct LoginThrottleTests {
    private static let email = LoginEmail("ada@aegean.example")
    private let memory = MemoryIdentity(now: IdentityWorld.start)

    private var throttle: LoginThrottle { LoginThrottle(store: self.memory) }

    /// Tries with a wrong password; the wait if it was refused.
    private func fail(_ email: String = "ada@aegean.example", from address: String = "192.0.2.1") async throws
        -> Duration?
    {
        let admission = try await self.throttle.admit(
            #require(LoginEmail(email)), from: IdentityWorld.address(address))
        if case .refused(let wait) = admission { return wait }
        return nil
    }

    private func fail(on device: DeviceID) async throws -> Duration? {
        let admission = try await self.throttle.admit(#require(Self.email), on: device)
        if case .refused(let wait) = admission { return wait }
        return nil
    }

    @Test func `five failures from one address are let through, the sixth waits`() async throws {
        for _ in 1...5 { #expect(try await self.fail() == nil) }
        let wait = try #require(try await self.fail())
        #expect(wait > .zero && wait <= .seconds(30 * 60))
        // The next address along is free, and so is another account here.
        #expect(try await self.fail(from: "192.0.2.2") == nil)
        #expect(try await self.fail("bob@aegean.example") == nil)
    }

    @Test func `being refused makes nothing longer, and the wait that was told is the wait`() async throws {
        for _ in 1...5 { #expect(try await self.fail() == nil) }
        let wait = try #require(try await self.fail())
        for _ in 1...200 { #expect(try await self.fail() == wait) }
        self.memory.advance(Double(wait.components.seconds) - 1)
        #expect(try await self.fail() != nil)
        self.memory.advance(1)
        #expect(try await self.fail() == nil)
        #expect(try await self.fail() != nil)
    }

    /// Sixteen quarters of an hour of a script that tries whenever it is told that it may.
    @Test func `who tries as often as he may has about five tries in each quarter of an hour`() async throws {
        var tries = 0
        var last = self.memory.now
        while last.milliseconds - IdentityWorld.start.milliseconds < 16 * 900_000 {
            if let wait = try await self.fail() {
                self.memory.advance(Double(wait.components.seconds))
            } else {
                tries += 1
            }
            last = self.memory.now
        }
        #expect((16 * 4...16 * 5 + 5).contains(tries))
    }

    @Test func `an account under attack leaves its user two tries at his own address and ten on his device`()
        async throws
    {
        for host in 1...40 { _ = try await self.fail(from: "198.51.100.\(host)") }
        #expect(try await self.fail() == nil)
        #expect(try await self.fail() == nil)
        #expect(try await self.fail() != nil)
        // The attacker's next address has no more.
        for _ in 1...2 { #expect(try await self.fail(from: "203.0.113.1") == nil) }
        #expect(try await self.fail(from: "203.0.113.1") != nil)
        for _ in 1...10 { #expect(try await self.fail(on: DeviceID(raw: 5)) == nil) }
        #expect(try await self.fail(on: DeviceID(raw: 5)) != nil)
        #expect(try await self.fail(on: DeviceID(raw: 6)) == nil)
    }

    @Test func `one address that tries many accounts is stopped, and no other`() async throws {
        for index in 1...100 { #expect(try await self.fail("user\(index)@aegean.example") == nil) }
        #expect(try await self.fail("user101@aegean.example") != nil)
        #expect(try await self.fail("user101@aegean.example", from: "192.0.2.2") == nil)
        #expect(try await self.fail(on: DeviceID(raw: 5)) == nil)
    }

    @Test func `an address of IPv6 is its network`() async throws {
        for host in 1...5 { #expect(try await self.fail(from: "2001:db8:1:2::\(host)") == nil) }
        #expect(try await self.fail(from: "2001:db8:1:2:ffff::9") != nil)
        #expect(try await self.fail(from: "2001:db8:1:3::1") == nil)
        for _ in 1...5 { #expect(try await self.fail(from: "::ffff:192.0.2.9") == nil) }
        #expect(try await self.fail(from: "192.0.2.9") != nil)
    }

    @Test func `an attempt that is taken back was none, also when a window has ended meanwhile`() async throws {
        let email = try #require(Self.email)
        let address = try IdentityWorld.address("192.0.2.1")
        for _ in 1...50 {
            guard case .admitted(let attempt) = try await self.throttle.admit(email, from: address) else {
                Issue.record("a taken back attempt was counted")
                return
            }
            self.memory.advance(200)
            await self.throttle.takeBack(attempt)
        }
        #expect(self.memory.with { $0.counters.values.allSatisfy { $0 == 0 } })
    }

    @Test func `a lost store lets nobody in, and one that loses counters neither`() async throws {
        self.memory.with { $0.failures["count"] = .unavailable }
        await #expect(throws: StoreError.unavailable) { try await self.fail() }
    }

    @Test func `a key tells neither the account nor the address`() throws {
        let email = try #require(Self.email)
        let address = try IdentityWorld.address("192.0.2.1")
        let keys: [ThrottleKey] = [
            .account(email), .address(address), .pair(email, address), .device(email, DeviceID(raw: 1)),
        ]
        #expect(Set(keys.map(\.text)).count == 4)
        for key in keys {
            #expect(!key.text.contains("ada") && !key.text.contains("192.0") && key.digest.utf8.count == 32)
        }
    }

    /// From every count, at every tenth of a window: the wait that is told is enough, and a second less is not.
    @Test func `the policy's wait is exact`() throws {
        let policy = LoginThrottlePolicy()
        let none = ThrottleCount(window: 0, present: 1, before: 0, elapsed: .zero)
        for present in [1, 2, 5, 6, 7, 20, 1000] {
            for before in [0, 1, 5, 6, 40, 1000] {
                for tenth in 0..<10 {
                    let elapsed = Int64(tenth) * 90_000 + 7
                    let count = ThrottleCount(
                        window: 0, present: present, before: before, elapsed: .milliseconds(elapsed))
                    guard
                        case .refused(let wait) = policy.decide(pair: count, account: none, address: none)
                    else { continue }
                    #expect(wait > .zero && wait <= .seconds(1800))
                    let later: (Int64) -> LoginThrottlePolicy.Decision = { seconds in
                        let moment = elapsed + seconds * 1000
                        // The refused attempt was taken back, and one is made at that moment.
                        let isNext = moment >= 900_000
                        let then = ThrottleCount(
                            window: isNext ? 1 : 0, present: isNext ? 1 : present,
                            before: isNext ? present - 1 : before, elapsed: .milliseconds(moment % 900_000))
                        if moment >= 1_800_000 { return .allowed }
                        return policy.decide(pair: then, account: none, address: none)
                    }
                    let seconds = wait.components.seconds
                    #expect(later(seconds) == .allowed, "\(present) \(before) \(tenth)")
                    #expect(later(seconds - 1) != .allowed, "\(present) \(before) \(tenth)")
                }
            }
        }
    }
}
