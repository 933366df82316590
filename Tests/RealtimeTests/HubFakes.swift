import Hotel
import Reactor
import Shared

@testable import Realtime

/// A log in memory that can be slow, fail, lose its past, and says what it was asked.
final class ScriptedStore: EventStore {
    struct State {
        var epoch: Int64 = 1
        var logs: [EventStream: [LoggedEvent]] = [:]
        var failures = 0
        var isHeld = false
        var held: [CheckedContinuation<Void, Never>] = []
        var headQueries: [Set<EventStream>] = []
        /// When each query for heads began and ended, in monotonic nanoseconds.
        var headTimes: [(began: UInt64, ended: UInt64)] = []
        var reads: [Read] = []
        /// Heads behind which a follower found its stream.
        var renewals: [StreamHead] = []
    }

    struct Read: Equatable {
        let after: Int64
        let through: Int64
    }

    let state = Locked(State())

    /// Answers wait from now on.
    func hold() { self.state.withLock { $0.isHeld = true } }

    func release() {
        let held = self.state.withLock { state in
            state.isHeld = false
            defer { state.held = [] }
            return state.held
        }
        for continuation in held { continuation.resume() }
    }

    /// The next calls fail.
    func fail(_ count: Int) { self.state.withLock { $0.failures = count } }

    func heads(of streams: [EventStream]) async throws(StoreError) -> [EventStream: StreamHead] {
        self.state.withLock { $0.headQueries.append(Set(streams)) }
        let began = SystemClock.monotonicNanoseconds
        try await self.pass()
        return self.state.withLock { state in
            state.headTimes.append((began, SystemClock.monotonicNanoseconds))
            var heads: [EventStream: StreamHead] = [:]
            for stream in streams {
                guard let log = state.logs[stream] else { continue }
                heads[stream] = StreamHead(
                    epoch: Epoch(raw: state.epoch), seq: log.last?.seq ?? 0, lastAt: log.last?.recordedAt)
            }
            return heads
        }
    }

    func events(
        of stream: EventStream, after: Int64, through: Int64, limit: Int, notBefore: Timestamp?
    ) async throws(StoreError) -> [LoggedEvent] {
        self.state.withLock { $0.reads.append(Read(after: after, through: through)) }
        try await self.pass()
        return self.state.withLock { state in
            let log = state.logs[stream] ?? []
            let oldest = notBefore?.milliseconds ?? .min
            return Array(
                log.filter { $0.seq > after && $0.seq <= through && $0.recordedAt.milliseconds >= oldest }.prefix(limit)
            )
        }
    }

    func renewEpoch(of stream: EventStream, delivered: StreamHead) async throws(StoreError) -> StreamHead? {
        try await self.pass()
        return self.state.withLock { state in
            state.renewals.append(delivered)
            guard let log = state.logs[stream] else { return nil }
            if delivered.epoch.raw == state.epoch, (log.last?.seq ?? 0) < delivered.seq { state.epoch += 1 }
            return StreamHead(epoch: Epoch(raw: state.epoch), seq: log.last?.seq ?? 0)
        }
    }

    private func pass() async throws(StoreError) {
        await withCheckedContinuation { continuation in
            let isFree = self.state.withLock { state in
                if state.isHeld { state.held.append(continuation) }
                return !state.isHeld
            }
            if isFree { continuation.resume() }
        }
        let fails = self.state.withLock { state in
            guard state.failures > 0 else { return false }
            state.failures -= 1
            return true
        }
        if fails { throw .unavailable }
    }

    // MARK: What the test does

    func create(_ stream: EventStream) { self.state.withLock { $0.logs[stream] = $0.logs[stream] ?? [] } }

    /// Appends an event for these audiences and gives its hint.
    func commit(
        _ stream: EventStream, to audiences: [Audience], text: String = "", name: String = "room:status_changed",
        at time: Timestamp = SystemClock.now
    ) -> [UInt8] {
        self.append(to: stream) { seq in
            LoggedEvent(
                seq: seq, recordedAt: time, id: EventID(raw: UInt128(seq)), name: name,
                targets: audiences.map { EventTarget($0, projection: 0) },
                projections: [Array(#"{"text":"\#(text)","meta":{"n":\#(seq)"#.utf8)])
        }
    }

    /// Appends what an event of the hotel says in this stream, and gives the hints.
    func commit(_ event: DomainEvent, of stream: EventStream) -> [[UInt8]] {
        let meta = EventMeta(
            id: .new(), occurredAt: SystemClock.now, actor: .system, correlation: .new(), operation: nil)
        return event.drafts(meta).filter { $0.stream == stream }.map { draft in
            self.append(to: stream) { seq in
                LoggedEvent(
                    seq: seq, recordedAt: SystemClock.now, id: draft.id, name: draft.name, targets: draft.targets,
                    projections: draft.projections)
            }
        }
    }

    private func append(to stream: EventStream, _ make: (Int64) -> LoggedEvent) -> [UInt8] {
        self.state.withLock { state in
            let event = make((state.logs[stream]?.last?.seq ?? 0) + 1)
            state.logs[stream, default: []].append(event)
            return Hint.messages(of: [event], epoch: Epoch(raw: state.epoch))[0]
        }
    }

    /// The database comes back without its latest events, and with a new epoch unless nobody noticed.
    func goBack(_ stream: EventStream, by count: Int, newEpoch: Bool) {
        self.state.withLock { state in
            state.logs[stream]?.removeLast(count)
            if newEpoch { state.epoch += 1 }
        }
    }
}

/// A bus whose messages are what the test says. Confined to its loop, like a real one.
final class ScriptedBus: BusSubscriber {
    weak var listener: (any BusListener)?
    private(set) var wanted: Set<BusChannel> = []
    private(set) var subscriptions = 0
    var confirms = true
    var isWell = true

    func subscribe(to channel: BusChannel) {
        guard self.wanted.insert(channel).inserted else { return }
        self.subscriptions += 1
        if self.confirms { self.listener?.subscribed(to: channel) }
    }

    func unsubscribe(from channel: BusChannel) { self.wanted.remove(channel) }

    func isHealthy(_ channel: BusChannel) -> Bool { self.isWell }

    func confirmAll() {
        self.confirms = true
        for channel in self.wanted { self.listener?.subscribed(to: channel) }
    }

    func setWell(_ isWell: Bool) {
        self.isWell = isWell
        self.listener?.healthChanged()
    }

    func say(_ message: [UInt8], on channel: BusChannel) {
        guard self.wanted.contains(channel) else { return }
        message.withUnsafeBytes { self.listener?.received($0, on: channel) }
    }
}
