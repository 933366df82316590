import Crypto
import Hotel
import Shared
import TestSupport
import Testing

@testable import Realtime

@Suite(.timeLimit(.minutes(1))) struct StandingDeskTests {
    private struct Unreachable: Error {}

    private func subscriber(_ number: UInt128) -> PusherSubscriber {
        PusherSubscriber(
            user: UserID(raw: number), tenant: nil, session: SessionID(raw: number), epoch: TokenEpoch(raw: 1))
    }

    @Test func `each is asked about once at a time, few together, and everybody gets the answer`() async {
        let counts = Locked((now: 0, most: 0, all: 0))
        let desk = StandingDesk(workers: 3) { subscriber, _ in
            counts.withLock { counts in
                counts.now += 1
                counts.all += 1
                counts.most = max(counts.most, counts.now)
            }
            for _ in 0..<10 { await Task.yield() }
            counts.withLock { $0.now -= 1 }
            return subscriber.user.raw % 2 == 0
        }
        let answers = Locked<[Bool]>([])
        // Nobody is answered before the worker has come to it, so twins that are asked in a row meet.
        await withCheckedContinuation { continuation in
            for number in 1...50 as ClosedRange<UInt128> {
                for _ in 0..<2 {
                    desk.check(self.subscriber(number), .systemAdmin) { isGood in
                        let isLast = answers.withLock { answers in
                            answers.append(isGood == (number % 2 == 0))
                            return answers.count == 100
                        }
                        if isLast { continuation.resume() }
                    }
                }
            }
        }
        #expect(answers.withLock { $0.allSatisfy { $0 } })
        #expect(counts.withLock { $0.most } <= 3)
        #expect((50...100).contains(counts.withLock { $0.all }))
    }

    @Test(arguments: [(2, true), (5, false)]) func `a store that is gone is asked again, but not for ever`(
        failures: Int, answer: Bool
    ) async {
        let left = Locked(failures)
        let desk = StandingDesk(pause: .milliseconds(1), attempts: 4) { _, _ in
            let fails = left.withLock { left in
                left -= 1
                return left >= 0
            }
            if fails { throw Unreachable() }
            return true
        }
        let heard = await withCheckedContinuation { continuation in
            desk.check(self.subscriber(1), .systemAdmin) { continuation.resume(returning: $0) }
        }
        #expect(heard == answer)
    }
}
