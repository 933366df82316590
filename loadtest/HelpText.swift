/// What `--help` prints. Options come from the table that the parser reads, so neither can promise what the other lacks.
enum HelpText {
    private static let column = 24
    private static let width = 100

    static func text(_ scenario: Scenario?) -> String { scenario.map(Self.scenario) ?? Self.overview }

    // MARK: loadtest --help

    private static var overview: String {
        let scenarios = Scenario.allCases.map { Self.entry($0.rawValue, $0.summary) }.joined()
        return """
            loadtest - drives thousands of WebSockets and tells whether every message arrived, once, in order and when

            Usage: loadtest SCENARIO [OPTIONS]
                   loadtest SCENARIO --help      what it does, its options, examples

            Scenarios
            \(scenarios)
            Examples
              loadtest fanout --sockets 5000 --seconds 30 --rate 20 --html report.html
              loadtest fanout --url ws://127.0.0.1:8080/fanout --publish http://127.0.0.1:8080/fanout \\
                              --pid $(pidof bellhop-peer) --sockets 5000 --seconds 30 --rate 20
              loadtest connect --sockets 20000 --close
              loadtest echo --sockets 500 --rate 10 --json result.json --html result.html --fail-if 'p99>5ms'

            Without --url the cluster of .bellhop/env is used, which deploy/run --detach writes.

            How it measures
              A coordinator starts worker processes, each with one event loop and up to 18,000 sockets, as many as the
              limit of open files asks for. All begin at the same instant. Traffic follows a timetable that nothing delays, and
              every latency counts from when the message was due, so that a stalled server is charged for all that waited
              (no coordinated omission). The warm-up is not in the figures. Each message carries a number per stream:
              what a socket should have received and did not is lost, what came twice is a duplicate, what came after a
              newer one is out of order. Latencies are counted with three significant digits.
              Ctrl-C ends the run early and prints the report so far; a second Ctrl-C does not wait for stragglers.

            \(Self.verdict)
            Exit codes
              0    the run was good
              1    it was not: see the last line of the output
              64   the command line is wrong
              69   the server cannot be reached or refuses the first socket, event or login
              70   a worker process died
              73   an output file cannot be written
              130  interrupted; the report so far was printed

            """
    }

    private static var verdict: String {
        let times = "p50 p90 p99 p99.9 p99.99 max mean connect_p50 connect_p99 connect_max"
        return """
            Verdict
              A run is good unless one of these holds: \(Verdict.defaults.prefix(6).joined(separator: ", ")),
              \(Verdict.defaults.dropFirst(6).joined(separator: ", ")), or nothing was connected or delivered at all.
              With --fail-if only the given conditions count; the last line says so if a default would have failed.
              A condition is METRIC COMPARISON NUMBER[UNIT], compared by > >= < <=; a figure that was not measured fails.
                times (us, ms, s)   \(times)
                                    command_p50 command_p99 command_max
                                    after_answer_p50 after_answer_p99 after_answer_max
                counts              connected failed dropped lost duplicates disorder strangers refused retries
                                    deliveries connects_per_s deliveries_per_s
                servers             cpu_s (s), rss (B, KiB, MiB), rss_per_socket (B, KiB, MiB)

            """
    }

    // MARK: loadtest SCENARIO --help

    private static func scenario(_ scenario: Scenario) -> String {
        var text = "loadtest \(scenario.rawValue) - \(scenario.summary)\n\n"
        text += "Usage: loadtest \(scenario.rawValue) [OPTIONS]\n\n"
        text += scenario.explanation + "\n"
        for group in Option.Group.allCases {
            let options = scenario.options.filter { $0.group == group }
            guard !options.isEmpty else { continue }
            text += "\n\(group.rawValue)\n"
            for option in options {
                let name = "--\(option.rawValue)" + (option.placeholder.map { " \($0)" } ?? "")
                text += Self.entry(name, Self.explanation(option, scenario))
            }
        }
        text += "\n\(Self.verdict)\nExamples\n"
        text += scenario.examples.map { "  loadtest \(scenario.rawValue) \($0)\n" }.joined()
        return text
    }

    private static func explanation(_ option: Option, _ scenario: Scenario) -> String {
        var text = option == .rate ? scenario.rateExplanation : option.explanation
        if let value = Self.defaultValue(option, Plan(scenario)) { text += " [\(value)]" }
        return text
    }

    private static func defaultValue(_ option: Option, _ plan: Plan) -> String? {
        switch option {
        case .sockets: "\(plan.sockets)"
        case .seconds: NumberText.plain(plan.seconds)
        case .rate: plan.rate > 0 ? NumberText.plain(plan.rate) : nil
        case .burst: "\(plan.burst)"
        case .bytes: "\(plan.messageBytes)"
        case .inFlight: "\(plan.connectsInFlight)"
        case .warmup: NumberText.plain(plan.warmupSeconds)
        case .grace: NumberText.plain(plan.graceSeconds)
        case .timeout: NumberText.plain(plan.connectSeconds)
        case .url, .publish, .env, .direct, .pid, .close, .ramp, .workers, .source, .json, .svg, .html, .failIf,
            .noProgress:
            nil
        }
    }

    /// A name and what it means, wrapped beside it.
    private static func entry(_ name: String, _ meaning: String) -> String {
        var text = "  " + name
        var position = text.count
        if position > Self.column - 2 {
            text += "\n"
            position = 0
        }
        for word in meaning.split(separator: " ") {
            if position + 1 + word.count > Self.width {
                text += "\n"
                position = 0
            }
            if position < Self.column {
                text += String(repeating: " ", count: Self.column - position)
                position = Self.column
            } else {
                text += " "
                position += 1
            }
            text += word
            position += word.count
        }
        return text + "\n"
    }
}

extension Scenario {
    var summary: String {
        switch self {
        case .connect: "how fast sockets are accepted: a storm, or a steady stream"
        case .idle: "what a quiet socket costs the server in memory"
        case .fanout: "changes of rooms at a rate, each to all screens of its tenant: loss, order, latency"
        case .echo: "a question and its answer on each socket at a rate"
        }
    }

    fileprivate var explanation: String {
        switch self {
        case .connect:
            """
            Opens the sockets and measures connects per second and the time from connect() to the accepted handshake.
            Without --rate it is a storm: a new connect for each answer, --in-flight at once. With --rate the connects are due
            at a steady pace and timed from when they were due. --pid adds what the storm costs the server.
            """
        case .idle:
            """
            Opens the sockets, says nothing for --seconds, and counts those that the server dropped. With --pid it shows the
            server's resident memory before the first socket and after, the growth per socket, and the CPU time of idleness.
            """
        case .fanout:
            """
            In the hotel, which is the cluster of the file: signs in a supervisor and a manager of each demo tenant, subscribes each
            socket to its tenant's channel with what /broadcasting/auth signs, and makes rooms dirty and clean at --rate with
            PATCH /v1/rooms/{id}, each time at a node that chance chooses. A command without an answer is repeated with its key.
            Each accepted change is expected at every socket of its tenant, once, in the order of the stream, and nowhere else.
            The latency is from when a command was due to its event's arrival; «after the answer» is from its answer to there.

            With --url any server that tells what it is told: opens the sockets, then POSTs events at --rate to --publish; each
            is expected once on every socket as one text message. Events are numbered and carry the instant at which they were
            due: the latency is from then to the arrival. Counted as lost: (accepted events × sockets) − distinct arrivals.
            """
        case .echo:
            """
            Opens the sockets and sends each a numbered text message --rate times a second, the sockets evenly spread over
            time; the same text is expected back on the same socket. The latency is from when the message was due to its return.
            """
        }
    }

    fileprivate var rateExplanation: String {
        switch self {
        case .connect: "connects per second; without it as fast as they go"
        case .idle: ""
        case .fanout: "commands or events per second, each to every socket that may hear it"
        case .echo: "messages per second on each socket"
        }
    }

    fileprivate var examples: [String] {
        let url = "--url ws://127.0.0.1:8080\(self.path)"
        return switch self {
        case .connect:
            [
                "\(url) --sockets 10000", "\(url) --sockets 100000 --close",
                "\(url) --sockets 5000 --rate 500 --svg ramp.svg",
            ]
        case .idle: ["\(url) --sockets 15000 --pid 1234 --fail-if 'rss_per_socket>300B'"]
        case .fanout:
            [
                "--sockets 5000 --rate 20 --fail-if 'p99>150ms' --fail-if 'lost>0'",
                "--env .bellhop/env --direct --sockets 20000 --rate 5 --html report.html",
                "\(url) --publish http://127.0.0.1:8080/fanout --pid 1234",
                "\(url) --publish http://127.0.0.1:8080/fanout --rate 1600 --burst 16",
            ]
        case .echo: ["\(url) --sockets 500 --rate 10", "\(url) --sockets 50 --rate 100 --bytes 4096 --json -"]
        }
    }
}
