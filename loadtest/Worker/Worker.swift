internal import Glibc
internal import Reactor
internal import Shared

/// A worker process: one loop that does one duty, orders on standard input, reports on standard output.
///
/// It ends with its coordinator: the end of standard input is the end of the process.
enum Worker {
    private static let liveMilliseconds: UInt64 = 100
    private static let closeMilliseconds: UInt64 = 2000

    /// Runs until the work is done.
    ///
    /// - Returns: the exit code.
    static func run(_ role: WorkerRole, _ plan: Plan) -> CInt {
        let endpoints = role.duty == .publisher ? plan.publishers : plan.targets
        var addresses: [SocketAddress] = []
        for endpoint in endpoints {
            guard let address = endpoint.resolved() else {
                Self.report(.hopeless("cannot find the address of \(endpoint.host)"))
                return ExitCode.unavailable
            }
            addresses.append(address)
        }
        do throws(SystemError) {
            let group = try Self.startLoop(role, plan, addresses)
            Self.report(.ready)
            Self.obey(group.handles[0])
            return ExitCode.success
        } catch {
            Self.report(.hopeless("a worker cannot start: \(error)"))
            return ExitCode.unavailable
        }
    }

    private static func startLoop(
        _ role: WorkerRole, _ plan: Plan, _ addresses: [SocketAddress]
    ) throws(SystemError) -> LoopGroup {
        let share = role.duty == .publisher ? 0 : Plan.share(of: plan.sockets, worker: role.index, of: role.count)
        let servers = addresses.count * max(Commander.linesEach, HotelBehaviour.linesEach)
        return try LoopGroup(count: 1, options: LoopOptions(), places: share + servers + 16) {
            loop throws(SystemError) in
            let alarm = try Alarm(loop.handle) { _ in }
            let box = DutyBox()
            let voice = WorkerVoice(alarm: alarm) { [unowned box] report in
                // Whoever hears of a milestone has heard the counts that belong to it.
                if let duty = box.duty { Self.reportLive(duty.measurements) }
                Self.report(report)
            }
            let duty: any WorkerDuty =
                switch role.duty {
                case .sockets: Swarm(plan, role: role, addresses: addresses, loop: loop, voice: voice)
                case .publisher where plan.hotel != nil:
                    Commander(plan, role: role, addresses: addresses, loop: loop, voice: voice)
                case .publisher: Publisher(plan, role: role, addresses: addresses, loop: loop, voice: voice)
                }
            box.duty = duty
            loop.attach(box)
            Self.reportRegularly(loop, duty.measurements)
        }
    }

    private static func reportRegularly(_ loop: EventLoop, _ measurements: Measurements) {
        loop.schedule(after: Self.liveMilliseconds) { [unowned loop] in
            Self.reportLive(measurements)
            Self.reportRegularly(loop, measurements)
        }
    }

    private static func reportLive(_ measurements: Measurements) {
        let p99 = measurements.result.latency.value(at: 0.99) ?? 0
        Self.report(.live(measurements.result.figures, p99: p99))
    }

    // MARK: Orders

    /// Reads orders until there are no more.
    private static func obey(_ loop: LoopHandle) {
        var lines = LineBuffer()
        var chunk = [UInt8](repeating: 0, count: 65536)
        while true {
            let count = read(STDIN_FILENO, &chunk, chunk.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return }
            for line in lines.feed(chunk[..<count]) {
                guard let order = WorkerOrder(line: line) else { continue }
                loop.post { loop in
                    if let duty = loop.attachment(DutyBox.self)?.duty { Self.carryOut(order, duty, loop) }
                }
            }
        }
    }

    private static func carryOut(_ order: WorkerOrder, _ duty: any WorkerDuty, _ loop: EventLoop) {
        switch order {
        case .enter(let brief): duty.enter(brief)
        case .confirmed(let confirmation): duty.confirmed(confirmation)
        case .ramp(let start): duty.ramp(start: start)
        case .run(let window):
            duty.measurements.window = window
            duty.run()
        case .cut(let instant): duty.measurements.window.cut(at: instant)
        case .finish:
            duty.settle()
            Self.report(.result(duty.measurements.result))
            // A server that does not answer the goodbye must not keep us.
            loop.schedule(after: Self.closeMilliseconds) { exit(ExitCode.success) }
            duty.close { exit(ExitCode.success) }
        }
    }

    /// Writes a whole line; a coordinator that is gone ends the process elsewhere.
    private static func report(_ report: WorkerReport) {
        let bytes = Array((report.line + "\n").utf8)
        _ = PipeIO.writeAll(bytes, to: STDOUT_FILENO)
    }

    /// Where posted orders find the duty.
    private final class DutyBox {
        var duty: (any WorkerDuty)?
    }
}
