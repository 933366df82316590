internal import CLinux
internal import Glibc
internal import Shared
internal import Synchronization

/// One thread's epoll, sockets, timers and mailbox. It knows no protocol: bytes go to and come from handlers.
///
/// Not `Sendable`: it is born on its thread and never leaves it; other threads hold its `LoopHandle`.
///
/// What always holds:
/// - A `ConnectionID` reaches its own connection or nothing: places in the slab carry generations, and a place is given
///   back only at the end of the turn in which its connection closed.
/// - Bytes for one connection leave in the order of the `send` calls, or the connection is closed.
/// - A turn is bounded: so many events, one read of the buffer per readable socket, so many accepted connections.
/// - Memory that waits for slow readers is bounded per connection and in total.
package final class EventLoop {
    let options: LoopOptions
    let poller: Descriptor
    let slab: ConnectionSlab
    let readBuffer: UnsafeMutableRawBufferPointer
    package let statistics: LoopStatistics
    /// What other threads hold of this loop.
    package let handle: LoopHandle

    var handlers: [any ConnectionHandler] = []
    /// By handler: how many connections it may have.
    var budgets: [ConnectionBudget] = []
    var listeners: [Listener] = []
    var tally = LoopTally()
    var wheel: TimerWheel
    /// Closed in this turn: their handlers are told, and their places given back, at its end.
    var graveyard: [Ended] = []
    /// Connections whose outbox was not empty when last looked at.
    var blocked: [ConnectionID] = []
    var heap = HeapKeeping()
    /// Kept so that one connection can be accepted and refused when descriptors have run out.
    var spareDescriptor: CInt

    /// Descriptors of C libraries, by their number.
    var watches: [UInt32: Watch] = [:]
    var lastWatch: UInt32 = 0

    private var scheduled: [UInt32: () -> Void] = [:]
    private var lastScheduled: UInt32 = 0
    private var expired: [UInt64] = []
    private var wantsAnotherTurn = false
    private var isStopping = false
    private var attachments: [ObjectIdentifier: AnyObject] = [:]

    /// Monotonic milliseconds at the start of this turn: what deadlines are measured in.
    package private(set) var now: UInt64
    /// Monotonic nanoseconds at the start of this turn.
    package private(set) var turnBegan: UInt64 = 0

    /// Opens what the loop needs; to be called on the thread that will `run` it.
    init(handle: LoopHandle, options: LoopOptions, places: Int) throws(SystemError) {
        self.handle = handle
        self.options = options
        self.statistics = handle.statistics
        self.poller = Descriptor(owning: try systemCall("epoll_create1") { epoll_create1(CInt(EPOLL_CLOEXEC)) })
        self.slab = try ConnectionSlab(capacity: places)
        self.readBuffer = .allocate(byteCount: options.readBufferBytes, alignment: 64)
        self.spareDescriptor = open("/dev/null", O_RDONLY | O_CLOEXEC)
        self.now = Self.milliseconds()
        self.wheel = TimerWheel(now: self.now)
        try self.control(EPOLL_CTL_ADD, handle.wakeDescriptor, EPOLLIN.rawValue, Self.wakeToken)
    }

    deinit {
        self.readBuffer.deallocate()
        if self.spareDescriptor >= 0 { Glibc.close(self.spareDescriptor) }
    }

    // MARK: Turning

    /// Turns until `stop`.
    func run() {
        self.keepHeap()
        withUnsafeTemporaryAllocation(of: epoll_event.self, capacity: self.options.eventsPerTurn) { events in
            while !self.isStopping { self.turn(events) }
        }
    }

    /// The end, also of a loop that never turned: every connection is closed and its handler told, and the loop lets go of
    /// all that it was given, which may hold the loop.
    func letGo() {
        self.slab.forEachLive { self.end($0, .loopStopped) }
        self.bury()
        for listener in self.listeners where listener.descriptor >= 0 { Glibc.close(listener.descriptor) }
        // What tasks and handlers hold of each other goes with them.
        self.scheduled = [:]
        self.watches = [:]
        self.handlers = []
        self.attachments = [:]
        self.publish()
    }

    /// Ends `run` after this turn.
    package func stop() { self.isStopping = true }

    private func turn(_ events: UnsafeMutableBufferPointer<epoll_event>) {
        let count = epoll_wait(self.poller.raw, events.baseAddress, CInt(events.count), self.patience())
        let began = SystemClock.monotonicNanoseconds
        self.turnBegan = began
        self.now = began / 1_000_000
        self.statistics.heartbeat.store(self.now, ordering: .relaxed)
        self.wantsAnotherTurn = false
        for index in 0..<max(0, Int(count)) {
            self.dispatch(events[index].data.u64, events[index].events)
        }
        self.fireTimers()
        for handler in self.handlers { handler.turnEnded() }
        self.bury()
        self.publish()
        self.statistics.recordTurn(microseconds: (SystemClock.monotonicNanoseconds - began) / 1000)
    }

    /// How long epoll may wait: never longer than the heartbeat, and not at all if work is left.
    private func patience() -> CInt {
        if self.wantsAnotherTurn { return 0 }
        guard let tick = self.wheel.nextTick else { return Self.heartbeatMilliseconds }
        let now = Self.milliseconds()
        return tick <= now ? 0 : CInt(min(tick - now, UInt64(Self.heartbeatMilliseconds)))
    }

    private func dispatch(_ token: UInt64, _ events: UInt32) {
        let id = ConnectionID(raw: token)
        if id.generation != 0 {
            self.connectionReady(id, events)
        } else if token == Self.wakeToken {
            self.handle.acknowledgeWake()
            for task in self.handle.mailbox.drain() { task(self) }
        } else if !self.watchReady(token, events) {
            self.accept(id.place)
        }
    }

    /// Asks for a turn right after this one, without waiting for events.
    package func requestTurn() { self.wantsAnotherTurn = true }

    func bury() {
        // A handler that is told of an end may end others: they are told in the same round.
        var next = 0
        while next < self.graveyard.count {
            let id = self.graveyard[next].id
            let reason = self.graveyard[next].reason
            next += 1
            let slot = self.slab.slots + id.place
            if slot.pointee.timer != .none { self.wheel.cancel(slot.pointee.timer) }
            self.handlers[Int(slot.pointee.handler)].closed(id, reason)
            self.budgets[Int(slot.pointee.handler)].release()
            self.slab.release(id.place)
        }
        self.graveyard.removeAll(keepingCapacity: self.graveyard.count < 4096)
        if next > 0 { self.wantsAnotherTurn = true }
    }

    private func publish() {
        self.tally.publish(to: self.statistics, connections: self.slab.inUse)
    }

    // MARK: Timers

    /// Runs `action` on this loop after some milliseconds; not to be used per connection (`setDeadline` is).
    @discardableResult
    package func schedule(after milliseconds: UInt64, _ action: @escaping () -> Void) -> ScheduledAction {
        repeat { self.lastScheduled &+= 1 } while self.scheduled[self.lastScheduled] != nil
        self.scheduled[self.lastScheduled] = action
        _ = self.wheel.insert(UInt64(self.lastScheduled), at: self.now + milliseconds)
        return ScheduledAction(number: self.lastScheduled)
    }

    /// Forgets an action that has not run; for one that has, nothing happens.
    package func cancel(_ action: ScheduledAction) { self.scheduled[action.number] = nil }

    /// Sets the connection's one deadline, in the milliseconds of `now`; `nil` takes it away.
    package func setDeadline(_ id: ConnectionID, at deadline: UInt64?) {
        guard let slot = self.slab.live(id) else { return }
        if slot.pointee.timer != .none { self.wheel.cancel(slot.pointee.timer) }
        slot.pointee.timer = deadline.map { self.wheel.insert(id.raw, at: $0) } ?? .none
    }

    private func fireTimers() {
        self.wheel.expire(upTo: self.now, &self.expired)
        guard !self.expired.isEmpty else { return }
        // All of them have left the wheel. No slot may still name one when the first handler is called, which may move
        // the deadline of another connection: it would take a stranger's timer out of the wheel.
        for payload in self.expired where ConnectionID(raw: payload).generation != 0 {
            self.slab.slots[ConnectionID(raw: payload).place].timer = .none
        }
        for payload in self.expired {
            let id = ConnectionID(raw: payload)
            if id.generation == 0 {
                self.scheduled.removeValue(forKey: UInt32(truncatingIfNeeded: payload))?()
            } else if let slot = self.slab.live(id), slot.pointee.timer == .none {
                self.connectionDeadline(slot, id)
            }
        }
        self.expired.removeAll(keepingCapacity: true)
    }

    private func connectionDeadline(_ slot: UnsafeMutablePointer<ConnectionSlot>, _ id: ConnectionID) {
        switch slot.pointee.state {
        case .open: self.handlers[Int(slot.pointee.handler)].deadlinePassed(id)
        case .connecting: self.end(id, .failed(errno: ETIMEDOUT))
        case .finishing: self.finishingIsOverdue(slot, id)
        // The kernel goes on sending what it has for as long as the peer acknowledges it.
        case .lingering:
            self.tally.slowCloses += 1
            self.end(id, .lingerTimedOut)
        case .free, .closed: break
        }
    }

    // MARK: Registration

    /// Makes a handler known to this loop; it lives as long as the loop.
    ///
    /// - Parameter budget: how many connections it may have, together with all others of the same budget; without one, as
    ///   many as the loop has places.
    package func register(_ handler: any ConnectionHandler, budget: ConnectionBudget? = nil) -> HandlerID {
        precondition(self.handlers.count < 255, "a loop has a few handlers, not hundreds")
        self.handlers.append(handler)
        self.budgets.append(budget ?? ConnectionBudget(limit: self.slab.capacity))
        return HandlerID(index: UInt8(self.handlers.count - 1))
    }

    /// Who serves a connection that is still there.
    package func handler(of id: ConnectionID) -> (any ConnectionHandler)? {
        self.slab.live(id).map { self.handlers[Int($0.pointee.handler)] }
    }

    /// Who serves what a listener accepts.
    package func handler(of listener: ListenerID) -> any ConnectionHandler {
        self.handlers[Int(self.listeners[listener.index].handler)]
    }

    /// The open connections of one handler.
    package func connections(of handler: HandlerID) -> [ConnectionID] {
        var ids: [ConnectionID] = []
        self.slab.forEachLive { id in
            let slot = self.slab.slots[id.place]
            if slot.handler == handler.index, slot.state == .open { ids.append(id) }
        }
        return ids
    }

    /// Keeps an object of this loop where tasks that are posted to the loop find it by its type.
    package func attach<Object: AnyObject>(_ object: Object) {
        self.attachments[ObjectIdentifier(Object.self)] = object
    }

    /// The object of that type that was attached.
    package func attachment<Object: AnyObject>(_ type: Object.Type = Object.self) -> Object? {
        self.attachments[ObjectIdentifier(type)] as? Object
    }

    func control(_ operation: CInt, _ descriptor: CInt, _ events: UInt32, _ token: UInt64) throws(SystemError) {
        var event = epoll_event(events: events, data: epoll_data_t(u64: token))
        try systemCall("epoll_ctl") { epoll_ctl(self.poller.raw, operation, descriptor, &event) }
    }

    // MARK: Time

    private static let heartbeatMilliseconds: CInt = 1000
    private static let wakeToken = UInt64(UInt32.max)

    private static func milliseconds() -> UInt64 { SystemClock.monotonicNanoseconds / 1_000_000 }
}

/// A connection that has ended, and why.
struct Ended {
    let id: ConnectionID
    let reason: CloseReason
}

/// An action that will run later, unless it is cancelled.
package struct ScheduledAction: Sendable {
    let number: UInt32
}

/// A handler's place in its loop's table.
package struct HandlerID: Sendable {
    let index: UInt8
}
