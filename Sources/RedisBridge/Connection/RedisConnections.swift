package import Reactor
internal import Shared
internal import Synchronization

/// The connections to Redis of one loop: hands what the loop tells about each to its link.
///
/// Only the loop holds it, and it goes with the loop. No reference here is weak: an object that is ever referred to weakly
/// pays for it with each message.
package final class RedisConnections: ConnectionHandler {
    /// How many connections the bridge may have on one loop; to be added to the loop's places.
    package static let places = 64

    unowned let loop: EventLoop
    /// What others hold, who may live longer than the loop.
    let anchor = LoopAnchor()
    private var handler: HandlerID?
    private var links: [ConnectionID: RedisLink] = [:]
    private var members: [UInt64: Member] = [:]
    private var order: [UInt64] = []
    /// Members that live as long as the loop, or until they leave.
    private var residents: [UInt64: any LoopMember] = [:]
    /// Links whose server's name is being looked up on another thread.
    private var lookups: [UInt64: RedisLink] = [:]

    private struct Member {
        unowned let object: any LoopMember
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

    private init(loop: EventLoop) {
        self.loop = loop
        self.anchor.connections = self
    }

    deinit {
        self.anchor.connections = nil
        for number in self.order { self.members[number]?.object.loopEnded() }
    }

    /// A name by which other threads can ask for an object of this loop.
    static func newNumber() -> UInt64 { self.lastNumber.wrappingAdd(1, ordering: .relaxed).newValue }

    /// Whoever joins leaves before it goes.
    ///
    /// - Parameter isResident: kept alive from here.
    func join(_ object: any LoopMember, as number: UInt64, isResident: Bool = false) {
        self.members[number] = Member(object: object)
        self.order.append(number)
        if isResident { self.residents[number] = object }
    }

    func leave(_ number: UInt64) {
        self.order.removeAll { $0 == number }
        self.members[number] = nil
        self.residents[number] = nil
    }

    func member(_ number: UInt64) -> (any LoopMember)? { self.members[number]?.object }

    // MARK: For links

    func connect(
        _ link: RedisLink, to address: SocketAddress, within milliseconds: UInt64
    ) throws(SystemError) -> ConnectionID {
        guard let handler = self.handler else { throw SystemError("connect", errno: 0) }
        let id = try self.loop.connect(to: address, handler: handler, within: milliseconds)
        self.links[id] = link
        return id
    }

    /// Asks for the addresses of a link's server; the link is told, unless it ends before.
    func lookUp(for link: RedisLink) {
        let (handle, number) = (self.loop.handle, Self.newNumber())
        self.lookups[number] = link
        let address = link.server.address
        HostLookup.find(address.host, port: address.port) { addresses in
            handle.post { loop in
                RedisConnections.on(loop).lookups.removeValue(forKey: number)?.found(addresses)
            }
        }
    }

    // MARK: ConnectionHandler

    package func opened(_ id: ConnectionID, peer: SocketAddress?) { self.links[id]?.opened(id) }

    package func received(_ id: ConnectionID, _ bytes: UnsafeMutableRawBufferPointer) {
        self.links[id]?.received(UnsafeRawBufferPointer(bytes))
    }

    package func inputEnded(_ id: ConnectionID) { self.loop.drop(id) }

    package func drained(_ id: ConnectionID) { self.links[id]?.drained() }

    package func deadlinePassed(_ id: ConnectionID) { self.links[id]?.greetingIsOverdue() }

    package func closed(_ id: ConnectionID, _ reason: CloseReason) {
        self.links.removeValue(forKey: id)?.closed(id, reason)
    }

    package func turnEnded() {
        // Looked up one by one: a member may leave in another's turn.
        for number in self.order { self.members[number]?.object.turnEnded() }
    }
}

/// Whether the loop is still there.
final class LoopAnchor {
    fileprivate(set) unowned var connections: RedisConnections?

    var loop: EventLoop? { self.connections?.loop }
}

/// Somebody on a loop who collects what is to be sent until the end of a turn.
protocol LoopMember: AnyObject {
    func turnEnded()
    /// The loop is gone; nothing is called any more.
    func loopEnded()
}
