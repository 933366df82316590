internal import Reactor
package import Shared

/// An ear on an `InProcessBus`, confined to the loop on which it was made. Its listener is called on the loop, never from
/// inside of `subscribe` or `unsubscribe`, and held until `stop`, or until the loop ends: it may hold the subscriber.
package final class InProcessSubscriber: BusSubscriber {
    private struct Want {
        let number: UInt64
        var isConfirmed = false
    }

    package var listener: (any BusListener)?
    private let bus: InProcessBus
    private let queue: InProcessQueue
    private let register: InProcessRegister
    private let number: UInt64
    private var wanted: [BusChannel: Want] = [:]
    private var lastWant: UInt64 = 0
    private var isStopped = false
    private var backlog: ArraySlice<InProcessQueue.Entry> = []
    private var missed: Set<BusChannel> = []

    /// So that a burst does not keep the loop from its sockets.
    private static let entriesPerTurn = 1_024

    init(bus: InProcessBus, limits: InProcessBus.Limits, loop: EventLoop) {
        let register = InProcessDesk.of(loop).register
        let (handle, number) = (loop.handle, register.newNumber())
        self.bus = bus
        self.register = register
        self.number = number
        self.queue = InProcessQueue(limits: limits) {
            handle.post { loop in InProcessDesk.of(loop).register.subscriber(number)?.deliver() }
        }
        register.enter(self, as: number)
    }

    deinit { self.stop() }

    /// Hears nothing more.
    package func stop() {
        self.isStopped = true
        for channel in self.wanted.keys { self.bus.remove(self.queue, from: channel) }
        self.wanted = [:]
        self.listener = nil
        self.register.leave(self.number)
    }

    package func subscribe(to channel: BusChannel) {
        guard !self.isStopped, self.wanted[channel] == nil else { return }
        self.lastWant += 1
        self.wanted[channel] = Want(number: self.lastWant)
        // First the confirmation, then the place in the bus: no message comes before it.
        self.queue.confirm(channel, want: self.lastWant)
        self.bus.add(self.queue, to: channel)
    }

    package func unsubscribe(from channel: BusChannel) {
        guard self.wanted.removeValue(forKey: channel) != nil else { return }
        self.bus.remove(self.queue, from: channel)
    }

    /// Nothing stands between publisher and subscriber.
    package func isHealthy(_ channel: BusChannel) -> Bool { true }

    private func deliver() {
        if self.backlog.isEmpty { self.takeWhatWaits() }
        let now = self.backlog.prefix(Self.entriesPerTurn)
        self.backlog = self.backlog.dropFirst(now.count)
        for entry in now { self.deliver(entry) }
        guard self.backlog.isEmpty else { return self.queue.wakeAgain() }
        self.backlog = []
        let missed = self.missed
        self.missed = []
        for channel in missed where self.wanted[channel]?.isConfirmed == true {
            self.listener?.subscribed(to: channel)
        }
        if !self.queue.isEmpty { self.queue.wakeAgain() }
    }

    private func takeWhatWaits() {
        let waiting = self.queue.takeAll()
        self.backlog = waiting.entries[...]
        self.missed = waiting.missed
    }

    private func deliver(_ entry: InProcessQueue.Entry) {
        switch entry {
        case .confirmation(let channel, let want):
            guard self.wanted[channel]?.number == want else { return }
            self.wanted[channel]?.isConfirmed = true
            self.listener?.subscribed(to: channel)
        case .message(let bytes, let channel):
            // What comes before the confirmation belongs to an earlier want that has ended.
            guard self.wanted[channel]?.isConfirmed == true else { return }
            bytes.withUnsafeBytes { self.listener?.received($0, on: channel) }
        }
    }
}

/// What waits for one subscriber. From any thread.
final class InProcessQueue: Sendable {
    enum Entry: Sendable {
        case confirmation(BusChannel, want: UInt64)
        case message([UInt8], BusChannel)
    }

    struct Waiting: Sendable {
        var entries: [Entry] = []
        var bytes = 0
        /// Channels of which a message was dropped.
        var missed: Set<BusChannel> = []
    }

    private let waiting = Locked(Waiting())
    private let limits: InProcessBus.Limits
    private let wake: @Sendable () -> Void

    init(limits: InProcessBus.Limits, wake: @escaping @Sendable () -> Void) {
        self.limits = limits
        self.wake = wake
    }

    var isEmpty: Bool { self.waiting.withLock { $0.entries.isEmpty } }

    func confirm(_ channel: BusChannel, want: UInt64) {
        let isFirst = self.waiting.withLock { waiting in
            waiting.entries.append(.confirmation(channel, want: want))
            return waiting.entries.count == 1
        }
        if isFirst { self.wake() }
    }

    /// - Returns: whether there was room for it.
    func append(_ message: [UInt8], on channel: BusChannel) -> Bool {
        let (isTaken, isFirst) = self.waiting.withLock { waiting in
            guard waiting.entries.count < self.limits.messages, waiting.bytes + message.count <= self.limits.bytes
            else {
                waiting.missed.insert(channel)
                // If it does not fit into an empty queue, nobody has been woken yet.
                return (false, waiting.entries.isEmpty)
            }
            waiting.entries.append(.message(message, channel))
            waiting.bytes += message.count
            return (true, waiting.entries.count == 1)
        }
        if isFirst { self.wake() }
        return isTaken
    }

    func takeAll() -> Waiting {
        self.waiting.withLock { waiting in
            let taken = waiting
            waiting = Waiting()
            return taken
        }
    }

    func wakeAgain() { self.wake() }
}

/// The in-process subscribers of one loop, by number: what a task from another thread can name. The loop alone holds it.
private final class InProcessDesk {
    let register = InProcessRegister()

    static func of(_ loop: EventLoop) -> InProcessDesk {
        if let existing = loop.attachment(InProcessDesk.self) { return existing }
        let desk = InProcessDesk()
        loop.attach(desk)
        return desk
    }

    deinit { self.register.stopAll() }
}

/// Who is there. Whoever enters leaves before it goes; nothing is weak, which each message would pay for.
private final class InProcessRegister {
    private struct Place {
        unowned let subscriber: InProcessSubscriber
    }

    private var places: [UInt64: Place] = [:]
    private var lastNumber: UInt64 = 0

    func newNumber() -> UInt64 {
        self.lastNumber += 1
        return self.lastNumber
    }

    func enter(_ subscriber: InProcessSubscriber, as number: UInt64) {
        self.places[number] = Place(subscriber: subscriber)
    }

    func leave(_ number: UInt64) { self.places[number] = nil }

    func subscriber(_ number: UInt64) -> InProcessSubscriber? { self.places[number]?.subscriber }

    func stopAll() {
        while let place = self.places.values.first { place.subscriber.stop() }
    }
}
