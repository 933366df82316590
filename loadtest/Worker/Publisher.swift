internal import Reactor
internal import Shared
internal import Wire

/// Posts numbered events on time, each to every endpoint, pipelined on one connection per endpoint so that their order is
/// the order of their numbers.
///
/// It never waits for an answer before the next event is due: a server that stalls is charged for it.
final class Publisher: WorkerDuty {
    /// What the stamps of its events say.
    static let lane: UInt32 = 0

    /// An event that not all endpoints have answered.
    private struct Pending {
        var due: UInt64
        var missing: Int
        var isRefused = false
    }

    let measurements = Measurements()
    private unowned let loop: EventLoop
    private let plan: Plan
    private let voice: WorkerVoice
    private let form: MessageForm
    private let addresses: [SocketAddress]
    private var lines: [RequestLine]
    private var handler: HandlerID?
    private var linesByPlace: [Int: Int] = [:]
    private var timetable: Timetable?
    private var pending: [UInt64: Pending] = [:]
    private var hasSettled = false
    private var hasBeenAccepted = false
    private var whenClosed: (() -> Void)?

    /// - Parameter addresses: of the plan's publishers, in their order.
    init(_ plan: Plan, role: WorkerRole, addresses: [SocketAddress], loop: EventLoop, voice: WorkerVoice) {
        (self.plan, self.addresses, self.loop, self.voice) = (plan, addresses, loop, voice)
        self.form = MessageForm(run: role.run, byteCount: plan.messageBytes)
        self.lines = plan.publishers.map { RequestLine($0) }
        self.handler = loop.register(self)
    }

    // MARK: Orders

    func ramp(start: UInt64) {
        for line in self.lines.indices { self.connect(line) }
    }

    func run() {
        self.timetable = Timetable(
            start: self.measurements.window.begin, perSecond: self.plan.rate, burst: self.plan.burst)
    }

    func close(then done: @escaping () -> Void) {
        self.timetable = nil
        self.whenClosed = done
        for id in self.lines.compactMap(\.connection) { self.loop.drop(id) }
        self.loop.requestTurn()
    }

    // MARK: Events

    private func publishDue(_ now: UInt64) {
        while let number = self.timetable?.next, let due = self.timetable?.take(at: now) {
            let window = self.measurements.window
            guard due < window.end else {
                self.timetable = nil
                return
            }
            if window.counts(due) { self.measurements.result.figures[.sent] &+= 1 }
            self.pending[number] = Pending(due: due, missing: self.lines.count)
            let body = self.form.message(EventStamp(lane: Self.lane, sequence: number, due: due))
            for line in self.lines.indices {
                self.lines[line].add(number, ServerRequest(.post, self.plan.publishers[line].path, json: body))
                if self.lines[line].connection == nil { self.connect(line) }
            }
        }
        self.flush()
    }

    private func flush() {
        for line in self.lines.indices where self.lines[line].isOpen {
            guard let id = self.lines[line].connection, let bytes = self.lines[line].takeUnsent() else { continue }
            bytes.withUnsafeBytes { _ = self.loop.send(id, $0) }
        }
    }

    private func answered(_ number: UInt64, isAccepted: Bool) {
        guard var event = self.pending.removeValue(forKey: number) else { return }
        event.missing -= 1
        if !isAccepted { event.isRefused = true }
        guard event.missing == 0 else {
            self.pending[number] = event
            return
        }
        if !event.isRefused { self.hasBeenAccepted = true }
        guard self.measurements.window.counts(event.due) else { return }
        self.measurements.result.figures[event.isRefused ? .refused : .accepted] &+= 1
        guard !event.isRefused else { return }
        let now = SystemClock.monotonicNanoseconds
        self.measurements.result.publishTimes.record(now > event.due ? now - event.due : 0)
    }

    // MARK: Connections

    private func connect(_ line: Int) {
        guard let handler = self.handler, self.whenClosed == nil else { return }
        do throws(SystemError) {
            let id = try self.loop.connect(
                to: self.addresses[line], handler: handler, within: UInt64(self.plan.connectSeconds * 1000))
            self.lines[line].connection = id
            self.linesByPlace[id.place] = line
        } catch {
            self.failed(line, .system(error.errno))
        }
    }

    /// What that endpoint has not answered counts as refused; the next event tries to connect again.
    private func failed(_ line: Int, _ failure: ConnectFailure) {
        for number in self.lines[line].reset() { self.answered(number, isAccepted: false) }
        guard !self.hasSettled else { return }
        self.voice.report(.hopeless("cannot publish to \(self.plan.publishers[line]): \(failure.explanation)"))
    }
}

// MARK: - The loop's calls

extension Publisher: ConnectionHandler {
    func opened(_ id: ConnectionID, peer: SocketAddress?) {
        guard let line = self.linesByPlace[id.place] else { return }
        self.lines[line].isOpen = true
    }

    func received(_ id: ConnectionID, _ bytes: UnsafeMutableRawBufferPointer) {
        guard let line = self.linesByPlace[id.place] else { return }
        var input = UnsafeRawBufferPointer(bytes)
        do throws(HTTPError) {
            while let answer = try self.lines[line].nextAnswer(&input) {
                let isAccepted = (200..<300).contains(answer.status)
                if !isAccepted, !self.hasBeenAccepted {
                    let target = self.plan.publishers[line]
                    self.voice.report(.hopeless("POST to \(target) is answered with HTTP \(answer.status)"))
                }
                self.answered(answer.number, isAccepted: isAccepted)
            }
        } catch {
            self.loop.drop(id)
        }
    }

    func inputEnded(_ id: ConnectionID) { self.loop.drop(id) }

    func drained(_ id: ConnectionID) {}

    func deadlinePassed(_ id: ConnectionID) {}

    func closed(_ id: ConnectionID, _ reason: CloseReason) {
        guard let line = self.linesByPlace.removeValue(forKey: id.place) else { return }
        self.failed(line, ConnectFailure(reason))
    }

    func turnEnded() {
        if let done = self.whenClosed {
            guard self.linesByPlace.isEmpty else { return }
            self.whenClosed = nil
            return done()
        }
        self.publishDue(SystemClock.monotonicNanoseconds)
        if !self.hasSettled, self.lines.allSatisfy(\.isOpen) {
            self.hasSettled = true
            self.voice.report(.settled)
        }
        self.voice.alarm.set(self.timetable?.nextDue)
    }
}
