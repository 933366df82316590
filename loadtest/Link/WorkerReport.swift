/// What a worker tells the coordinator: one line of text on its standard output.
enum WorkerReport: Equatable, Sendable {
    /// The loop turns; orders are welcome.
    case ready
    /// Several times a second: the counts so far and the 99th percentile in nanoseconds.
    case live(Figures, p99: UInt64)
    /// Every socket is open or has failed.
    case settled
    /// The cluster has accepted a command: everybody who waits for its event has to know.
    case confirmed(Confirmation)
    /// Nothing sensible can be measured; for people.
    case hopeless(String)
    case result(WorkerResult)

    var line: String {
        switch self {
        case .ready: "ready"
        case .live(let figures, let p99): "live \(figures.encoded) \(p99)"
        case .settled: "settled"
        case .confirmed(let confirmation): "confirmed \(confirmation.encoded)"
        case .hopeless(let text): "hopeless \(text.split(whereSeparator: \.isNewline).joined(separator: " "))"
        case .result(let result): "result \(result.encoded)"
        }
    }

    init?(line: String) {
        let parts = line.split(separator: " ", maxSplits: 1, omittingEmptySubsequences: false)
        switch (String(parts[0]), parts.count) {
        case ("ready", 1): self = .ready
        case ("settled", 1): self = .settled
        case ("confirmed", 2):
            guard let confirmation = Confirmation(encoded: parts[1]) else { return nil }
            self = .confirmed(confirmation)
        case ("hopeless", 2): self = .hopeless(String(parts[1]))
        case ("live", 2):
            let words = parts[1].split(separator: " ", omittingEmptySubsequences: false)
            guard words.count == 2, let figures = Figures(encoded: words[0]), let p99 = UInt64(words[1]) else {
                return nil
            }
            self = .live(figures, p99: p99)
        case ("result", 2):
            guard let result = WorkerResult(encoded: parts[1]) else { return nil }
            self = .result(result)
        default: return nil
        }
    }
}

/// All that a worker measured; adds up over workers.
struct WorkerResult: Equatable, Sendable {
    var figures = Figures()
    var failures = FailureCounts()
    /// From due to received, of the messages of the window.
    var latency = LatencyHistogram()
    /// From the connect being due or begun to the handshake being accepted.
    var connectTimes = LatencyHistogram()
    /// From due to confirmed, of the publications or commands of the window.
    var publishTimes = LatencyHistogram()
    /// From the answer of a command to the event's arrival at a socket.
    var answerLatency = LatencyHistogram()
    /// When the first connect began and the last socket opened, in monotonic nanoseconds; `nil` if none opened.
    var ramp: ClosedRange<UInt64>?

    mutating func merge(_ other: WorkerResult) {
        self.figures.merge(other.figures)
        self.failures.merge(other.failures)
        self.latency.merge(other.latency)
        self.connectTimes.merge(other.connectTimes)
        self.publishTimes.merge(other.publishTimes)
        self.answerLatency.merge(other.answerLatency)
        guard let theirs = other.ramp else { return }
        let ours = self.ramp ?? theirs
        self.ramp = min(ours.lowerBound, theirs.lowerBound)...max(ours.upperBound, theirs.upperBound)
    }

    /// Seven words.
    var encoded: String {
        [
            self.figures.encoded, self.failures.encoded, self.latency.encoded, self.connectTimes.encoded,
            self.publishTimes.encoded, self.answerLatency.encoded,
            self.ramp.map { "\($0.lowerBound)-\($0.upperBound)" } ?? "-",
        ].joined(separator: " ")
    }

    init() {}

    init?(encoded: some StringProtocol) {
        let words = encoded.split(separator: " ", omittingEmptySubsequences: false)
        guard words.count == 7, let figures = Figures(encoded: words[0]),
            let failures = FailureCounts(encoded: words[1]), let latency = LatencyHistogram(encoded: words[2]),
            let connectTimes = LatencyHistogram(encoded: words[3]),
            let publishTimes = LatencyHistogram(encoded: words[4]),
            let answerLatency = LatencyHistogram(encoded: words[5])
        else { return nil }
        (self.figures, self.failures, self.latency) = (figures, failures, latency)
        (self.connectTimes, self.publishTimes) = (connectTimes, publishTimes)
        self.answerLatency = answerLatency
        guard words[6] != "-" else { return }
        let ends = words[6].split(separator: "-", omittingEmptySubsequences: false).compactMap { UInt64($0) }
        guard ends.count == 2, ends[0] <= ends[1] else { return nil }
        self.ramp = ends[0]...ends[1]
    }
}
