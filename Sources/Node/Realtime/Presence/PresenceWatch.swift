package import Reactor
package import Shared

/// Who is told what a `PresenceWatch` finds out, on its loop; of what `joined` brought, from inside of it.
package protocol PresenceListener: AnyObject {
    /// Users came and went, in this order.
    func presenceChanged(in channel: AppChannel, _ changes: [PresenceChange])

    /// Who is in a channel is known from now on.
    func presenceKnown(in channel: AppChannel)
}

extension PresenceListener {
    package func presenceKnown(in channel: AppChannel) {}
}

/// What watching counts.
package struct PresenceWatchMetrics: Sendable {
    let changes: Counter
    let questions: Counter
    let malformed: Counter

    /// Creates the families in `registry`.
    package init(in registry: MetricsRegistry) {
        func counter(_ name: String, _ help: String) -> Counter { registry.counter(name, help: help) }
        self.changes = counter("bellhop_presence_changes_total", "Members told to have come or gone.")
        self.questions = counter("bellhop_presence_reloads_total", "Questions for who is in a channel.")
        self.malformed = counter("bellhop_presence_malformed_total", "News about presence that could not be read.")
    }
}

/// Watches presence channels for one node: hears their news, asks again where some were missed, and tells the changes.
/// Confined to the loop of its subscriber.
///
/// How a session enters: `watch` the channel, `join` the directory, hand what came of it to `joined`, and then tell its client
/// `members`, with itself among them; from then on the changes, but not those about itself.
package final class PresenceWatch: BusListener {
    private final class Watched {
        let channel: AppChannel
        /// Tells it from one that watched the same channel before.
        let number: UInt64
        var roster = PresenceRoster()
        var wants = 0
        var isKnown = false

        init(_ channel: AppChannel, number: UInt64) {
            self.channel = channel
            self.number = number
        }
    }

    package weak var listener: (any PresenceListener)?
    private unowned let loop: EventLoop
    private let bus: any BusSubscriber
    private let directory: any PresenceDirectory
    private let metrics: PresenceWatchMetrics
    private let executor: LoopExecutor
    private var watched: [AppChannel: Watched] = [:]
    private var byNews: [BusChannel: Watched] = [:]
    private var lastNumber: UInt64 = 0
    /// Channels to be asked for; a few at a time, so that a storm leaves room for others.
    private var questions: [Watched] = []
    private var asking = 0

    private static let askingAtOnce = 16
    private static let retry = Duration.milliseconds(250)

    /// Begins; to be called on the loop, which keeps it.
    ///
    /// - Parameter bus: a subscriber of its own, on this loop.
    package init(
        loop: EventLoop, bus: any BusSubscriber, directory: any PresenceDirectory, metrics: PresenceWatchMetrics
    ) {
        self.loop = loop
        self.bus = bus
        self.directory = directory
        self.metrics = metrics
        self.executor = LoopExecutor(loop.handle)
        loop.attach(self)
        bus.listener = self
        let handle = loop.handle
        directory.whenInDoubt { handle.post { loop in loop.attachment(PresenceWatch.self)?.doubtAll() } }
    }

    /// Somebody here wants to know who is in a channel. To be undone by as many `unwatch`.
    package func watch(_ channel: AppChannel) {
        let watched = self.watched[channel] ?? self.begin(channel)
        watched.wants += 1
    }

    package func unwatch(_ channel: AppChannel) {
        guard let watched = self.watched[channel] else { return }
        watched.wants -= 1
        guard watched.wants <= 0 else { return }
        self.watched[channel] = nil
        self.byNews[channel.news] = nil
        self.bus.unsubscribe(from: channel.news)
    }

    /// A connection of this node has entered a channel that is watched.
    package func joined(_ channel: AppChannel, _ snapshot: PresenceSnapshot) {
        guard let watched = self.watched[channel] else { return }
        let step = watched.roster.joined(snapshot)
        self.take(step, watched)
    }

    /// Who is in a channel, as far as this node has told; empty if it is not watched.
    package func members(of channel: AppChannel) -> [String: PresenceMember] {
        self.watched[channel]?.roster.members ?? [:]
    }

    /// Whether anything is known of a channel yet.
    package func isKnown(_ channel: AppChannel) -> Bool { self.watched[channel]?.isKnown ?? false }

    private func begin(_ channel: AppChannel) -> Watched {
        self.lastNumber += 1
        let watched = Watched(channel, number: self.lastNumber)
        self.watched[channel] = watched
        self.byNews[channel.news] = watched
        self.bus.subscribe(to: channel.news)
        return watched
    }

    // MARK: BusListener

    package func subscribed(to channel: BusChannel) {
        guard let watched = self.byNews[channel] else { return }
        self.take(watched.roster.doubted(), watched)
    }

    package func received(_ message: UnsafeRawBufferPointer, on channel: BusChannel) {
        guard let watched = self.byNews[channel] else { return }
        guard let news = PresenceNews(message) else {
            self.metrics.malformed.increment()
            return
        }
        self.take(watched.roster.heard(news), watched)
    }

    package func healthChanged() {}

    private func doubtAll() {
        for watched in self.watched.values { self.take(watched.roster.doubted(), watched) }
    }

    // MARK: Steps

    private func take(_ step: PresenceRoster.Step, _ watched: Watched) {
        if !step.changes.isEmpty {
            self.metrics.changes.add(UInt64(step.changes.count))
            self.listener?.presenceChanged(in: watched.channel, step.changes)
        }
        if !watched.isKnown, watched.roster.version != nil {
            watched.isKnown = true
            self.listener?.presenceKnown(in: watched.channel)
        }
        guard let pause = step.asks else { return }
        guard pause > .zero else { return self.ask(watched) }
        // Not all in the same moment.
        let milliseconds = UInt64(pause / .milliseconds(1)) + UInt64.random(in: 1...50)
        let (channel, number) = (watched.channel, watched.number)
        self.loop.schedule(after: milliseconds) { [weak self] in
            guard let self, let watched = self.watched[channel], watched.number == number else { return }
            self.ask(watched)
        }
    }

    private func ask(_ watched: Watched) {
        self.questions.append(watched)
        self.askNext()
    }

    private func askNext() {
        while self.asking < Self.askingAtOnce, let watched = self.questions.popLast() {
            guard self.watched[watched.channel]?.number == watched.number else { continue }
            self.asking += 1
            self.metrics.questions.increment()
            let (handle, directory, channel, number) = (
                self.loop.handle, self.directory, watched.channel, watched.number
            )
            Task(executorPreference: self.executor) {
                let snapshot = try? await directory.members(of: channel)
                handle.post { loop in
                    loop.attachment(PresenceWatch.self)?.answered(channel, number: number, snapshot)
                }
            }
        }
    }

    private func answered(_ channel: AppChannel, number: UInt64, _ snapshot: PresenceSnapshot?) {
        self.asking -= 1
        if let watched = self.watched[channel], watched.number == number {
            let step =
                snapshot.map { watched.roster.answered($0) } ?? watched.roster.failed(retryingAfter: Self.retry)
            self.take(step, watched)
        }
        self.askNext()
    }
}
