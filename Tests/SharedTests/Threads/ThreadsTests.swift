import Glibc
import Testing

@testable import Shared

@Suite(.timeLimit(.minutes(5))) struct ThreadsTests {
    @Test func `a thread has its name, runs its body once and takes no signal but its own crash`() throws {
        let finished = Semaphore()
        let seen = Locked((name: "", takesTermination: true, takesFault: false, runs: 0))
        try spawnThread(named: "bellhop-test-that-is-long") {
            var mask = sigset_t()
            pthread_sigmask(SIG_BLOCK, nil, &mask)
            let takesTermination = sigismember(&mask, SIGTERM) == 0
            let takesFault = sigismember(&mask, SIGSEGV) == 0
            let name = (try? FileBytes.read("/proc/thread-self/comm", limit: 64)) ?? []
            seen.withLock { seen in
                seen = (String(decoding: name, as: UTF8.self), takesTermination, takesFault, seen.runs + 1)
            }
            finished.signal()
        }
        #expect(finished.wait(within: .seconds(30)))
        let result = seen.withLock { $0 }
        #expect(result.name == "bellhop-test-th\n")
        #expect(!result.takesTermination)
        #expect(result.takesFault)
        #expect(result.runs == 1)
    }

    @Test func `starting a thread leaves the signal mask of its parent as it was`() throws {
        var before = sigset_t()
        pthread_sigmask(SIG_BLOCK, nil, &before)
        try spawnThread(named: "bellhop-test") {}
        var after = sigset_t()
        pthread_sigmask(SIG_BLOCK, nil, &after)
        for signal in 1...31 { #expect(sigismember(&before, CInt(signal)) == sigismember(&after, CInt(signal))) }
    }

    @Test func `each signal lets one wait return`() {
        let semaphore = Semaphore()
        #expect(!semaphore.wait(within: .zero))
        semaphore.signal()
        semaphore.signal()
        semaphore.wait()
        #expect(semaphore.wait(within: .seconds(1)))
        #expect(!semaphore.wait(within: .milliseconds(2)))
        #expect(!semaphore.wait(within: .seconds(-5)))
    }

    @Test func `a wait lasts as long as it was told and a signal from another thread ends it`() throws {
        let semaphore = Semaphore()
        let start = SystemClock.monotonicNanoseconds
        #expect(!semaphore.wait(within: .milliseconds(20)))
        #expect(SystemClock.monotonicNanoseconds - start >= 20_000_000)
        try spawnThread(named: "bellhop-test") { semaphore.signal() }
        #expect(semaphore.wait(within: .seconds(Int64.max)))
    }
}
