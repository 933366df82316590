/// What can be run. Adding one means: a case, its row in each table of this file and of `HelpText`, and a `SocketBehaviour`.
enum Scenario: String, CaseIterable, Sendable {
    case connect, idle, fanout, echo

    struct Defaults: Equatable, Sendable {
        var sockets: Int
        var seconds: Double
        /// The meaning is the scenario's; 0 where there is none.
        var rate: Double
        var warmupSeconds: Double
    }

    var defaults: Defaults {
        switch self {
        case .connect: Defaults(sockets: 1000, seconds: 0, rate: 0, warmupSeconds: 0)
        case .idle: Defaults(sockets: 1000, seconds: 10, rate: 0, warmupSeconds: 0)
        case .fanout: Defaults(sockets: 1000, seconds: 10, rate: 20, warmupSeconds: 2)
        case .echo: Defaults(sockets: 1000, seconds: 10, rate: 1, warmupSeconds: 2)
        }
    }

    /// Whether it runs in the demo hotels of the cluster, unless a server is named that knows nothing of hotels.
    var isAboutHotel: Bool { self == .fanout }

    /// The path of its sockets on a server that a cluster file names.
    var path: String {
        switch self {
        case .connect, .idle, .fanout: "/fanout"
        case .echo: "/echo"
        }
    }

    /// Whether it makes events for the sockets: by posting them, or by commands.
    var publishes: Bool { self == .fanout }

    /// Whether sockets are held and watched for some time after they were opened.
    var hasWindow: Bool { self != .connect }

    /// Whether messages are timed; else the latencies of the report are the times to connect.
    var timesMessages: Bool {
        switch self {
        case .fanout, .echo: true
        case .connect, .idle: false
        }
    }

    /// How many deliveries a server without a hotel owes, by what was sent and who listened.
    func expectedDeliveries(_ figures: Figures) -> UInt64 {
        switch self {
        case .connect, .idle: 0
        case .fanout: figures[.accepted] &* figures[.watching]
        case .echo: figures[.sent]
        }
    }

    /// The options that mean something to it.
    var options: [Option] {
        let common: [Option] = [
            .url, .env, .direct, .pid, .sockets, .inFlight, .timeout, .workers, .source, .json, .svg, .html,
            .failIf, .noProgress,
        ]
        switch self {
        case .connect: return common + [.rate, .close]
        case .idle: return common + [.seconds, .ramp]
        case .fanout: return common + [.publish, .seconds, .rate, .burst, .bytes, .ramp, .warmup, .grace]
        case .echo: return common + [.seconds, .rate, .bytes, .ramp, .warmup, .grace]
        }
    }
}
