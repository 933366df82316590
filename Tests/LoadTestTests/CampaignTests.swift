import Testing

@testable import LoadTest

@Suite struct CampaignTests {
    private static let second: UInt64 = 1_000_000_000

    private static func plan(_ scenario: Scenario = .fanout, sockets: Int = 10) -> Plan {
        var plan = Plan(scenario)
        plan.sockets = sockets
        plan.seconds = 10
        plan.graceSeconds = 5
        plan.warmupSeconds = 2
        if scenario == .fanout { plan.publishers = [Endpoint(scheme: .http, host: "h", port: 1, path: "/")] }
        return plan
    }

    private static func figures(_ values: [Figure: UInt64]) -> Figures {
        var figures = Figures()
        for (figure, value) in values { figures[figure] = value }
        return figures
    }

    /// One worker with sockets and the publisher, at the beginning of the window.
    private static func running(_ plan: Plan = plan()) -> (Campaign, Window) {
        var campaign = Campaign(plan, workers: 2, now: 0)
        _ = campaign.heard(.ready, from: 0, at: 1)
        _ = campaign.heard(.ready, from: 1, at: 2)
        _ = campaign.heard(.live(Self.figures([.opened: 10, .watching: 10]), p99: 0), from: 0, at: 3)
        _ = campaign.heard(.settled, from: 0, at: 4)
        _ = campaign.heard(.settled, from: 1, at: 5)
        guard case .running(let window) = campaign.phase else {
            Issue.record("it does not run")
            return (campaign, Window(begin: 0, from: 0, end: 0))
        }
        return (campaign, window)
    }

    @Test func `each step waits for all workers`() {
        var campaign = Campaign(Self.plan(), workers: 2, now: 0)
        #expect(campaign.heard(.ready, from: 0, at: 1) == [])
        #expect(campaign.heard(.ready, from: 1, at: 100) == [.take(.baseline), .order(.ramp(start: 20_000_100))])
        _ = campaign.heard(.live(Self.figures([.opened: 10]), p99: 0), from: 0, at: 150)
        #expect(campaign.heard(.settled, from: 1, at: 200) == [])
        let window = Window(begin: 100_000_300, from: 2_100_000_300, end: 12_100_000_300)
        #expect(campaign.heard(.settled, from: 0, at: 300) == [.order(.run(window))])
        #expect(campaign.ticked(at: window.from - 1) == [])
        #expect(campaign.nextInstant == window.from)
        #expect(campaign.ticked(at: window.from) == [.take(.measureBegan)])
        #expect(campaign.ticked(at: window.end - 1) == [])
        #expect(campaign.ticked(at: window.end) == [.take(.measureEnded)])
        #expect(campaign.phase == .settling)
    }

    @Test func `what was reported before the end cannot end the waiting`() {
        var (campaign, window) = Self.running()
        let sockets = Self.figures([.opened: 10, .watching: 10, .deliveries: 20])
        let publisher = Self.figures([.sent: 2, .accepted: 2])
        _ = campaign.heard(.live(sockets, p99: 0), from: 0, at: 10)
        _ = campaign.heard(.live(publisher, p99: 0), from: 1, at: 10)
        _ = campaign.ticked(at: window.end)
        #expect(campaign.heard(.live(sockets, p99: 0), from: 0, at: window.end + 1) == [])
        #expect(campaign.heard(.live(publisher, p99: 0), from: 1, at: window.end + 1) == [])
        #expect(campaign.heard(.live(sockets, p99: 0), from: 0, at: window.end + 2) == [])
        #expect(campaign.heard(.live(publisher, p99: 0), from: 1, at: window.end + 2) == [.order(.finish)])
    }

    @Test(
        arguments: [
            (deliveries: 19, sent: 2, accepted: 2, refused: 0), (20, 3, 2, 0), (19, 3, 2, 1),
        ] as [(deliveries: UInt64, sent: UInt64, accepted: UInt64, refused: UInt64)])
    func `the last deliveries and answers are awaited until the grace is over`(
        deliveries: UInt64, sent: UInt64, accepted: UInt64, refused: UInt64
    ) {
        var (campaign, window) = Self.running()
        _ = campaign.ticked(at: window.from)
        _ = campaign.ticked(at: window.end)
        for _ in 0..<3 {
            let sockets = Self.figures([.opened: 10, .watching: 10, .deliveries: deliveries])
            let publisher = Self.figures([.sent: sent, .accepted: accepted, .refused: refused])
            #expect(campaign.heard(.live(sockets, p99: 0), from: 0, at: window.end + 9) == [])
            #expect(campaign.heard(.live(publisher, p99: 0), from: 1, at: window.end + 9) == [])
        }
        #expect(campaign.ticked(at: window.end + 5 * Self.second - 1) == [])
        #expect(campaign.ticked(at: window.end + 5 * Self.second) == [.order(.finish)])
    }

    @Test func `a command that was accepted is told to all workers`() {
        var (campaign, window) = Self.running(Self.hotel)
        let confirmation = Confirmation(number: 1, audience: 0, due: 5, answered: 6, seq: 7)
        #expect(campaign.heard(.confirmed(confirmation), from: 1, at: 10) == [.order(.confirmed(confirmation))])
        _ = campaign.ticked(at: window.end)
        #expect(campaign.heard(.confirmed(confirmation), from: 1, at: 11) == [.order(.confirmed(confirmation))])
    }

    private static let hotel = {
        var plan = Self.plan()
        plan.hotel = HotelAccess(key: "k", password: "p", file: "f")
        return plan
    }()

    /// Until the worker with the sockets knows of both commands it does not know that it is owed more.
    @Test(
        arguments: [(confirmed: 1, deliveries: 10, isOver: false), (2, 19, false), (2, 20, true)]
            as [(confirmed: UInt64, deliveries: UInt64, isOver: Bool)])
    func `in the hotel it is over when all workers know what is owed, and it is there`(
        confirmed: UInt64, deliveries: UInt64, isOver: Bool
    ) {
        var (campaign, window) = Self.running(Self.hotel)
        _ = campaign.ticked(at: window.from)
        _ = campaign.ticked(at: window.end)
        let sockets = Self.figures([
            .opened: 10, .watching: 10, .confirmed: confirmed, .owed: confirmed * 10, .deliveries: deliveries,
        ])
        let commander = Self.figures([.sent: 2, .accepted: 2])
        var actions: [Campaign.Action] = []
        for _ in 0..<2 {
            actions += campaign.heard(.live(sockets, p99: 0), from: 0, at: window.end + 1)
            actions += campaign.heard(.live(commander, p99: 0), from: 1, at: window.end + 1)
        }
        #expect(actions == (isOver ? [.order(.finish)] : []))
    }

    @Test func `the results of all workers add up and end it`() {
        var (campaign, window) = Self.running()
        _ = campaign.ticked(at: window.end)
        _ = campaign.ticked(at: window.end + 6 * Self.second)
        var one = WorkerResult()
        one.figures[.deliveries] = 20
        var other = WorkerResult()
        other.figures[.accepted] = 2
        #expect(campaign.heard(.result(one), from: 0, at: 1) == [])
        #expect(campaign.ended(0) == [])
        #expect(campaign.heard(.result(other), from: 1, at: 1) == [.end(nil)])
        #expect(campaign.phase == .finished)
        #expect(campaign.result.figures == Self.figures([.deliveries: 20, .accepted: 2]))
        #expect(campaign.heard(.settled, from: 0, at: 2) == [])
        #expect(campaign.interrupted(at: 2) == [])
    }

    @Test func `a connect run has no window`() {
        var campaign = Campaign(Self.plan(.connect), workers: 1, now: 0)
        _ = campaign.heard(.ready, from: 0, at: 1)
        _ = campaign.heard(.live(Self.figures([.opened: 10]), p99: 0), from: 0, at: 2)
        #expect(campaign.heard(.settled, from: 0, at: 3) == [.take(.measureEnded), .order(.finish)])
    }

    @Test func `a run whose sockets all failed is reported at once`() {
        var campaign = Campaign(Self.plan(.idle), workers: 1, now: 0)
        _ = campaign.heard(.ready, from: 0, at: 1)
        _ = campaign.heard(.live(Self.figures([.failed: 10]), p99: 0), from: 0, at: 2)
        #expect(campaign.heard(.settled, from: 0, at: 3) == [.take(.measureEnded), .order(.finish)])
    }

    @Test func `a worker that dies ends the run`() {
        var (campaign, _) = Self.running()
        #expect(campaign.ended(1) == [.end(.workerDied(1))])
        #expect(campaign.ended(0) == [])
    }

    @Test func `a hopeless worker ends the run with its reason`() {
        var campaign = Campaign(Self.plan(), workers: 2, now: 0)
        #expect(campaign.heard(.hopeless("no"), from: 1, at: 1) == [.end(.hopeless("no"))])
    }

    @Test func `workers that never start or never answer do not hang the run`() {
        var campaign = Campaign(Self.plan(), workers: 2, now: 0)
        #expect(campaign.ticked(at: 10 * Self.second - 1) == [])
        #expect(campaign.ticked(at: 10 * Self.second) == [.end(.workersSilent)])
        var (other, window) = Self.running()
        _ = other.ticked(at: window.end)
        _ = other.ticked(at: window.end + 5 * Self.second)
        #expect(other.ticked(at: window.end + 19 * Self.second) == [])
        #expect(other.ticked(at: window.end + 20 * Self.second) == [.end(.workersSilent)])
    }

    @Test func `an interrupt in the window ends it, and the rest is awaited shortly`() {
        var (campaign, window) = Self.running()
        _ = campaign.ticked(at: window.from)
        let now = window.from + Self.second
        let cut = now + 50_000_000
        #expect(campaign.interrupted(at: now) == [.order(.cut(at: cut))])
        #expect(campaign.window?.end == cut)
        #expect(campaign.ticked(at: cut) == [.take(.measureEnded)])
        #expect(campaign.ticked(at: cut + 2 * Self.second) == [.order(.finish)])
        #expect(campaign.interrupted(at: cut + 3 * Self.second) == [.end(nil)])
        #expect(campaign.wasInterrupted)
    }

    @Test func `an interrupt in the warm-up measures nothing`() {
        var (campaign, window) = Self.running()
        _ = campaign.interrupted(at: window.begin + 1)
        #expect(campaign.window.map { $0.end - $0.from } == 0)
    }

    @Test func `an interrupt while connecting reports what is connected`() {
        var campaign = Campaign(Self.plan(), workers: 2, now: 0)
        #expect(campaign.interrupted(at: 1) == [.end(nil)])
        var ramping = Campaign(Self.plan(), workers: 1, now: 0)
        _ = ramping.heard(.ready, from: 0, at: 1)
        #expect(ramping.interrupted(at: 2) == [.take(.measureEnded), .order(.finish)])
        #expect(ramping.heard(.result(WorkerResult()), from: 0, at: 3) == [.end(nil)])
    }
}
