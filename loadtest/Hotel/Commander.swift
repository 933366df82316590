internal import Reactor
internal import Shared
internal import Wire

/// Changes the states of rooms on time, each through a node that chance chooses, and tells everybody what the cluster answered.
///
/// It never waits for an answer before the next change is due; only a room waits for its own. A command whose fate is unknown is
/// repeated with the same key, at another node, until it is known: that must not change anything twice.
final class Commander: WorkerDuty {
    /// Connections to each node: so many commands are under way there at once.
    static let linesEach = 8
    private static let mostAttempts = 8
    private static let attemptSeconds = 5.0

    private struct Command {
        let stamp: CommandStamp
        let turn: RoomRota.Turn
        let audience: Int
        let request: ServerRequest
        var attempts = 0
    }

    let measurements = Measurements()
    private unowned let loop: EventLoop
    private let plan: Plan
    private let role: WorkerRole
    private let voice: WorkerVoice
    private let nodes: RequestPool
    private var handler: HandlerID?
    private var brief = HotelBrief()
    private var rota = RoomRota([])
    private var timetable: Timetable?
    /// Under way, by number.
    private var commands: [UInt32: Command] = [:]
    /// Due, without a room that is free.
    private var overdue: [(number: UInt64, due: UInt64)] = []
    private var hasBeenAccepted = false
    private var whenClosed: (() -> Void)?

    /// - Parameter addresses: of the plan's publishers, in their order.
    init(_ plan: Plan, role: WorkerRole, addresses: [SocketAddress], loop: EventLoop, voice: WorkerVoice) {
        (self.plan, self.role, self.loop, self.voice) = (plan, role, loop, voice)
        self.nodes = RequestPool(
            plan.publishers, addresses: addresses, linesEach: Self.linesEach, seconds: Self.attemptSeconds, loop: loop)
        self.handler = loop.register(self)
    }

    // MARK: Orders

    func enter(_ brief: HotelBrief) {
        self.brief = brief
        self.rota = RoomRota(brief.rooms)
    }

    /// Connections are made when they are needed.
    func ramp(start: UInt64) { self.voice.report(.settled) }

    func run() {
        self.timetable = Timetable(
            start: self.measurements.window.begin, perSecond: self.plan.rate, burst: self.plan.burst)
    }

    /// What was not answered in time counts as refused, and so does what never found a free room.
    func settle() {
        let open = self.commands.values.map(\.stamp.due) + self.overdue.map(\.due)
        for due in open where self.measurements.window.counts(due) { self.count(.refused) }
        (self.commands, self.overdue, self.timetable) = ([:], [], nil)
    }

    func close(then done: @escaping () -> Void) {
        self.nodes.close()
        self.whenClosed = done
        self.loop.requestTurn()
    }

    // MARK: Commands

    private func commandDue(_ now: UInt64) {
        while let number = self.timetable?.next, let due = self.timetable?.take(at: now) {
            guard due < self.measurements.window.end else {
                self.timetable = nil
                break
            }
            if self.measurements.window.counts(due) { self.count(.sent) }
            self.overdue.append((number, due))
        }
        var begun = 0
        while begun < self.overdue.count, let turn = self.rota.take() {
            self.begin(self.overdue[begun].number, turn, due: self.overdue[begun].due)
            begun += 1
        }
        self.overdue.removeFirst(begun)
    }

    private func begin(_ number: UInt64, _ turn: RoomRota.Turn, due: UInt64) {
        let room = self.brief.rooms[turn.room]
        let stamp = CommandStamp(run: self.role.run, number: number, due: due)
        let body: JSONValue = ["hk_status": .string(turn.isClean ? "clean" : "dirty")]
        let request = ServerRequest(
            .patch, "/v1/rooms/\(room.id)", token: self.brief.passes[room.pass].token, key: stamp.key,
            json: body.serialized)
        self.commands[stamp.number] = Command(
            stamp: stamp, turn: turn, audience: self.brief.audience(of: room), request: request)
        self.attempt(stamp.number)
    }

    /// - Parameter spared: a node that has just failed; another one is asked if there is one.
    private func attempt(_ number: UInt32, sparing spared: Int? = nil) {
        guard let command = self.commands[number] else { return }
        self.commands[number]?.attempts += 1
        let nodes = self.plan.publishers.indices.filter { $0 != spared }
        let node = nodes.randomElement() ?? 0
        self.nodes.ask(node, command.request) { [weak self] result in self?.answered(number, result, by: node) }
    }

    private func answered(_ number: UInt32, _ result: Result<HTTPReceivedResponse, ConnectFailure>, by node: Int) {
        guard let command = self.commands[number] else { return }
        switch result {
        case .failure(let failure):
            self.retry(
                command, sparing: node, or: "\(self.plan.publishers[node].authority): \(failure.explanation)")
        case .success(let response) where response.status == 200:
            guard let json = try? JSONValue(parsing: response.body), let seq = json["seq"]?.integer,
                let outcome = json["outcome"]?.text, outcome == "applied" || outcome == "duplicate"
            else { return self.refused(command, "an outcome that is not `applied`", isFinal: true) }
            self.accepted(command, seq: seq)
        case .success(let response) where [429, 500, 502, 503, 504].contains(response.status):
            self.retry(command, sparing: node, or: "HTTP \(response.status)")
        case .success(let response):
            self.refused(command, "HTTP \(response.status)", isFinal: true)
        }
    }

    private func accepted(_ command: Command, seq: Int64) {
        let now = SystemClock.monotonicNanoseconds
        self.hasBeenAccepted = true
        self.commands[command.stamp.number] = nil
        self.rota.changed(command.turn)
        self.voice.report(
            .confirmed(
                Confirmation(
                    number: command.stamp.number, audience: command.audience, due: command.stamp.due, answered: now,
                    seq: seq)))
        guard self.measurements.window.counts(command.stamp.due) else { return }
        self.count(.accepted)
        self.measurements.result.publishTimes.record(now > command.stamp.due ? now - command.stamp.due : 0)
    }

    private func retry(_ command: Command, sparing node: Int, or reason: String) {
        let attempts = (self.commands[command.stamp.number]?.attempts ?? 0)
        guard attempts < Self.mostAttempts else { return self.refused(command, reason, isFinal: false) }
        if self.measurements.window.counts(command.stamp.due) { self.count(.retries) }
        let number = command.stamp.number
        // 25 ms, 50 ms, … 2 s at most: together as long as a node may take to be missed.
        self.loop.schedule(after: min(2000, 25 << UInt64(attempts - 1))) { [weak self] in
            self?.attempt(number, sparing: node)
        }
    }

    /// - Parameter isFinal: whether it is known that nothing was changed; else the room is left alone from now on.
    private func refused(_ command: Command, _ reason: String, isFinal: Bool) {
        self.commands[command.stamp.number] = nil
        if isFinal { self.rota.refused(command.turn) }
        if self.measurements.window.counts(command.stamp.due) { self.count(.refused) }
        guard !self.hasBeenAccepted else { return }
        self.voice.report(.hopeless("the first change of a room is refused: \(command.request.path): \(reason)"))
    }

    private func count(_ figure: Figure) { self.measurements.result.figures[figure] &+= 1 }
}

// MARK: - The loop's calls

extension Commander: ConnectionHandler {
    func opened(_ id: ConnectionID, peer: SocketAddress?) {}
    func received(_ id: ConnectionID, _ bytes: UnsafeMutableRawBufferPointer) {}
    func inputEnded(_ id: ConnectionID) {}
    func drained(_ id: ConnectionID) {}
    func deadlinePassed(_ id: ConnectionID) {}
    func closed(_ id: ConnectionID, _ reason: CloseReason) {}

    func turnEnded() {
        if let done = self.whenClosed {
            guard !self.nodes.hasConnections else { return }
            self.whenClosed = nil
            return done()
        }
        self.commandDue(SystemClock.monotonicNanoseconds)
        self.voice.alarm.set(self.timetable?.nextDue)
    }
}
