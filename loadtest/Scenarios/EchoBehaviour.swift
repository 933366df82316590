/// Sockets that ask and are answered, each at its own steady rate, all spread evenly over time.
final class EchoBehaviour: SocketBehaviour {
    private let judge: MessageJudge
    private let plan: Plan
    private let role: WorkerRole
    /// The swarm owns its behaviour.
    private unowned let swarm: Swarm
    private var open: [Int] = []
    private var sequences: [UInt64]
    private var timetable: Timetable?

    init(_ judge: MessageJudge, plan: Plan, role: WorkerRole, swarm: Swarm) {
        (self.judge, self.plan, self.role, self.swarm) = (judge, plan, role, swarm)
        self.sequences = Array(repeating: 0, count: swarm.count)
    }

    func received(_ socket: Int, _ message: UnsafeRawBufferPointer, at now: UInt64) {
        self.judge.judge(socket, message, lane: self.lane(socket), at: now)
    }

    func run(_ open: [Int], _ window: Window) {
        guard !open.isEmpty else { return }
        self.open = open
        let perSecond = self.plan.rate * Double(open.count)
        // Workers take turns between each other's requests.
        let offset = 1e9 / perSecond * Double(self.role.index) / Double(self.role.count)
        self.timetable = Timetable(start: window.begin + UInt64(offset), perSecond: perSecond)
    }

    func act(at now: UInt64) -> UInt64? {
        while let turn = self.timetable?.next, let due = self.timetable?.take(at: now) {
            let window = self.swarm.measurements.window
            guard due < window.end else {
                self.timetable = nil
                return nil
            }
            let socket = self.open[Int(turn % UInt64(self.open.count))]
            // Counted even if the socket is gone: who is not there to be answered has lost the answer.
            if window.counts(due) { self.swarm.measurements.result.figures[.sent] &+= 1 }
            let stamp = EventStamp(lane: self.lane(socket), sequence: self.sequences[socket], due: due)
            self.sequences[socket] &+= 1
            self.swarm.send(socket, self.judge.form.message(stamp))
        }
        return self.timetable?.nextDue
    }

    private func lane(_ socket: Int) -> UInt32 {
        UInt32(truncatingIfNeeded: socket &* self.role.count &+ self.role.index)
    }
}
