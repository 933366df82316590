import Glibc
import Shared

/// Writes to standard output or error without the buffers of stdio.
func say(_ text: String, to descriptor: CInt) {
    var rest = Array(text.utf8)[...]
    while !rest.isEmpty {
        let count = rest.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
        guard count > 0 || errno == EINTR else { return }
        rest = rest.dropFirst(max(0, count))
    }
}

func leave(_ code: ExitCode, saying text: String = "") -> Never {
    say(text, to: STDERR_FILENO)
    exit(code.rawValue)
}

/// A descriptor below 3 that is closed would be given to the first socket, and the log written to a client.
func openStandardDescriptors() {
    while true {
        let descriptor = open("/dev/null", O_RDWR)
        guard (0...2).contains(descriptor) else {
            close(descriptor)
            return
        }
    }
}

func readConfiguration() -> NodeConfiguration {
    do {
        return try NodeConfiguration(environment: ProgramEnvironment.variables, surroundings: .machine)
    } catch {
        leave(.configuration, saying: "\(error)")
    }
}

func serve() -> Never {
    openStandardDescriptors()
    OpenDescriptors.raiseLimit()
    let configuration = readConfiguration()
    let signals = StopSignals()
    do {
        let style = LogStyle(configuration.logFormat, fields: ["node": .string(configuration.nodeID)])
        let writer = try LogWriter(descriptor: STDERR_FILENO, style: style)
        let log = Logger(to: writer, style: style, threshold: configuration.logLevel)
        for warning in configuration.warnings { log.warning("node.configuration", ["warning": .string(warning)]) }
        let code: ExitCode
        do {
            code = try Node(configuration, log: log, writer: writer, signals: signals).run()
        } catch {
            log.error("node.start_failed", ["reason": .error(error)])
            _ = writer.flush(within: .seconds(1))
            leave(.unavailable)
        }
        _ = writer.flush(within: .seconds(1))
        leave(code)
    } catch {
        leave(.unavailable, saying: "bellhop: \(error)\n")
    }
}

func migrate(isDryRun: Bool) {
    let command: SchemaCommand
    do {
        command = try SchemaCommand(environment: ProgramEnvironment.variables, isDryRun: isDryRun)
    } catch {
        leave(.configuration, saying: "\(error)")
    }
    do {
        try command.run { say($0, to: STDOUT_FILENO) }
    } catch {
        leave(.unavailable, saying: "bellhop migrate: \(error)\n")
    }
}

func createAdmin(_ email: String, name: String?) {
    let command: AdminCommand
    do {
        command = try AdminCommand(
            environment: ProgramEnvironment.variables, email: email, name: name,
            ask: { () throws(PasswordPrompt.Failure) in
                try PasswordPrompt(input: STDIN_FILENO, screen: STDERR_FILENO).ask()
            })
    } catch let misuse as Invocation.Misuse {
        leave(.usage, saying: "\(misuse)\n")
    } catch {
        leave(.configuration, saying: "\(error)")
    }
    Errand.wait(for: "create-admin") { await command.run() }
}

func seedDemo() {
    let command: SeedCommand
    do {
        command = try SeedCommand(environment: ProgramEnvironment.variables)
    } catch {
        leave(.configuration, saying: "\(error)")
    }
    Errand.wait(for: "seed-demo") { await command.run() }
}

do {
    switch try Invocation(arguments: CommandLine.arguments.dropFirst()) {
    case .serve: serve()
    case .checkConfiguration: say(readConfiguration().describe(), to: STDOUT_FILENO)
    case .migrate(let isDryRun): migrate(isDryRun: isDryRun)
    case .createAdmin(let email, let name): createAdmin(email, name: name)
    case .seedDemo: seedDemo()
    case .help: say(Invocation.helpText, to: STDOUT_FILENO)
    case .version: say(Invocation.versionText, to: STDOUT_FILENO)
    }
} catch {
    leave(.usage, saying: "\(error)\n")
}
