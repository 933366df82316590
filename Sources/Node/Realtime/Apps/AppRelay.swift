package import Reactor
package import Shared

/// Between the relay and the halls of all loops.
package typealias AppDoors = LoopDoors<AppRelay>

/// Hears what other nodes, and this one, say to channels of external apps, and hands it to the loops that have someone to tell.
///
/// Confined to the loop of the bus. What always holds: a loop that wants a share is told that it is open before anything of it; what
/// is published after that on a bus that works arrives, in the order in which it was published. Nothing is repeated or kept:
/// these events are promised at most once, so a share that cannot be heard at the moment is opened all the same.
package final class AppRelay: BusListener {
    private final class Share {
        let channel: BusChannel
        /// The loops that were told, and the numbers of their wishes.
        var open: [Int: UInt64] = [:]
        var waiting: [Int: UInt64] = [:]
        var isHeard = false
        /// Raised when a loop comes, so that an old farewell does not count.
        var visits: UInt64 = 0

        init(_ channel: BusChannel) { self.channel = channel }
    }

    private unowned let loop: EventLoop
    private let bus: any BusSubscriber
    private let doors: AppDoors
    private let ids: [String]
    private let linger: UInt64
    private var shares: [AppShare: Share] = [:]
    private var byChannel: [BusChannel: AppShare] = [:]
    /// Where orders for the apps come.
    private var orders: [BusChannel: Int] = [:]

    /// Begins to serve the halls behind `doors`; to be called on the bus's loop, which keeps it.
    ///
    /// - Parameters:
    ///   - ids: of the apps, by their numbers.
    ///   - linger: milliseconds for which a share is heard after its last listener left.
    @discardableResult
    package init(
        loop: EventLoop, bus: any BusSubscriber, doors: AppDoors, ids: [String], linger: UInt64 = 5000
    ) {
        self.loop = loop
        self.bus = bus
        self.doors = doors
        self.ids = ids
        self.linger = linger
        loop.attach(self)
        bus.listener = self
        for (app, id) in ids.enumerated() {
            let channel = AppOrder.channel(of: id)
            self.orders[channel] = app
            bus.subscribe(to: channel)
        }
        doors.open(loop.handle)
    }

    // MARK: Loops

    /// A loop wants a share. It is told `opened` with this number, then what comes.
    func want(_ name: AppShare, on loop: Int, number: UInt64) {
        let share = self.shares[name] ?? self.begin(name)
        share.visits += 1
        if share.isHeard || !self.bus.isHealthy(share.channel) {
            self.open(name, share, on: loop, number: number)
        } else {
            share.waiting[loop] = number
        }
    }

    /// A loop wants it no more.
    func release(_ name: AppShare, on loop: Int, number: UInt64) {
        guard let share = self.shares[name] else { return }
        if share.open[loop] == number { share.open[loop] = nil }
        if share.waiting[loop] == number { share.waiting[loop] = nil }
        guard share.open.isEmpty, share.waiting.isEmpty else { return }
        let visits = share.visits
        self.loop.schedule(after: self.linger) { [weak self] in self?.leave(name, unlessMoreThan: visits) }
    }

    private func begin(_ name: AppShare) -> Share {
        let share = Share(AppChannel.casts(app: self.ids[name.app], share: name.share))
        self.shares[name] = share
        self.byChannel[share.channel] = name
        self.bus.subscribe(to: share.channel)
        return share
    }

    private func leave(_ name: AppShare, unlessMoreThan visits: UInt64) {
        guard let share = self.shares[name], share.visits == visits, share.open.isEmpty, share.waiting.isEmpty else {
            return
        }
        self.shares[name] = nil
        self.byChannel[share.channel] = nil
        self.bus.unsubscribe(from: share.channel)
    }

    private func open(_ name: AppShare, _ share: Share, on loop: Int, number: UInt64) {
        share.open[loop] = number
        self.doors.loop(loop)?.post { loop in loop.attachment(AppHall.self)?.opened(name, number: number) }
    }

    private func openWaiting(_ name: AppShare, _ share: Share) {
        let waiting = share.waiting
        share.waiting = [:]
        for (loop, number) in waiting { self.open(name, share, on: loop, number: number) }
    }

    // MARK: BusListener

    package func subscribed(to channel: BusChannel) {
        guard let name = self.byChannel[channel], let share = self.shares[name] else { return }
        share.isHeard = true
        self.openWaiting(name, share)
    }

    package func received(_ message: UnsafeRawBufferPointer, on channel: BusChannel) {
        if let app = self.orders[channel] {
            let bytes = Array(message)
            return self.doors.tellAll { loop in loop.attachment(AppHall.self)?.ordered(bytes, of: app) }
        }
        guard let name = self.byChannel[channel], let share = self.shares[name], !share.open.isEmpty else { return }
        let bytes = Array(message)
        for loop in share.open.keys {
            self.doors.loop(loop)?.post { loop in loop.attachment(AppHall.self)?.received(bytes, of: name.app) }
        }
    }

    package func healthChanged() {
        for (name, share) in self.shares where !share.waiting.isEmpty && !self.bus.isHealthy(share.channel) {
            self.openWaiting(name, share)
        }
    }
}
