internal import Reactor

/// Collects options by scenario and makes the plan of them.
struct OptionReader {
    private let scenario: Scenario
    private var plan: Plan
    private var given: Set<Option> = []
    private var clusterFile: String?
    private var isDirect = false

    init(_ scenario: Scenario) {
        self.scenario = scenario
        self.plan = Plan(scenario)
    }

    /// Reads `--name value`, `--name=value` and `--switch`.
    mutating func read(_ arguments: [String]) throws(UsageError) {
        var rest = arguments[...]
        while let argument = rest.popFirst() {
            guard argument.hasPrefix("--") else { throw .unexpectedArgument(argument) }
            let parts = argument.dropFirst(2).split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard let option = Option(rawValue: String(parts[0])), self.scenario.options.contains(option) else {
                throw .unknownOption("--\(parts[0])", scenario: self.scenario.rawValue)
            }
            let isFirst = self.given.insert(option).inserted
            guard option.isRepeatable || isFirst else { throw .repeated(option) }
            guard option.placeholder != nil else {
                guard parts.count == 1 else { throw .unexpectedValue(option) }
                self.turnOn(option)
                continue
            }
            guard let value = parts.count == 2 ? String(parts[1]) : rest.popFirst(), !value.isEmpty else {
                throw .missingValue(option)
            }
            try self.set(option, value)
        }
    }

    private mutating func turnOn(_ option: Option) {
        switch option {
        case .direct: self.isDirect = true
        case .close: self.plan.closesAtOnce = true
        case .noProgress: self.plan.showsProgress = false
        default: preconditionFailure("\(option) takes a value")
        }
    }

    private mutating func set(_ option: Option, _ value: String) throws(UsageError) {
        switch option {
        case .url: self.plan.targets.append(try Self.endpoint(option, value, .ws))
        case .publish: self.plan.publishers.append(try Self.endpoint(option, value, .http))
        case .env: self.clusterFile = value
        case .pid:
            for text in value.split(separator: ",", omittingEmptySubsequences: false) {
                self.plan.pids.append(Int32(try Self.number(option, String(text), 1...Int(Int32.max))))
            }
        case .sockets: self.plan.sockets = try Self.number(option, value, 1...10_000_000)
        case .seconds: self.plan.seconds = try Self.amount(option, value, 0.1...86_400)
        case .rate where self.scenario == .connect, .ramp:
            self.plan.connectsPerSecond = try Self.amount(option, value, 0.1...1_000_000)
        case .rate: self.plan.rate = try Self.amount(option, value, 0.01...1_000_000)
        case .burst: self.plan.burst = try Self.number(option, value, 1...100_000)
        case .bytes: self.plan.messageBytes = try Self.number(option, value, MessageForm.minimumBytes...(1 << 20))
        case .inFlight: self.plan.connectsInFlight = try Self.number(option, value, 1...100_000)
        case .warmup: self.plan.warmupSeconds = try Self.amount(option, value, 0...3600)
        case .grace: self.plan.graceSeconds = try Self.amount(option, value, 0...3600)
        case .timeout: self.plan.connectSeconds = try Self.amount(option, value, 0.1...600)
        case .workers: self.plan.workers = try Self.number(option, value, 1...256)
        case .source:
            guard SocketAddress(value, port: 0) != nil else {
                throw .badValue(option, value, expected: "a numeric address of this machine")
            }
            self.plan.sources.append(value)
        case .json: self.plan.jsonFile = value
        case .svg: self.plan.plotFile = value
        case .html: self.plan.pageFile = value
        case .failIf:
            guard let threshold = Threshold(value) else {
                throw .badValue(option, value, expected: "a condition such as 'p99>50ms' or 'lost>0'")
            }
            self.plan.thresholds.append(threshold)
        case .direct, .close, .noProgress: preconditionFailure("\(option) is a switch")
        }
    }

    private static func endpoint(
        _ option: Option, _ text: String, _ scheme: Endpoint.Scheme
    ) throws(UsageError) -> Endpoint {
        guard let endpoint = Endpoint(text), endpoint.scheme == scheme else {
            throw .badValue(option, text, expected: "\(scheme.rawValue)://HOST:PORT/PATH")
        }
        return endpoint
    }

    private static func number(_ option: Option, _ text: String, _ range: ClosedRange<Int>) throws(UsageError) -> Int {
        guard let number = Int(text), range.contains(number) else {
            throw .badValue(option, text, expected: "a whole number from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }

    private static func amount(
        _ option: Option, _ text: String, _ range: ClosedRange<Double>
    ) throws(UsageError) -> Double {
        guard let amount = Double(text), range.contains(amount) else {
            throw .badValue(option, text, expected: "a number from \(range.lowerBound) to \(range.upperBound)")
        }
        return amount
    }

    // MARK: The plan

    /// Completes what was given from the cluster file, if targets are missing.
    func plan(readFile: (String) throws(FileFailure) -> String?) throws(UsageError) -> Plan {
        var plan = self.plan
        if plan.targets.isEmpty { try self.takeCluster(into: &plan, readFile: readFile) }
        if self.scenario.publishes, plan.publishers.isEmpty { throw .noPublisher }
        return plan
    }

    private func takeCluster(
        into plan: inout Plan, readFile: (String) throws(FileFailure) -> String?
    ) throws(UsageError) {
        let path = self.clusterFile ?? ".bellhop/env"
        let text: String?
        do throws(FileFailure) {
            text = try readFile(path)
        } catch {
            throw .unreadableClusterFile(path, reason: error.reason)
        }
        guard let text else {
            guard self.clusterFile == nil else { throw .unreadableClusterFile(path, reason: "no such file") }
            throw .noTarget(clusterFile: path)
        }
        let cluster = ClusterFile(text)
        let urls = self.isDirect ? cluster.nodes : cluster.balancer.map { [$0] } ?? cluster.nodes
        if self.scenario.isAboutHotel {
            try self.takeHotel(cluster, urls, path, into: &plan)
            return
        }
        for url in urls {
            guard let server = Endpoint(url) else { throw .badClusterURL(url) }
            plan.targets.append(server.with(scheme: .ws, path: self.scenario.path))
        }
        guard !plan.targets.isEmpty else { throw .noTarget(clusterFile: path) }
        if plan.pids.isEmpty { plan.pids = cluster.pids }
    }

    /// Sockets go where they are told to; commands go to the nodes, so that chance and not the balancer chooses among them.
    private func takeHotel(
        _ cluster: ClusterFile, _ urls: [String], _ path: String, into plan: inout Plan
    ) throws(UsageError) {
        for option in [Option.publish, .bytes] where self.given.contains(option) { throw .onlyWithURL(option) }
        guard !urls.isEmpty else { throw .noTarget(clusterFile: path) }
        guard let key = cluster.domainKey else {
            throw .notInClusterFile(path, variable: "BELLHOP_DOMAIN_KEY")
        }
        guard let password = cluster.demoPassword else {
            throw .notInClusterFile(path, variable: "BELLHOP_DEMO_PASSWORD")
        }
        let access = HotelAccess(key: key, password: password, file: path)
        plan.hotel = access
        for url in urls {
            guard let server = Endpoint(url) else { throw .badClusterURL(url) }
            plan.targets.append(server.with(scheme: .ws, path: access.socketPath))
        }
        for url in cluster.nodes.isEmpty ? urls : cluster.nodes {
            guard let server = Endpoint(url) else { throw .badClusterURL(url) }
            plan.publishers.append(server.with(scheme: .http, path: "/"))
        }
        if plan.pids.isEmpty { plan.pids = cluster.pids }
    }
}
