internal import Shared

/// What the command line asks for.
enum Invocation: Equatable, Sendable {
    /// `bellhop` or `bellhop serve`
    case serve
    /// `bellhop check-config`
    case checkConfiguration
    /// `bellhop migrate`, also with `--dry-run`
    case migrate(isDryRun: Bool)
    /// `bellhop create-admin EMAIL`, also with `--name NAME`
    case createAdmin(email: String, name: String?)
    /// `bellhop seed-demo`
    case seedDemo
    /// `bellhop --help`, also after a command
    case help
    /// `bellhop --version`
    case version

    /// A command line that asks for nothing we know: one line for standard error, and ``ExitCode/usage``.
    struct Misuse: Error, Equatable, CustomStringConvertible {
        let description: String
    }

    /// The commands, as they are typed and explained.
    static let commands: [(name: String, invocation: Invocation, summary: String)] = [
        ("serve", .serve, "run the node until SIGTERM; the default"),
        ("check-config", .checkConfiguration, "say what is wrong with the environment, or what is in effect"),
        ("migrate", .migrate(isDryRun: false), "bring the database's schema up to date; with --dry-run only say how"),
        (
            "create-admin", .createAdmin(email: "", name: nil),
            "EMAIL [--name NAME]: make a platform super administrator, with a password\n"
                + "\(indent)from the terminal, standard input or \(AdminCommand.password.name)(_FILE)"
        ),
        ("seed-demo", .seedDemo, "write the demo hotels, with \(SeedCommand.password.name)(_FILE) for all users"),
    ]

    /// Reads the arguments after the program's name.
    init(arguments: some Sequence<String>) throws(Misuse) {
        let arguments = Array(arguments)
        // Whoever asks what this is gets an answer, whatever else stands there.
        if arguments.contains(where: { ["--help", "-h", "help"].contains($0) }) {
            self = .help
            return
        }
        if arguments.contains(where: { ["--version", "-V"].contains($0) }) {
            self = .version
            return
        }
        guard let first = arguments.first else {
            self = .serve
            return
        }
        guard let command = Self.commands.first(where: { $0.name == first }) else {
            let known = Self.commands.map(\.name) + ["--help", "--version"]
            let guess = Spelling.nearest(to: first, in: known).map { "did you mean \($0)?" } ?? "see bellhop --help"
            let kind = first.hasPrefix("-") ? "option" : "command"
            throw Misuse(description: "bellhop: unknown \(kind) \(SettingReader.quoted(first)); \(guess)")
        }
        if command.invocation == .migrate(isDryRun: false), arguments.dropFirst() == ["--dry-run"] {
            self = .migrate(isDryRun: true)
            return
        }
        if case .createAdmin = command.invocation {
            self = try Self.createAdmin(Array(arguments.dropFirst()))
            return
        }
        guard arguments.count == 1 else {
            let extra = SettingReader.quoted(arguments[1])
            throw Misuse(description: "bellhop: \(command.name) takes no argument, and was given \(extra)")
        }
        self = command.invocation
    }

    /// Reads what follows `create-admin`. A password is nothing for a command line, which others see.
    private static func createAdmin(_ arguments: [String]) throws(Misuse) -> Invocation {
        var (email, name): (String?, String?) = (nil, nil)
        var rest = arguments[...]
        while let argument = rest.popFirst() {
            if argument == "--name", name == nil, let value = rest.popFirst() {
                name = value
            } else if !argument.hasPrefix("-"), email == nil {
                email = argument
            } else {
                // What is no option may be a password: it is not shown again.
                let shown = argument.hasPrefix("-") ? SettingReader.quoted(argument) : "another argument"
                throw Misuse(description: "bellhop: create-admin takes EMAIL [--name NAME], and was given \(shown)")
            }
        }
        guard let email else { throw Misuse(description: "bellhop: create-admin takes EMAIL [--name NAME]") }
        return .createAdmin(email: email, name: name)
    }

    /// Where the words about a command begin.
    private static let indent = String(repeating: " ", count: 18)

    /// The answer to `--version`: one line.
    static var versionText: String {
        "bellhop \(BuildInfo.version) (Swift \(BuildInfo.compiler), \(BuildInfo.mode))\n"
    }

    /// The answer to `--help`, at most 100 columns wide.
    static var helpText: String {
        var text = """
            Bellhop: real-time operations for hotels, one node of a cluster.

            Usage: bellhop [COMMAND]

            Commands:

            """
        for command in self.commands { text += self.row(command.name, command.summary) }
        text += "\nOptions:\n" + self.row("-h, --help", "show this") + self.row("-V, --version", "show the version")
        text += """

            A node is configured by its environment. Whatever is wrong is reported at once, and the exit status
            is \(ExitCode.configuration.rawValue). A secret (*) may instead be read from the file that NAME_FILE names.


            """
        text += NodeSetting.groups.map { title, settings in
            "\(title):\n" + settings.map(self.paragraph).joined()
        }.joined(separator: "\n")
        text += """

            Signals: SIGTERM drains and stops, a second one stops at once.

            Exit status: 0 stopped as asked, \(ExitCode.usage.rawValue) bad command line, \
            \(ExitCode.unavailable.rawValue) a port or file is not to be had,
            \(ExitCode.software.rawValue) our own fault, \(ExitCode.configuration.rawValue) bad environment, or a database newer than this program.

            A first try, with a database that `bellhop migrate` has prepared:
              DATABASE_URL=\(NodeSetting.databaseURL.example) \\
              BELLHOP_JWT_SECRETS=\(NodeSetting.jwtSecrets.example) \\
              BELLHOP_APPS=\(NodeSetting.apps.example) bellhop
              curl http://127.0.0.1:8080/readyz

            """
        return text
    }

    private static func row(_ name: String, _ summary: String) -> String {
        "  \(name)\(String(repeating: " ", count: max(1, 16 - name.count)))\(summary)\n"
    }

    private static func paragraph(_ setting: Setting) -> String {
        let fallback = setting.fallback.map { "default: \($0)" } ?? "for example \(setting.example)"
        return "  \(setting.name)\(setting.isSecret ? " (*)" : "")\n      \(setting.summary)\n      [\(fallback)]\n"
    }
}
