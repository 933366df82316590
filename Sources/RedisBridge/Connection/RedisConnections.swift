package import Reactor
internal import Shared
internal import Synchronization

/// The connections to Redis of one loop: hands what the loop tells about each to its link.
package final class RedisConnections: ConnectionHandler {
    /// How many connections the bridge may have on one loop; to be added to the loop's places.
    package static let places = 64

    /// Weak, because a subscriber may be let go after its loop has ended.
    private(set) weak var loop: EventLoop?
    private(set) var handler: HandlerID?
    private var links: [ConnectionID: RedisLink] = [:]
    private var members: [UInt64: Member] = [:]
    /// What lives as long as the loop, or until it is dismissed.
    private var residents: [UInt64: any TurnMember] = [:]

    private struct Member {
        weak var object: (any TurnMember)?
    }

    private static let lastNumber = Atomic<UInt64>(0)

    /// The one of this loop, made when it is first asked for.
    static func on(_ loop: EventLoop) -> RedisConnections {
        if let existing = loop.attachment(RedisConnections.self) { return existing }
        let connections = RedisConnections(loop: loop)
        connections.handler = loop.register(connections, budget: ConnectionBudget(limit: self.places))
        loop.attach(connections)
        return connections
    }

    private init(loop: EventLoop) { self.loop = loop }

    /// A name by which other threads can ask for an object of this loop.
    static func newNumber() -> UInt64 { self.lastNumber.wrappingAdd(1, ordering: .relaxed).newValue }

    /// - Parameter isResident: kept alive from here.
    func join(_ object: any TurnMember, as number: UInt64, isResident: Bool = false) {
        self.members[number] = Member(object: object)
        if isResident { self.residents[number] = object }
    }

    func leave(_ number: UInt64) {
        self.members[number] = nil
        self.residents[number] = nil
    }

    func member(_ number: UInt64) -> (any TurnMember)? { self.members[number]?.object }

    func connect(_ link: RedisLink, to address: SocketAddress, within milliseconds: UInt64) throws(SystemError)
        -> ConnectionID
    {
        guard let loop = self.loop, let handler = self.handler else { throw SystemError("connect", errno: 0) }
        let id = try loop.connect(to: address, handler: handler, within: milliseconds)
        self.links[id] = link
        return id
    }

    // MARK: ConnectionHandler

    package func opened(_ id: ConnectionID, peer: SocketAddress?) { self.links[id]?.opened(id) }

    package func received(_ id: ConnectionID, _ bytes: UnsafeMutableRawBufferPointer) {
        self.links[id]?.received(UnsafeRawBufferPointer(bytes))
    }

    package func inputEnded(_ id: ConnectionID) { self.loop?.drop(id) }

    package func drained(_ id: ConnectionID) { self.links[id]?.drained() }

    package func deadlinePassed(_ id: ConnectionID) { self.links[id]?.greetingIsOverdue() }

    package func closed(_ id: ConnectionID, _ reason: CloseReason) {
        self.links.removeValue(forKey: id)?.closed(id, reason)
    }

    package func turnEnded() {
        for member in self.members.values { member.object?.turnEnded() }
    }
}

/// Somebody on a loop who collects what is to be sent until the end of a turn.
protocol TurnMember: AnyObject {
    func turnEnded()
}
