package import Reactor
package import Shared

/// Follows the streams that somebody on this node listens to, and hands their events to the loops that asked.
///
/// Confined to the loop of the bus. All answers of the store come back through that loop's mailbox. What always holds:
/// - A loop that wants a stream is first told a position, then every event behind it, in order, each once, until it wants it
///   no more or is told that the stream was reset.
/// - Errors of the store delay events; they never drop one.
package final class Followers: BusListener {
    /// Times are in milliseconds.
    package struct Terms: Sendable {
        /// For how long a stream is followed after its last listener left.
        package var linger: UInt64 = 5000
        /// Between two queries for all heads, while the bus is healthy and while it is not.
        package var headInterval: UInt64 = 250
        package var headIntervalUnhealthy: UInt64 = 100
        package var longestHeadInterval: UInt64 = 5000
        /// Bytes of events that are kept for clients who come back.
        package var recentBytes = 64 << 20
        /// Pages that are read from the log at once, so that a storm of returning clients leaves connections to others.
        package var pageReadsAtOnce = 4
        /// How old events are that are read for clients who come back: somewhat older than those that a hub tells them, so that it
        /// is the hub that decides.
        package var pageReachMilliseconds: Int64 = 25 * 3_600_000
        var follower = FollowerTerms()

        package init() {}
    }

    /// One stream that is followed.
    final class Follower {
        let stream: EventStream
        let channel: BusChannel
        /// Tells it from one that followed the same stream before.
        let number: UInt64
        var state: FollowerState
        /// The loops that were told a position, and the numbers of their wishes.
        var open: [Int: UInt64] = [:]
        /// Those that wait for one.
        var waiting: [Int: UInt64] = [:]
        var timer: (action: ScheduledAction, deadline: UInt64)?
        /// Raised when a loop comes, so that an old farewell does not count.
        var visits: UInt64 = 0
        /// Positions that lie ahead of what was delivered, to be compared with a head that is asked for after them.
        var claims: [Claim] = []
        var lastClaim: UInt64 = 0
        /// A new epoch is being asked for: news of the old one are of no use any more.
        var isRenewing = false
        /// What it adds to the node's lag.
        var reportedLag: Int64 = 0

        var isWanted: Bool { !self.open.isEmpty || !self.waiting.isEmpty }

        init(_ stream: EventStream, number: UInt64, state: FollowerState) {
            self.stream = stream
            self.channel = BusChannel.hints(of: stream)
            self.number = number
            self.state = state
        }
    }

    /// A client says that it has come further than this node.
    struct Claim {
        let number: UInt64
        let loop: Int
        let ticket: ReplayTicket
        let since: ResumePoint
    }

    unowned let loop: EventLoop
    let store: any EventStore
    /// Questions to the store are asked on this loop, so that they wait for nobody who keeps Swift's own threads busy.
    let executor: LoopExecutor
    let terms: Terms
    let metrics: FanoutMetrics
    private let bus: any BusSubscriber
    private let doors: FanoutDoors
    let log: Logger

    var followers: [EventStream: Follower] = [:]
    private var byChannel: [BusChannel: Follower] = [:]
    private var lastNumber: UInt64 = 0
    var recent: RecentEvents
    var polls = HeadPolls()
    var pages = PageReads()

    /// Begins to serve the hubs behind `doors`; to be called on the bus's loop, which keeps it.
    @discardableResult
    package init(
        loop: EventLoop, bus: any BusSubscriber, store: any EventStore, doors: FanoutDoors, metrics: FanoutMetrics,
        terms: Terms = Terms(), log: Logger = .silent
    ) {
        self.loop = loop
        self.bus = bus
        self.store = store
        self.executor = LoopExecutor(loop.handle)
        self.doors = doors
        self.metrics = metrics
        self.terms = terms
        self.log = log
        self.recent = RecentEvents(budget: terms.recentBytes)
        loop.attach(self)
        bus.listener = self
        doors.open(loop.handle)
    }

    var now: UInt64 { self.loop.now }

    // MARK: Loops

    /// A loop wants a stream. It is told `opened` with this number, or `missing`; then events.
    func want(_ stream: EventStream, on loop: Int, number: UInt64) {
        let follower = self.followers[stream] ?? self.follow(stream)
        follower.visits += 1
        if let head = follower.state.head {
            follower.open[loop] = number
            self.tell(loop) { $0.opened(stream, number: number, at: head) }
        } else {
            follower.waiting[loop] = number
            // It may be one that was missing when somebody asked before.
            if follower.state.takesHeads { self.askSoon(stream) }
        }
    }

    /// A loop wants it no more.
    func release(_ stream: EventStream, on loop: Int, number: UInt64) {
        guard let follower = self.followers[stream] else { return }
        if follower.open[loop] == number { follower.open[loop] = nil }
        if follower.waiting[loop] == number { follower.waiting[loop] = nil }
        self.lingerIfUnwanted(follower)
    }

    /// A loop has a client whose position lies ahead of the stream's. If the log does not know it either, the loop is told
    /// `replayLost`; else the events on the way there will come.
    func vouch(for since: ResumePoint, of stream: EventStream, on loop: Int, _ ticket: ReplayTicket) {
        guard let follower = self.followers[stream] else { return }
        follower.lastClaim += 1
        follower.claims.append(Claim(number: follower.lastClaim, loop: loop, ticket: ticket, since: since))
        self.askSoon(stream)
    }

    private func follow(_ stream: EventStream) -> Follower {
        self.lastNumber += 1
        let channel = BusChannel.hints(of: stream)
        let state = FollowerState(
            terms: self.terms.follower, now: self.now, isBusHealthy: self.bus.isHealthy(channel))
        let follower = Follower(stream, number: self.lastNumber, state: state)
        self.followers[stream] = follower
        self.byChannel[channel] = follower
        self.metrics.followed.add(1)
        self.bus.subscribe(to: channel)
        self.arm(follower)
        self.scheduleSweep()
        return follower
    }

    private func lingerIfUnwanted(_ follower: Follower) {
        guard !follower.isWanted else { return }
        let (stream, number, visits) = (follower.stream, follower.number, follower.visits)
        self.loop.schedule(after: self.terms.linger) { [weak self] in
            guard let self, let follower = self.followers[stream], follower.number == number,
                follower.visits == visits, !follower.isWanted
            else { return }
            self.forget(follower)
        }
    }

    private func forget(_ follower: Follower) {
        if let timer = follower.timer { self.loop.cancel(timer.action) }
        self.followers[follower.stream] = nil
        self.byChannel[follower.channel] = nil
        self.metrics.followed.add(-1)
        self.report(lag: 0, of: follower)
        self.bus.unsubscribe(from: follower.channel)
    }

    /// Calls a loop's hub: at once on this loop, through its mailbox on others; either way in order.
    func tell(_ index: Int, _ message: @escaping @Sendable (Hub) -> Void) {
        if index == self.loop.handle.index {
            if let hub = self.loop.attachment(Hub.self) { message(hub) }
        } else {
            self.doors.loop(index)?.post { loop in
                if let hub = loop.attachment(Hub.self) { message(hub) }
            }
        }
    }

    // MARK: BusListener

    package func subscribed(to channel: BusChannel) {
        guard let follower = self.byChannel[channel] else { return }
        self.perform(follower.state.subscribed(), on: follower)
    }

    package func received(_ message: UnsafeRawBufferPointer, on channel: BusChannel) {
        guard let follower = self.byChannel[channel] else { return }
        do throws(HintError) {
            let hint = try Hint(message)
            if let head = follower.state.head, hint.epoch == head.epoch {
                // Clients who go on from where they are would miss what is told under numbers that they have heard.
                if !follower.isRenewing, follower.state.isContradicted(by: hint) {
                    self.renewEpoch(of: follower.stream, delivered: head)
                }
                // The next head has it, and the new epoch.
                if follower.isRenewing { return }
            }
            if let head = follower.state.head, hint.epoch == head.epoch, hint.lastSeq <= head.seq {
                self.metrics.duplicates.add(UInt64(hint.count))
                return
            }
            let events = try hint.events(after: follower.state.head?.seq ?? 0)
            self.perform(follower.state.hint(epoch: hint.epoch, events, now: self.now), on: follower)
        } catch {
            // Nothing is lost: the next head shows what this was about.
            self.metrics.malformed.increment()
            self.log.warning("hint.malformed", ["channel": .id(channel.name), "error": .id("\(error)")])
        }
    }

    package func healthChanged() {
        for follower in self.followers.values {
            let isHealthy = self.bus.isHealthy(follower.channel)
            guard isHealthy != follower.state.isBusHealthy else { continue }
            follower.state.isBusHealthy = isHealthy
            if follower.state.takesHeads { self.askSoon(follower.stream) }
            self.arm(follower)
        }
        self.scheduleSweep()
    }

    var isBusHealthy: Bool { self.followers.values.allSatisfy { $0.state.isBusHealthy } }

    // MARK: Acting

    /// Does what a follower asks for.
    func perform(_ actions: FollowerActions, on follower: Follower) {
        let stream = follower.stream
        if let head = actions.reset {
            self.metrics.resets.increment()
            self.log.warning("stream.reset", ["stream": .id(follower.channel.name), "seq": .int(Int(head.seq))])
            for loop in follower.open.keys { self.tell(loop) { $0.reset(stream, to: head) } }
        }
        if let head = actions.started ?? actions.reset {
            for (loop, number) in follower.waiting {
                follower.open[loop] = number
                self.tell(loop) { $0.opened(stream, number: number, at: head) }
            }
            follower.waiting = [:]
        }
        if !actions.deliver.isEmpty { self.deliver(actions.deliver, of: follower) }
        if actions.duplicates > 0 { self.metrics.duplicates.add(UInt64(actions.duplicates)) }
        if let read = actions.read { self.readGap(read, of: follower) }
        if actions.wantsHead { self.askSoon(stream) }
        if actions.isMissing, !follower.waiting.isEmpty {
            for (loop, number) in follower.waiting { self.tell(loop) { $0.missing(stream, number: number) } }
            follower.waiting = [:]
            self.lingerIfUnwanted(follower)
        }
        self.report(lag: follower.state.behind, of: follower)
        self.arm(follower)
    }

    private func report(lag: Int64, of follower: Follower) {
        guard lag != follower.reportedLag else { return }
        self.metrics.lag.add(lag - follower.reportedLag)
        follower.reportedLag = lag
    }

    private func deliver(_ events: [LoggedEvent], of follower: Follower) {
        self.metrics.delivered.add(UInt64(events.count))
        if let epoch = follower.state.epoch {
            self.recent.append(events, of: RecentEvents.Source(stream: follower.stream, epoch: epoch))
        }
        let stream = follower.stream
        for loop in follower.open.keys { self.tell(loop) { $0.deliver(events, of: stream) } }
    }

    /// A reset to a head of the same epoch means that commits were lost.
    func performHead(_ actions: FollowerActions, on follower: Follower, before: StreamHead?) {
        if let reset = actions.reset, let before, before.epoch == reset.epoch, reset.seq < before.seq {
            self.renewEpoch(of: follower.stream, delivered: before)
        }
        self.perform(actions, on: follower)
    }

    /// Sets the follower's timer to its deadline.
    private func arm(_ follower: Follower) {
        let deadline = follower.state.deadline
        guard deadline != follower.timer?.deadline else { return }
        if let timer = follower.timer { self.loop.cancel(timer.action) }
        follower.timer = nil
        guard let deadline else { return }
        let wait = deadline > self.now ? deadline - self.now : 0
        let action = self.loop.schedule(after: wait) { [weak self, weak follower] in
            guard let self, let follower else { return }
            follower.timer = nil
            self.perform(follower.state.timePassed(now: self.now), on: follower)
        }
        follower.timer = (action, deadline)
    }
}
