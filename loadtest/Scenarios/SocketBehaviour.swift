/// What the sockets of a worker do once they are open: the part of a scenario that runs on the loop.
protocol SocketBehaviour: AnyObject {
    /// Who the sockets are in the hotel, if the run is about one; before the first one opens.
    func enter(_ brief: HotelBrief)

    /// A socket's handshake was accepted.
    ///
    /// - Returns: whether it is ready with that; else it will be `joined`, or `joinFailed`.
    func opened(_ socket: Int) -> Bool

    /// A message came whole on an open socket, or on one that is about to join; the bytes are valid during the call.
    func received(_ socket: Int, _ message: UnsafeRawBufferPointer, at now: UInt64)

    /// The cluster has accepted a command of this run.
    func confirmed(_ confirmation: Confirmation)

    /// Traffic may begin; `open` are the sockets that take part.
    func run(_ open: [Int], _ window: Window)

    /// Does what is due.
    ///
    /// - Returns: when to come again, in monotonic nanoseconds; `nil` for never.
    func act(at now: UInt64) -> UInt64?

    /// Ends connections of its own.
    func close()
}

extension SocketBehaviour {
    func enter(_ brief: HotelBrief) {}
    func opened(_ socket: Int) -> Bool { true }
    func confirmed(_ confirmation: Confirmation) {}
    func close() {}
}

extension Scenario {
    /// What the sockets of this scenario do.
    func behaviour(_ plan: Plan, role: WorkerRole, swarm: Swarm) -> any SocketBehaviour {
        let form = MessageForm(run: role.run, byteCount: plan.messageBytes)
        let judge = MessageJudge(form, sockets: swarm.count, measurements: swarm.measurements)
        switch self {
        case .connect, .idle: return IdleBehaviour(judge)
        case .fanout where plan.hotel != nil: return HotelBehaviour(plan: plan, role: role, swarm: swarm)
        case .fanout: return FanoutBehaviour(judge)
        case .echo: return EchoBehaviour(judge, plan: plan, role: role, swarm: swarm)
        }
    }
}

/// Sockets that only exist. A message to them would be a stranger's.
final class IdleBehaviour: SocketBehaviour {
    private let judge: MessageJudge

    init(_ judge: MessageJudge) { self.judge = judge }

    func received(_ socket: Int, _ message: UnsafeRawBufferPointer, at now: UInt64) {
        self.judge.judge(socket, message, lane: .max, at: now)
    }

    func run(_ open: [Int], _ window: Window) {}

    func act(at now: UInt64) -> UInt64? { nil }
}

/// Sockets that are told what the publisher says.
final class FanoutBehaviour: SocketBehaviour {
    private let judge: MessageJudge

    init(_ judge: MessageJudge) { self.judge = judge }

    func received(_ socket: Int, _ message: UnsafeRawBufferPointer, at now: UInt64) {
        self.judge.judge(socket, message, lane: Publisher.lane, at: now)
    }

    func run(_ open: [Int], _ window: Window) {}

    func act(at now: UInt64) -> UInt64? { nil }
}
