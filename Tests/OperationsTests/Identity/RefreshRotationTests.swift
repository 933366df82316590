import Ports
import Shared
import Testing

@testable import Crypto
@testable import Operations

@Suite struct RefreshRotationTests {
    private static let start = Timestamp(milliseconds: 1_700_000_000_000)
    private static let device = DeviceID(raw: 1)
    private static let other = DeviceID(raw: 2)

    private static func token(_ name: String) -> TokenHash { TokenHash(of: Array(name.utf8)) }
    private static func moment(_ seconds: Double) -> Timestamp {
        Timestamp(milliseconds: self.start.milliseconds + Int64(seconds * 1000))
    }

    /// Every state that a family can be in, each made by the inputs that lead there, the last of them at 1,000 s.
    enum State: CaseIterable, Sendable {
        case fresh, rotated, repeated, tolerated, revoked, reused

        func make() -> RefreshRotation {
            var family = RefreshRotation(
                first: token("a"), device: device, now: self == .fresh ? moment(1000) : moment(0))
            let now = moment(1000)
            switch self {
            case .fresh: break
            case .rotated: _ = family.present(token("a"), next: token("b"), device: device, now: now)
            case .repeated:
                _ = family.present(token("a"), next: token("b"), device: device, now: now)
                _ = family.present(token("a"), next: token("c"), device: device, now: now)
            case .tolerated:
                for next in ["b", "c", "d"] {
                    _ = family.present(token("a"), next: token(next), device: device, now: now)
                }
            case .revoked: family.revoke(now: now)
            case .reused: _ = family.present(token("x"), next: token("y"), device: device, now: now)
            }
            return family
        }
    }

    /// What is presented, seconds after the last change, and by whom.
    enum Input: CaseIterable, Sendable {
        case newest, sibling, previousSoon, previousAtTheEdge, previousLate, previousElsewhere, previousUnnamed, unknown
        case newestElsewhere, newestIdle, previousBeforeItsTime

        var arguments: (token: String, seconds: Double, device: DeviceID?) {
            switch self {
            case .newest: ("b", 500, device)
            case .sibling: ("c", 500, device)
            case .previousSoon: ("a", 1, device)
            case .previousAtTheEdge: ("a", 30, device)
            case .previousLate: ("a", 30.001, device)
            case .previousElsewhere: ("a", 1, other)
            case .previousUnnamed: ("a", 1, nil)
            case .unknown: ("z", 1, device)
            case .newestElsewhere: ("b", 500, other)
            case .newestIdle: ("b", 14 * 86_400, device)
            // A database that was restored may be behind.
            case .previousBeforeItsTime: ("a", -5, device)
            }
        }
    }

    /// In the order of the inputs.
    private static let table: [State: [RefreshRotation.Outcome]] = [
        // "a" is the newest here, and "b" was never given.
        .fresh: [
            .reused, .reused, .rotated, .rotated, .rotated, .rotated, .rotated, .reused, .reused, .expired, .rotated,
        ],
        .rotated: [
            .rotated, .reused, .repeated, .repeated, .reused, .reused, .reused, .reused, .rotated, .expired, .repeated,
        ],
        .repeated: [
            .rotated, .rotated, .repeated, .repeated, .reused, .reused, .reused, .reused, .rotated, .expired,
            .repeated,
        ],
        .tolerated: [
            .rotated, .rotated, .tolerated, .tolerated, .reused, .reused, .reused, .reused, .rotated, .expired,
            .tolerated,
        ],
        .revoked: Array(repeating: .revoked, count: 11),
        .reused: Array(repeating: .revoked, count: 11),
    ]

    @Test(arguments: State.allCases) func `every input in every state has its outcome`(state: State) throws {
        let outcomes = try #require(Self.table[state])
        #expect(outcomes.count == Input.allCases.count)
        for (input, expected) in zip(Input.allCases, outcomes) {
            var family = state.make()
            let before = family
            let (token, seconds, device) = input.arguments
            let now = Self.moment(1000 + seconds)
            let outcome = family.present(Self.token(token), next: Self.token("n"), device: device, now: now)
            #expect(outcome == expected, "\(state) \(input)")
            switch outcome {
            case .rotated:
                #expect(family.current == [Self.token("n")] && family.previous == Self.token(token))
                #expect(family.rotatedAt == now && !family.isRevoked)
            case .repeated:
                #expect(family.current == before.current + [Self.token("n")] && family.previous == before.previous)
                #expect(family.rotatedAt == before.rotatedAt && !family.isRevoked)
            case .reused: #expect(family.revokedAt == now)
            case .tolerated, .expired, .revoked: #expect(family == before)
            }
        }
    }

    @Test func `after reuse not even the newest token is worth anything`() {
        var family = State.rotated.make()
        #expect(family.present(Self.token("b"), next: Self.token("c"), device: nil, now: Self.moment(2000)) == .rotated)
        // Stolen before, presented after two rotations.
        #expect(
            family.present(Self.token("a"), next: Self.token("x"), device: Self.device, now: Self.moment(2001))
                == .reused)
        #expect(
            family.present(Self.token("c"), next: Self.token("d"), device: Self.device, now: Self.moment(2002))
                == .revoked)
        #expect(
            family.present(Self.token("x"), next: Self.token("d"), device: Self.device, now: Self.moment(2002))
                == .revoked)
    }

    @Test func `a thief within the grace is found out when either token is used again`() {
        var family = State.repeated.make()
        #expect(family.present(Self.token("c"), next: Self.token("t"), device: nil, now: Self.moment(1800)) == .rotated)
        #expect(
            family.present(Self.token("b"), next: Self.token("u"), device: Self.device, now: Self.moment(1900))
                == .reused)
        #expect(family.isRevoked)
    }

    @Test func `a family that is used lives to its end and no longer`() {
        var family = RefreshRotation(first: Self.token("0"), device: Self.device, now: Self.start)
        let day = 86_400.0
        for (index, days) in [13.9, 27.8, 41.7, 55.6, 59.999].enumerated() {
            let outcome = family.present(
                Self.token("\(index)"), next: Self.token("\(index + 1)"), device: nil, now: Self.moment(days * day))
            #expect(outcome == .rotated)
        }
        #expect(family.expiresAt == Self.moment(60 * day))
        #expect(
            family.present(Self.token("5"), next: Self.token("6"), device: nil, now: Self.moment(60 * day)) == .expired)
    }

    @Test func `ending twice keeps the first moment`() {
        var family = State.rotated.make()
        family.revoke(now: Self.moment(5))
        family.revoke(now: Self.moment(6))
        #expect(family.revokedAt == Self.moment(5))
    }
}
