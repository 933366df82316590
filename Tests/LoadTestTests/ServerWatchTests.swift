import Glibc
import Testing

@testable import LoadTest

@Suite struct ServerWatchTests {
    @Test func `a process is measured between the moments`() throws {
        var watch = ServerWatch([getpid()])
        watch.take(.baseline, at: 1_000_000_000)
        watch.take(.measureBegan, at: 2_000_000_000)
        var work: UInt64 = 1
        for each in 1...3_000_000 as ClosedRange<UInt64> { work = work &* 31 &+ each }
        #expect(work != 0)
        watch.take(.measureEnded, at: 5_000_000_000)
        let figures = try #require(watch.figures.first)
        #expect(figures.pid == getpid() && !figures.isGone)
        #expect(figures.cpuSeconds > 0 && figures.seconds == 3)
        #expect(figures.residentBefore > 0 && figures.residentPeak >= figures.residentBytes)
    }

    @Test func `without a window the time since the first socket counts`() throws {
        var watch = ServerWatch([getpid()])
        watch.take(.baseline, at: 1_000_000_000)
        watch.take(.measureEnded, at: 3_000_000_000)
        #expect(watch.figures.first?.seconds == 2)
    }

    @Test func `a process that is not there is gone`() throws {
        // Process ids end below this number.
        var watch = ServerWatch([Int32.max])
        watch.take(.baseline, at: 1)
        watch.take(.measureEnded, at: 2)
        #expect(watch.figures.first?.isGone == true)
        #expect(ServerWatch([Int32.max]).figures.first?.isGone == true)
    }
}
