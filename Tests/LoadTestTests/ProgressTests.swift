import Testing

@testable import LoadTest

@Suite struct ProgressTests {
    private static func campaign(_ figures: [Figure: UInt64], settled: Bool) -> (Campaign, Plan) {
        var plan = Plan(.echo)
        (plan.sockets, plan.seconds, plan.warmupSeconds) = (100, 10, 2)
        var campaign = Campaign(plan, workers: 1, now: 0)
        _ = campaign.heard(.ready, from: 0, at: 0)
        var counts = Figures()
        for (figure, value) in figures { counts[figure] = value }
        _ = campaign.heard(.live(counts, p99: 1_500_000), from: 0, at: 0)
        if settled { _ = campaign.heard(.settled, from: 0, at: 0) }
        return (campaign, plan)
    }

    @Test func `the ramp shows how many have been answered`() throws {
        let (campaign, plan) = Self.campaign([.opened: 40, .failed: 10], settled: false)
        let stage = try #require(ProgressStage(campaign, plan, at: 1))
        let line = ProgressView.line(stage, perSecond: 1234.4, bar: true)
        #expect(line == "connect   ████████████░░░░░░░░░░░░  50 of 100  1,234 connects/s  10 failed")
    }

    @Test func `the window shows time, rate and the worst latency`() throws {
        let (campaign, plan) = Self.campaign([.opened: 100, .deliveries: 5], settled: true)
        let window = try #require(campaign.window)
        let warm = try #require(ProgressStage(campaign, plan, at: window.begin + 1_000_000_000))
        #expect(ProgressView.line(warm, perSecond: 9, bar: false) == "warm up   1.0 of 2.0 s  p99 1.50 ms")
        let measure = try #require(ProgressStage(campaign, plan, at: window.from + 5_000_000_000))
        #expect(measure.share == 0.5)
        #expect(
            ProgressView.line(measure, perSecond: 20_000, bar: false)
                == "measure   5 of 10 s  20,000 deliveries/s  p99 1.50 ms")
    }

    @Test func `a rate is that of the last second`() {
        var meter = RateMeter()
        #expect(meter.rate(0, at: 0) == nil)
        #expect(meter.rate(100, at: 500_000_000) == 200)
        #expect(meter.rate(400, at: 1_000_000_000) == 400)
        #expect(meter.rate(400, at: 4_000_000_000) == 0)
        #expect(meter.rate(0, at: 5_000_000_000) == nil)
    }
}
