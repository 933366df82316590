import Testing

@testable import LoadTest

@Suite struct HelpTextTests {
    @Test func `the overview names every scenario, exit code and default of the verdict`() {
        let text = HelpText.text(nil)
        for scenario in Scenario.allCases { #expect(text.contains("  \(scenario.rawValue) ")) }
        for code in [ExitCode.usage, ExitCode.unavailable, ExitCode.software, ExitCode.cannotCreate] {
            #expect(text.contains("  \(code) "))
        }
        for condition in Verdict.defaults { #expect(text.contains(condition)) }
    }

    @Test(arguments: Scenario.allCases) func `a scenario's help names its options and only those`(scenario: Scenario) {
        let text = HelpText.text(scenario)
        for option in Option.allCases {
            let line = "  --\(option.rawValue)" + (option.placeholder.map { " \($0)" } ?? "")
            let isListed = text.split(separator: "\n").contains { $0 == line || $0.hasPrefix(line + " ") }
            #expect(isListed == scenario.options.contains(option), "\(option)")
        }
    }

    @Test(arguments: Scenario.allCases) func `the examples of the help can be run`(scenario: Scenario) throws {
        let lines = HelpText.text(scenario).split(separator: "\n").filter { $0.hasPrefix("  loadtest ") }
        #expect(!lines.isEmpty)
        for line in lines {
            let words = line.split(separator: " ").dropFirst().map { $0.filter { $0 != "'" } }
            let cluster =
                "BELLHOP_URL=http://h:1\nBELLHOP_NODES=http://h:1\nBELLHOP_DOMAIN_KEY=k\nBELLHOP_DEMO_PASSWORD=p\n"
            #expect(throws: Never.self, "\(line)") {
                _ = try Invocation(words) { _ throws(FileFailure) in cluster }
            }
        }
    }

    @Test func `no line is too long for a terminal`() {
        for text in [nil].map(HelpText.text) + Scenario.allCases.map({ HelpText.text($0) }) {
            for line in text.split(separator: "\n") { #expect(line.count <= 125, "\(line)") }
        }
    }
}
