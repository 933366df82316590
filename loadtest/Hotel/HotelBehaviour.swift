internal import Reactor
internal import Shared
internal import Wire

/// Sockets of the hotel's staff: each has its channel signed by a node, subscribes, and hears what happens in its tenant.
final class HotelBehaviour: SocketBehaviour {
    /// Connections for signatures, to each server.
    static let linesEach = 4

    private let plan: Plan
    private let role: WorkerRole
    /// The swarm owns its behaviour.
    private unowned let swarm: Swarm
    private let desk: RequestPool
    private var brief = HotelBrief()
    private var judge: ChangeJudge?
    private var reader = PusherNewsReader()

    init(plan: Plan, role: WorkerRole, swarm: Swarm) {
        (self.plan, self.role, self.swarm) = (plan, role, swarm)
        self.desk = RequestPool(
            plan.targets.map { $0.with(scheme: .http, path: "/broadcasting/auth") }, addresses: swarm.addresses,
            linesEach: Self.linesEach, seconds: plan.connectSeconds, loop: swarm.loop)
    }

    func enter(_ brief: HotelBrief) {
        self.brief = brief
        self.judge = ChangeJudge(
            run: self.role.run, channels: brief.channels, sockets: self.swarm.count,
            measurements: self.swarm.measurements)
    }

    func confirmed(_ confirmation: Confirmation) { self.judge?.confirmed(confirmation) }

    /// The passes are dealt out so that each server has sockets of all of them.
    private func pass(_ socket: Int) -> HotelBrief.Pass {
        let turn = socket / self.plan.targets.count + self.role.index
        return self.brief.passes[turn % self.brief.passes.count]
    }

    private func channel(_ socket: Int) -> String { self.brief.channels[self.pass(socket).audience] }

    // MARK: Joining

    func opened(_ socket: Int) -> Bool { false }

    func received(_ socket: Int, _ message: UnsafeRawBufferPointer, at now: UInt64) {
        switch self.reader.read(message) {
        case .event(let event):
            self.judge?.heard(socket, of: self.pass(socket).audience, event, at: now)
        case .established(let socketID): self.authorise(socket, socketID)
        case .subscribed(let channel):
            guard channel == self.channel(socket) else { return self.stranger() }
            self.swarm.joined(socket)
        case .refused(let status): self.swarm.joinFailed(socket, .subscription(status))
        case .error(let code): self.swarm.joinFailed(socket, .closed(code))
        case .ping: self.swarm.send(socket, Array(#"{"event":"pusher:pong","data":"{}"}"#.utf8))
        case .other: break
        case .damaged: self.stranger()
        }
    }

    private func stranger() { self.swarm.measurements.result.figures[.strangers] &+= 1 }

    private func authorise(_ socket: Int, _ socketID: String) {
        let body: JSONValue = ["socket_id": .string(socketID), "channel_name": .string(self.channel(socket))]
        let request = ServerRequest(
            .post, "/broadcasting/auth", token: self.pass(socket).token, json: body.serialized)
        self.desk.ask(socket % self.plan.targets.count, request) { [weak self] result in
            self?.authorised(socket, result)
        }
    }

    private func authorised(_ socket: Int, _ result: Result<HTTPReceivedResponse, ConnectFailure>) {
        let response: HTTPReceivedResponse
        switch result {
        case .failure(let failure): return self.swarm.joinFailed(socket, failure)
        case .success(let answer): response = answer
        }
        guard response.status == 200 else { return self.swarm.joinFailed(socket, .authorisation(response.status)) }
        guard let json = try? JSONValue(parsing: response.body), let auth = json["auth"]?.text,
            let data = json["channel_data"]?.text
        else { return self.swarm.joinFailed(socket, .unreadable) }
        let command: JSONValue = [
            "event": "pusher:subscribe",
            "data": ["channel": .string(self.channel(socket)), "auth": .string(auth), "channel_data": .string(data)],
        ]
        self.swarm.send(socket, command.serialized)
    }

    // MARK: Listening

    func run(_ open: [Int], _ window: Window) {
        for socket in open { self.judge?.watches(self.pass(socket).audience) }
    }

    func act(at now: UInt64) -> UInt64? { nil }

    func close() { self.desk.close() }
}
