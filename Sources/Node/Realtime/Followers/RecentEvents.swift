internal import Shared

/// The events that this node has delivered or read lately, for those who come back: one budget of bytes for all streams,
/// in which what was used longest ago gives way.
///
/// Events lie in pages of 256 numbers, the same for everybody, so that clients who come back from slightly different
/// positions ask for the same page. A page holds a run of events without a gap; it may be a part of its numbers.
struct RecentEvents {
    static let pageEvents: Int64 = 256

    /// The same stream after a restore is another.
    struct Source: Hashable {
        let stream: EventStream
        let epoch: Epoch
    }

    struct PageKey: Hashable {
        let source: Source
        let index: Int64

        /// The page in which the event behind this position lies.
        init(_ source: Source, after seq: Int64) {
            self.source = source
            self.index = seq / RecentEvents.pageEvents
        }

        /// The position before its first event.
        var after: Int64 { self.index * RecentEvents.pageEvents }
        /// The number of its last event.
        var through: Int64 { self.after + RecentEvents.pageEvents }
    }

    private struct Page {
        var events: [LoggedEvent] = []
        var bytes = 0
        var used: UInt64 = 0
    }

    private let budget: Int
    private var pages: [PageKey: Page] = [:]
    private var clock: UInt64 = 0
    private(set) var bytes = 0

    init(budget: Int) { self.budget = budget }

    var pageCount: Int { self.pages.count }

    /// Remembers events that were delivered, in order.
    mutating func append(_ events: [LoggedEvent], of source: Source) {
        self.clock += 1
        for event in events { self.append(event, to: PageKey(source, after: event.seq - 1)) }
        self.evict()
    }

    private mutating func append(_ event: LoggedEvent, to key: PageKey) {
        let bytes = event.byteCount
        var added = bytes
        let clock = self.clock
        func change(_ page: inout Page) {
            page.used = clock
            if let first = page.events.first, let last = page.events.last, last.seq + 1 != event.seq {
                guard event.seq < first.seq || event.seq > last.seq else {
                    added = 0
                    return
                }
                added -= page.bytes
                page = Page(used: clock)
            }
            page.events.append(event)
            page.bytes += bytes
        }
        change(&self.pages[key, default: Page()])
        self.bytes += added
    }

    /// Remembers what was read of one page: a run without a gap.
    mutating func insert(_ events: [LoggedEvent], as key: PageKey) {
        self.clock += 1
        let old = self.pages[key]
        guard events.count > old?.events.count ?? 0 else { return }
        let page = Page(events: events, bytes: events.reduce(0) { $0 + $1.byteCount }, used: self.clock)
        self.bytes += page.bytes - (old?.bytes ?? 0)
        self.pages[key] = page
        self.evict()
    }

    /// Events behind a position, as far as their page has them and not beyond `through`; `nil` if the next one is not here.
    mutating func events(of source: Source, after: Int64, through: Int64) -> [LoggedEvent]? {
        let key = PageKey(source, after: after)
        guard let events = self.pages[key]?.events, let run = Self.run(events, after: after, through: through) else {
            return nil
        }
        self.clock += 1
        self.pages[key]?.used = self.clock
        return run
    }

    /// The part of a gapless run that lies behind `after`; `nil` if that does not begin with the next event.
    static func run(_ events: [LoggedEvent], after: Int64, through: Int64) -> [LoggedEvent]? {
        guard let first = events.first?.seq, let last = events.last?.seq, first - 1 <= after, last > after,
            through > after
        else { return nil }
        return Array(events[Int(after + 1 - first)...Int(min(last, through) - first)])
    }

    /// Makes room, a little more than is needed, so that this is rare.
    private mutating func evict() {
        guard self.bytes > self.budget else { return }
        for (key, page) in self.pages.sorted(by: { $0.value.used < $1.value.used }) {
            guard self.bytes > self.budget / 8 * 7 else { return }
            self.pages[key] = nil
            self.bytes -= page.bytes
        }
    }
}
