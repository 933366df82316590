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
        let app: Int
        let channel: BusChannel
        /// The loops that were told, and the numbers of their wishes.
        var open: [Int: UInt64] = [:]
        var waiting: [Int: UInt64] = [:]
        var isHeard = false
        /// Raised when a loop comes, so that an old farewell does not count.
        var visits: UInt64 = 0

        init(_ channel: BusChannel, of app: Int) {
            self.app = app
            self.channel = channel
        }
    }

    /// What comes on a channel of the bus.
    private enum Source {
        case casts(Share, AppShare)
        /// For this app.
        case orders(Int)
    }

    private unowned let loop: EventLoop
    private let bus: any BusSubscriber
    private let doors: AppDoors
    private let ids: [String]
    private let linger: UInt64
    private var shares: [AppShare: Share] = [:]
    private var sources: [BusChannel: Source] = [:]

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
            self.sources[channel] = .orders(app)
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
        let share = Share(AppChannel.casts(app: self.ids[name.app], share: name.share), of: name.app)
        self.shares[name] = share
        self.sources[share.channel] = .casts(share, name)
        self.bus.subscribe(to: share.channel)
        return share
    }

    private func leave(_ name: AppShare, unlessMoreThan visits: UInt64) {
        guard let share = self.shares[name], share.visits == visits, share.open.isEmpty, share.waiting.isEmpty else {
            return
        }
        self.shares[name] = nil
        self.sources[share.channel] = nil
        self.bus.unsubscribe(from: share.channel)
    }

    private func open(_ name: AppShare, _ share: Share, on loop: Int, number: UInt64) {
        share.open[loop] = number
        if loop == self.loop.handle.index {
            self.loop.attachment(AppHall.self)?.opened(name, number: number)
        } else {
            self.doors.loop(loop)?.post { loop in loop.attachment(AppHall.self)?.opened(name, number: number) }
        }
    }

    private func openWaiting(_ name: AppShare, _ share: Share) {
        let waiting = share.waiting
        share.waiting = [:]
        for (loop, number) in waiting { self.open(name, share, on: loop, number: number) }
    }

    // MARK: BusListener

    package func subscribed(to channel: BusChannel) {
        guard case .casts(let share, let name) = self.sources[channel] else { return }
        share.isHeard = true
        self.openWaiting(name, share)
    }

    package func received(_ message: UnsafeRawBufferPointer, on channel: BusChannel) {
        switch self.sources[channel] {
        case .none: break
        case .orders(let app):
            let bytes = Array(message)
            self.doors.tellAll { loop in loop.attachment(AppHall.self)?.ordered(bytes, of: app) }
        case .casts(let share, _): self.tell(message, of: share)
        }
    }

    private func tell(_ message: UnsafeRawBufferPointer, of share: Share) {
        let (app, own) = (share.app, self.loop.handle.index)
        // The hall of this loop is told at once, without a detour through its mailbox.
        var isNear = false
        var copy: [UInt8]?
        for loop in share.open.keys {
            guard loop != own else {
                isNear = true
                continue
            }
            let bytes = copy ?? Array(message)
            copy = bytes
            self.doors.loop(loop)?.post { loop in
                bytes.withUnsafeBytes { loop.attachment(AppHall.self)?.received($0, of: app) }
            }
        }
        // Last, because it takes longest.
        if isNear { self.loop.attachment(AppHall.self)?.received(message, of: app) }
    }

    package func healthChanged() {
        for (name, share) in self.shares where !share.waiting.isEmpty && !self.bus.isHealthy(share.channel) {
            self.openWaiting(name, share)
        }
    }
}
