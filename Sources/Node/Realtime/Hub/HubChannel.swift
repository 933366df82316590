internal import Reactor
internal import Shared

/// One audience of one stream, under one spelling, on one loop: who listens, and what waits for the end of the turn.
final class HubChannel {
    // Safety: the stream lives as long as it has channels.
    unowned let stream: HubStream
    let audience: Audience
    let style: FrameStyle
    let middle: [UInt8]
    /// Without compression, and with frames that are compressed once for all.
    var plain = Members()
    var deflated = Members()
    /// All its subscriptions, also those that are not live yet.
    var subscriptionCount = 0
    /// The latest event that was framed: an event is told once, also if it names the audience twice.
    var lastSeq: Int64 = 0
    var isDirty = false

    /// Dense, so that telling all of them is a walk over an array; the order is not kept.
    struct Members {
        var ids: [ConnectionID] = []
        /// In step with `ids`: the subscriptions' slots in the hub.
        var slots: [UInt32] = []
        var run: FrameRun?
    }

    init(_ stream: HubStream, _ audience: Audience, _ style: FrameStyle) {
        self.stream = stream
        self.audience = audience
        self.style = style
        self.middle = style.middle
    }
}

/// One stream on one loop: how far it has been told, and its channels.
final class HubStream {
    enum Phase {
        /// The followers have been asked; the answer carries this number.
        case opening(UInt64)
        case open(UInt64)
    }

    let stream: EventStream
    var phase: Phase
    var epoch = Epoch(raw: 0)
    /// The number of the latest event that this loop was given.
    var position: Int64 = 0
    var channels: [Audience: [HubChannel]] = [:]
    var subscriptionCount = 0
    /// From this time of the loop on, every event of the stream was told here; what was before is not known.
    var completeSince: UInt64 = 0
    /// Subscriptions that came before the stream had a position.
    var waiting: [(id: SubscriptionID, since: ResumePoint?)] = []
    /// How many subscriptions are being replayed, and the latest events for as long as there are any.
    var replaying = 0
    var tail = ReplayTail()
    /// The slots of those whose position lies ahead of this loop's, some of which may be gone.
    var ahead: [UInt32] = []

    init(_ stream: EventStream, number: UInt64) {
        self.stream = stream
        self.phase = .opening(number)
    }

    var head: StreamHead { StreamHead(epoch: self.epoch, seq: self.position) }

    var number: UInt64 {
        switch self.phase {
        case .opening(let number), .open(let number): number
        }
    }

    var isOpen: Bool {
        if case .open = self.phase { return true }
        return false
    }
}

/// The live events of a stream while somebody is being replayed: what lies behind the cut, one queue for all of them. Whom it
/// does not reach back to reads them again.
struct ReplayTail {
    static let mostEvents = 1024
    static let mostBytes = 1 << 20

    private var events: [LoggedEvent] = []
    private var bytes = 0

    mutating func append(_ event: LoggedEvent) {
        self.events.append(event)
        self.bytes += event.byteCount
        guard self.events.count > Self.mostEvents || self.bytes > Self.mostBytes else { return }
        // The older half goes at once, so that this is rare.
        let gone = (self.events.count + 1) / 2
        for event in self.events[..<gone] { self.bytes -= event.byteCount }
        self.events.removeFirst(gone)
    }

    mutating func clear() {
        self.events = []
        self.bytes = 0
    }

    /// The events behind a position; `nil` if they are not all here.
    func events(after seq: Int64) -> [LoggedEvent]? {
        RecentEvents.run(self.events, after: seq, through: .max)
    }
}
