/// Everything that can be set on the command line: the parser and the help text read the same table.
enum Option: String, CaseIterable, Sendable {
    case url, publish, env, direct, pid
    case sockets, seconds, rate, burst, bytes, close
    case ramp, inFlight = "in-flight", warmup, grace, timeout, workers, source
    case json, svg, html, failIf = "fail-if", noProgress = "no-progress"

    /// What stands behind the option; `nil` for switches.
    var placeholder: String? {
        switch self {
        case .url, .publish: "URL"
        case .env, .json, .svg, .html: "FILE"
        case .pid: "PID[,PID]"
        case .sockets, .burst, .bytes, .inFlight, .workers: "N"
        case .seconds, .warmup, .grace, .timeout: "S"
        case .rate, .ramp: "R"
        case .source: "ADDRESS"
        case .failIf: "CONDITION"
        case .direct, .close, .noProgress: nil
        }
    }

    var isRepeatable: Bool {
        switch self {
        case .url, .publish, .pid, .source, .failIf: true
        default: false
        }
    }

    var explanation: String {
        switch self {
        case .url: "WebSocket to connect to, ws://HOST:PORT/PATH; repeated: sockets are spread over all"
        case .publish: "with --url: where events are POSTed, http://HOST:PORT/PATH; repeated: each event goes to all"
        case .env: "take URLs and pids from this file instead of .bellhop/env"
        case .direct: "spread over the nodes (BELLHOP_NODES) instead of the balancer (BELLHOP_URL)"
        case .pid: "server processes whose CPU time and memory are measured"
        case .sockets: "how many sockets, over all workers"
        case .seconds: "how long figures are taken"
        case .rate: "see above"
        case .burst: "so many events or commands at the same instant; the rate per second stays"
        case .bytes: "length of each message, at least \(MessageForm.minimumBytes); not in the hotel"
        case .close: "close each socket as soon as it is open: N connects, not N at once"
        case .ramp: "connects per second, measured from when each was due; without it as fast as they go"
        case .inFlight: "connects begun and not yet answered, at most, over all workers"
        case .warmup: "traffic before figures are taken"
        case .grace: "how long the last deliveries are waited for; ends as soon as all are there"
        case .timeout: "how long one connect and its handshake may take"
        case .workers: "processes that hold the sockets; by itself as many as the descriptors ask for"
        case .source: "local address to connect from; by itself 127.0.1.x for servers on this machine"
        case .json: "write all figures as JSON ('-': standard output, instead of the table)"
        case .svg: "write the latency plot"
        case .html: "write one page with table and plot that needs no other file"
        case .failIf: "exit 1 if it holds, e.g. 'p99>50ms'; repeatable; replaces the defaults below"
        case .noProgress: "say nothing until the end"
        }
    }

    /// The group under which the help text shows it.
    enum Group: String, CaseIterable {
        case target = "Target"
        case load = "Load"
        case conduct = "Conduct"
        case output = "Output"
    }

    var group: Group {
        switch self {
        case .url, .publish, .env, .direct, .pid: .target
        case .sockets, .seconds, .rate, .burst, .bytes, .close: .load
        case .ramp, .inFlight, .warmup, .grace, .timeout, .workers, .source: .conduct
        case .json, .svg, .html, .failIf, .noProgress: .output
        }
    }
}
