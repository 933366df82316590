package import Reactor
package import Shared

/// Between the desk of a node and its loops.
package typealias ConnectionDoors = LoopDoors<ConnectionDesk>

/// Asks all nodes what is connected to them and answers for this one: only when somebody wants to know, so it costs nothing
/// otherwise. Confined to the bus's loop.
package final class ConnectionDesk: BusListener {
    /// What comes of one question: full when all nodes have answered.
    private final class Round {
        let expected: Set<String>
        var answers: [String: Connections] = [:]
        let done: @Sendable (ConnectionReport) -> Void

        init(_ expected: Set<String>, _ done: @escaping @Sendable (ConnectionReport) -> Void) {
            self.expected = expected
            self.done = done
        }

        var report: ConnectionReport {
            ConnectionReport(
                nodes: self.answers, silent: self.expected.subtracting(self.answers.keys).sorted())
        }
    }

    private unowned let loop: EventLoop
    private let bus: any BusSubscriber
    private let publisher: any BusPublisher
    private let doors: ConnectionDoors
    private let node: String
    private var rounds: [Int64: Round] = [:]
    private var lastNumber: Int64 = 0

    /// Milliseconds for which answers are waited for.
    private static let patience: UInt64 = 1_500

    /// Begins; to be called on the bus's loop, which keeps it.
    ///
    /// - Parameter bus: a subscriber of its own, on this loop.
    @discardableResult
    package init(
        loop: EventLoop, bus: any BusSubscriber, publisher: any BusPublisher, doors: ConnectionDoors, node: String
    ) {
        self.loop = loop
        self.bus = bus
        self.publisher = publisher
        self.doors = doors
        self.node = node
        loop.attach(self)
        bus.listener = self
        bus.subscribe(to: ConnectionWords.questions)
        bus.subscribe(to: ConnectionWords.answers(to: node))
        doors.open(loop.handle)
    }

    /// Asks all nodes.
    func ask(
        _ tenant: TenantID?, nodes: Set<String>, done: @escaping @Sendable (ConnectionReport) -> Void
    ) {
        self.lastNumber += 1
        let number = self.lastNumber
        self.rounds[number] = Round(nodes.union([self.node]), done)
        // This node needs no bus to be asked.
        self.gather(tenant) { loop, connections in
            loop.attachment(ConnectionDesk.self)?.answered(number, connections)
        }
        self.publisher.publish(
            ConnectionWords.bytes(ConnectionWords.Question(node: self.node, number: number, tenant: tenant)),
            on: ConnectionWords.questions)
        self.loop.schedule(after: Self.patience) { [weak self] in self?.end(number) }
    }

    private func answered(_ number: Int64, _ connections: Connections) {
        self.take(ConnectionWords.Answer(node: self.node, number: number, connections: connections))
    }

    private func take(_ answer: ConnectionWords.Answer) {
        guard let round = self.rounds[answer.number] else { return }
        round.answers[answer.node] = answer.connections
        if round.expected.isSubset(of: round.answers.keys) { self.end(answer.number) }
    }

    private func end(_ number: Int64) {
        guard let round = self.rounds.removeValue(forKey: number) else { return }
        round.done(round.report)
    }

    /// Asks all loops of this node, and brings what they say back to this one.
    private func gather(
        _ tenant: TenantID?, _ done: @escaping @Sendable (EventLoop, Connections) -> Void
    ) {
        let home = self.loop.handle
        let sum = Locked((left: self.doors.loopCount, connections: Connections()))
        self.doors.tellAll { loop in
            let own = loop.attachment(ConnectionHall.self)?.connections(of: tenant) ?? Connections()
            let found = sum.withLock { sum in
                sum.connections.add(own)
                sum.left -= 1
                return sum.left == 0 ? sum.connections : nil
            }
            if let found { home.post { loop in done(loop, found) } }
        }
    }

    // MARK: BusListener

    package func subscribed(to channel: BusChannel) {}

    package func received(_ message: UnsafeRawBufferPointer, on channel: BusChannel) {
        guard channel == ConnectionWords.questions else {
            if let answer = ConnectionWords.answer(message) { self.take(answer) }
            return
        }
        guard let question = ConnectionWords.question(message), question.node != self.node else { return }
        let (node, publisher) = (self.node, self.publisher)
        self.gather(question.tenant) { _, connections in
            publisher.publish(
                ConnectionWords.bytes(
                    ConnectionWords.Answer(node: node, number: question.number, connections: connections)),
                on: ConnectionWords.answers(to: question.node))
        }
    }

    package func healthChanged() {}
}

/// The desk, for those who are on no loop.
package struct ClusterConnections: ConnectionBoard {
    private let doors: ConnectionDoors
    private let registry: any NodeRegistry

    package init(doors: ConnectionDoors, registry: any NodeRegistry) {
        self.doors = doors
        self.registry = registry
    }

    package func connections(of tenant: TenantID?) async -> ConnectionReport {
        // Where nobody says who lives, whoever answers in time is told of.
        let nodes = Set((try? await self.registry.livingNodes())?.map(\.id) ?? [])
        return await withCheckedContinuation { continuation in
            self.doors.tell { desk in desk.ask(tenant, nodes: nodes) { continuation.resume(returning: $0) } }
        }
    }
}
