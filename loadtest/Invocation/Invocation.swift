/// What the command line asks for.
enum Invocation: Equatable, Sendable {
    case help(Scenario?)
    case version
    case run(Plan)
    /// Not for people: how the coordinator starts its workers.
    case worker(WorkerRole, Plan)

    /// - Parameters:
    ///   - arguments: without the program's name.
    ///   - readFile: gives a text file's content, or why it cannot be read; a file that is not there gives `nil`.
    init(
        _ arguments: [String], readFile: (String) throws(FileFailure) -> String?
    ) throws(UsageError) {
        var rest = arguments[...]
        var role: WorkerRole?
        if rest.first == WorkerRole.command {
            role = WorkerRole(Array(rest.dropFirst().prefix(WorkerRole.argumentCount)))
            rest = rest.dropFirst(1 + WorkerRole.argumentCount)
        }
        guard let name = rest.popFirst(), !["--help", "-h", "help"].contains(name) else {
            self = .help(rest.first.flatMap(Scenario.init(rawValue:)))
            return
        }
        if name == "--version" {
            self = .version
            return
        }
        guard let scenario = Scenario(rawValue: name) else { throw .unknownScenario(name) }
        guard !rest.contains("--help"), !rest.contains("-h") else {
            self = .help(scenario)
            return
        }
        var reader = OptionReader(scenario)
        try reader.read(Array(rest))
        let plan = try reader.plan(readFile: readFile)
        self = role.map { .worker($0, plan) } ?? .run(plan)
    }
}

/// Why a file that is there could not be read or written.
struct FileFailure: Error, Equatable, Sendable {
    let reason: String
}
