import Shared
import Testing

@testable import App

@Suite struct InvocationTests {
    @Test(arguments: [
        ([], Invocation.serve), (["serve"], .serve), (["check-config"], .checkConfiguration), (["--help"], .help),
        (["-h"], .help), (["help"], .help), (["serve", "--help"], .help), (["sevre", "--help"], .help),
        (["migrate"], .migrate(isDryRun: false)), (["migrate", "--dry-run"], .migrate(isDryRun: true)),
        (["--version"], .version), (["-V"], .version), (["serve", "--version"], .version),
        (["create-admin", "a@b.example"], .createAdmin(email: "a@b.example", name: nil)),
        (["create-admin", "--name", "Ada L.", "a@b.example"], .createAdmin(email: "a@b.example", name: "Ada L.")),
        (["create-admin", "a@b.example", "--name", "Ada"], .createAdmin(email: "a@b.example", name: "Ada")),
    ])
    func `a command line asks for one thing`(arguments: [String], invocation: Invocation) throws {
        #expect(try Invocation(arguments: arguments) == invocation)
    }

    @Test(arguments: [
        (["sevre"], #"bellhop: unknown command "sevre"; did you mean serve?"#),
        (["chek-config"], #"bellhop: unknown command "chek-config"; did you mean check-config?"#),
        (["--verison"], #"bellhop: unknown option "--verison"; did you mean --version?"#),
        (["explode"], #"bellhop: unknown command "explode"; see bellhop --help"#),
        ([""], #"bellhop: unknown command ""; see bellhop --help"#),
        (["migrate", "--dry"], #"bellhop: migrate takes no argument, and was given "--dry""#),
        (["serve", "--dry-run"], #"bellhop: serve takes no argument, and was given "--dry-run""#),
        (["create-admin"], "bellhop: create-admin takes EMAIL [--name NAME]"),
        (
            ["create-admin", "a@b", "secret"],
            #"bellhop: create-admin takes EMAIL [--name NAME], and was given another argument"#
        ),
        (
            ["create-admin", "a@b", "--name"],
            #"bellhop: create-admin takes EMAIL [--name NAME], and was given "--name""#
        ),
        (["serve", "now\n"], #"bellhop: serve takes no argument, and was given "now\n""#),
    ])
    func `what it does not know is refused in one line`(arguments: [String], said: String) {
        #expect(throws: Invocation.Misuse(description: said)) { try Invocation(arguments: arguments) }
    }

    @Test func `the help names every command and setting and fits a terminal`() {
        let help = Invocation.helpText
        for command in Invocation.commands { #expect(help.contains("\n  \(command.name) ")) }
        for setting in NodeSetting.all { #expect(help.contains("\n  \(setting.name)")) }
        for line in help.split(separator: "\n") { #expect(line.count <= 110, "\(line)") }
        #expect(help.hasSuffix("\n"))
    }

    @Test func `the version is one line`() {
        #expect(
            Invocation.versionText.wholeMatch(of: /bellhop \d+\.\d+\.\d+ \(Swift [0-9a-z. ]+, (debug|release)\)\n/)
                != nil)
    }

    @Test func `exit codes are those of sysexits`() {
        #expect(ExitCode.usage.rawValue == 64)
        #expect(ExitCode.configuration.rawValue == 78)
    }
}
