internal import Glibc
internal import Shared

/// The whole program, from its arguments to its exit code.
enum Program {
    static func run(_ arguments: [String]) -> CInt {
        let invocation: Invocation
        do throws(UsageError) {
            invocation = try Invocation(arguments, readFile: Self.readFile)
        } catch {
            Self.complain("loadtest: \(error)")
            Self.complain("Try: loadtest --help")
            return ExitCode.usage
        }
        switch invocation {
        case .help(let scenario):
            Self.say(HelpText.text(scenario))
            return ExitCode.success
        case .version:
            Self.say("loadtest \(BuildInfo.version) (\(BuildInfo.mode), Swift \(BuildInfo.compiler))\n")
            return ExitCode.success
        case .worker(let role, let plan): return Worker.run(role, plan)
        case .run(let plan): return Self.run(plan, arguments)
        }
    }

    private static func run(_ plan: Plan, _ arguments: [String]) -> CInt {
        let report: Report
        do {
            let brief = try Self.brief(plan)
            var coordinator = try Coordinator(plan, arguments: arguments, brief: brief)
            report = try coordinator.run()
        } catch let failure as Campaign.Failure {
            Self.complain("loadtest: \(failure.explanation)")
            return failure.exitCode
        } catch {
            Self.complain("loadtest: cannot start the workers: \(error)")
            return ExitCode.software
        }
        let verdict = Verdict(report)
        let couldWrite = Self.write(report, verdict)
        if plan.jsonFile != "-" { Self.say(report.table + "\n" + verdict.line + "\n") }
        guard couldWrite else { return ExitCode.cannotCreate }
        if report.wasInterrupted { return ExitCode.interrupted }
        return verdict.isGood ? ExitCode.success : ExitCode.failed
    }

    /// Comes into the hotel, if the run is about one.
    private static func brief(_ plan: Plan) throws(Campaign.Failure) -> HotelBrief? {
        guard let access = plan.hotel else { return nil }
        if plan.showsProgress { Self.complain("sign in   \(HotelAccess.users.count) users of the demo hotels") }
        return try FrontDesk.brief(plan, access)
    }

    // MARK: Output

    /// Writes the files that were asked for; what cannot be written is said.
    private static func write(_ report: Report, _ verdict: Verdict) -> Bool {
        let plan = report.plan
        let outputs: [(path: String?, content: () -> [UInt8])] = [
            (plan.jsonFile, { report.json(verdict) }),
            (plan.plotFile, { Array(LatencyPlot(report).svg.utf8) }),
            (plan.pageFile, { report.page(verdict) }),
        ]
        var isComplete = true
        for output in outputs {
            guard let path = output.path else { continue }
            let error =
                path == "-" ? PipeIO.writeAll(output.content(), to: STDOUT_FILENO) : Self.create(path, output.content())
            guard error != 0 else { continue }
            Self.complain("loadtest: cannot write \(path): \(String(cString: strerror(error)))")
            isComplete = false
        }
        return isComplete
    }

    private static func create(_ path: String, _ bytes: [UInt8]) -> CInt {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { return errno }
        defer { close(descriptor) }
        return PipeIO.writeAll(bytes, to: descriptor)
    }

    private static func readFile(_ path: String) throws(FileFailure) -> String? {
        do throws(SystemError) {
            return String(decoding: try FileBytes.read(path, limit: 1 << 20), as: UTF8.self)
        } catch {
            if error.errno == ENOENT { return nil }
            throw FileFailure(reason: String(cString: strerror(error.errno)))
        }
    }

    private static func say(_ text: String) { _ = PipeIO.writeAll(Array(text.utf8), to: STDOUT_FILENO) }

    private static func complain(_ text: String) { _ = PipeIO.writeAll(Array((text + "\n").utf8), to: STDERR_FILENO) }
}

extension Campaign.Failure {
    var explanation: String {
        switch self {
        case .hopeless(let text): text
        case .workerDied(let index): "worker \(index) died; nothing that was measured can be trusted"
        case .workersSilent: "the workers do not answer; the machine is overloaded"
        }
    }

    var exitCode: CInt {
        switch self {
        case .hopeless: ExitCode.unavailable
        case .workerDied, .workersSilent: ExitCode.software
        }
    }
}
