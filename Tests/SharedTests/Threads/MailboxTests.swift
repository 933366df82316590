import Synchronization
import Testing

@testable import Shared

@Suite(.timeLimit(.minutes(5))) struct MailboxTests {
    /// Counts how many of its kind are there.
    private final class Token: Sendable {
        let living: Tally
        init(_ living: Tally) {
            self.living = living
            living.count.wrappingAdd(1, ordering: .relaxed)
        }
        deinit { self.living.count.wrappingSubtract(1, ordering: .relaxed) }
    }

    private final class Tally: Sendable {
        let count = Atomic<Int>(0)
        var value: Int { self.count.load(ordering: .relaxed) }
    }

    @Test func `messages are read in their order, and only the first of a batch wakes`() {
        let wakes = Tally()
        let mailbox = Mailbox<Int> { wakes.count.wrappingAdd(1, ordering: .relaxed) }
        for number in 1...3 { mailbox.send(number) }
        #expect(wakes.value == 1)
        #expect(mailbox.drain() == [1, 2, 3])
        mailbox.send(4)
        #expect(wakes.value == 2)
        #expect(mailbox.drain() == [4])
        #expect(mailbox.drain() == [])
    }

    @Test func `closing lets go of what waits and of what comes later, and wakes nobody`() {
        let (living, wakes) = (Tally(), Tally())
        let mailbox = Mailbox<Token> { wakes.count.wrappingAdd(1, ordering: .relaxed) }
        mailbox.send(Token(living))
        mailbox.send(Token(living))
        #expect(living.value == 2)
        mailbox.close()
        #expect(living.value == 0)
        mailbox.send(Token(living))
        #expect(living.value == 0)
        #expect(wakes.value == 1)
        mailbox.close()
        #expect(mailbox.drain().isEmpty)
    }

    @Test func `a message that sends another when it goes does not wait for itself`() {
        final class Last: Sendable {
            let mailbox: Mailbox<Last>
            let rest: Int
            let gone: Tally
            init(_ mailbox: Mailbox<Last>, _ rest: Int, _ gone: Tally) {
                (self.mailbox, self.rest, self.gone) = (mailbox, rest, gone)
            }
            deinit {
                self.gone.count.wrappingAdd(1, ordering: .relaxed)
                if self.rest > 0 { self.mailbox.send(Last(self.mailbox, self.rest - 1, self.gone)) }
            }
        }
        let gone = Tally()
        let mailbox = Mailbox<Last> {}
        mailbox.send(Last(mailbox, 3, gone))
        mailbox.close()
        #expect(gone.value == 4)
    }

    @Test func `of many senders at the time of closing no message stays behind`() throws {
        for _ in 0..<50 {
            let living = Tally()
            let mailbox = Mailbox<Token> {}
            let (ready, ended) = (Semaphore(), Semaphore())
            for _ in 0..<3 {
                try spawnThread(named: "sender") {
                    ready.signal()
                    for _ in 0..<500 { mailbox.send(Token(living)) }
                    ended.signal()
                }
            }
            for _ in 0..<3 { ready.wait() }
            mailbox.close()
            for _ in 0..<3 { ended.wait() }
            // Seen with the mailbox still there: it keeps nothing.
            #expect(living.value == 0)
            withExtendedLifetime(mailbox) {}
        }
    }
}
