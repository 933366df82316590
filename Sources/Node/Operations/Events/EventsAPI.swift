internal import Hotel
package import Ports
package import Shared
internal import Wire

/// The log over REST: what a caller may see of it, for clients without a socket and for those who look back.
package struct EventsAPI: Sendable {
    package static let tag = RESTTag("Events", "What has happened, as far as the caller may know it.")

    /// So many events are looked through for one page, however few of them the caller may see.
    private static let mostScanned: Int64 = 5_000
    private static let batch = 500

    private let log: any EventStore
    private let tenants: any ActorDirectory

    package init(log: any EventStore, tenants: any ActorDirectory) {
        self.log = log
        self.tenants = tenants
    }

    package var operations: [RESTOperation] {
        [
            RESTOperation(
                .get, "/v1/events", id: "listEvents", "The caller's visible part of the log, in its order.",
                tag: Self.tag.name, permission: nil, takes: EventListInput.self, answers: .one(VisibleEvents.shape)
            ) { try await self.list($0) }
        ]
    }

    private func list(_ request: RESTRequest<EventListInput>) async throws -> VisibleEvents {
        let caller = request.caller
        let stream = caller.tenant.map { EventStream.tenant($0) } ?? .system
        var directory: TenantDirectory?
        if let tenant = caller.tenant { directory = try await self.tenants.directory(of: tenant) }
        var sight = EventSight(ChannelEntitlement(caller.actor, in: directory), of: stream)
        guard let head = try await self.log.heads(of: [stream])[stream] else { throw Refusal(.notFound) }
        var scanned = min(request.input.after, head.seq)
        let last = min(head.seq, scanned + Self.mostScanned)
        var items: [VisibleEvent] = []
        var scannedAt: Timestamp?
        while scanned < last, items.count < request.input.limit {
            let events = try await self.log.events(
                of: stream, after: scanned, through: last, limit: Self.batch, notBefore: scannedAt)
            // Old months are let go of at some time: what is not there any more is passed over.
            if events.isEmpty { scanned = last }
            for event in events where items.count < request.input.limit {
                (scanned, scannedAt) = (event.seq, event.recordedAt)
                if let visible = sight.see(event) { items.append(visible) }
            }
        }
        return VisibleEvents(items: items, next: scanned < head.seq ? scanned : nil, position: head)
    }
}

/// What the request says.
struct EventListInput: RESTInput {
    let after: Int64
    let limit: Int

    init(reading request: inout RESTReader) {
        self.after = Int64(
            request.query("after", in: 0...Int(Int64.max), usually: 0, note: "The last `seq` that is known."))
        self.limit = request.query("limit", in: 1...RESTReader.mostItems, usually: 50, note: "At most so many items.")
    }
}

/// An event as one caller may see it.
struct VisibleEvent: Sendable {
    let seq: Int64
    let name: String
    /// On which of the caller's channels it is told.
    let channels: [String]
    let data: [UInt8]
}

/// A part of the log.
struct VisibleEvents: Sendable {
    let items: [VisibleEvent]
    /// After which to ask for more; `nil` at the end of the log.
    let next: Int64?
    let position: StreamHead

    private static let item = JSONShape<VisibleEvent>.object("Event") { members in
        members.member("seq", .count, \.seq)
        members.member("name", .text, \.name)
        members.member("channels", .array(of: .text), \.channels)
        members.member("data", JSONShape<[UInt8]>(.anyObject) { $1.raw($0) }, \.data)
    }

    static let shape = JSONShape<VisibleEvents>.object("EventPage") { members in
        members.member("items", .array(of: Self.item), \.items)
        members.nullable("next", .count, \.next)
        members.member("seq", .count, \.position.seq)
        members.member("epoch", .count, \.position.epoch.raw)
    }
}

/// What one caller sees of a stream: what is told on a channel that the caller may join.
private struct EventSight {
    private let entitlement: ChannelEntitlement
    private let stream: EventStream
    /// The channels of audiences that were asked about; `nil` for those that the caller may not join.
    private var known: [Audience: String?] = [:]

    init(_ entitlement: ChannelEntitlement, of stream: EventStream) {
        self.entitlement = entitlement
        self.stream = stream
    }

    /// The event in the fullest telling that the caller hears; `nil` if there is none.
    mutating func see(_ event: LoggedEvent) -> VisibleEvent? {
        var channels: [String] = []
        var fullest: Int?
        for target in event.targets {
            guard let channel = self.channel(of: target.audience) else { continue }
            let projection = Int(target.projection)
            if !channels.contains(channel) { channels.append(channel) }
            let isFuller = fullest.map { event.projections[projection].count > event.projections[$0].count } ?? true
            if isFuller { fullest = projection }
        }
        guard let fullest else { return nil }
        var data: [UInt8] = []
        event.appendPayload(fullest, to: &data)
        return VisibleEvent(seq: event.seq, name: event.name, channels: channels, data: data)
    }

    private mutating func channel(of audience: Audience) -> String? {
        if let known = self.known[audience] { return known }
        let channel = DomainChannel(ChannelSource(self.stream, audience))
        let name = channel.flatMap { self.entitlement.allows($0) ? $0.name : nil }
        self.known[audience] = .some(name)
        return name
    }
}
