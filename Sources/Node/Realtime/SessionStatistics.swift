internal import Shared

/// One loop's share of what sessions count.
struct SessionStatistics {
    let malformedRequests: CounterShard
    let framesReceived: CounterShard
    let framesSent: CounterShard
    let socketsOpen: GaugeShard
    let requestDuration: HistogramShard
    private let answers: [CounterShard]

    init(_ metrics: NodeMetrics) {
        self.malformedRequests = metrics.malformedRequests.shard()
        self.framesReceived = metrics.framesReceived.shard()
        self.framesSent = metrics.framesSent.shard()
        self.socketsOpen = metrics.socketsOpen.shard()
        self.requestDuration = metrics.requestDuration.shard()
        self.answers = stride(from: 100, to: 600, by: 100).map { metrics.requests(status: $0).shard() }
    }

    /// An answer with this status went out.
    func answered(_ status: UInt16) { self.answers[min(max(Int(status) / 100, 1), 5) - 1].increment() }
}
