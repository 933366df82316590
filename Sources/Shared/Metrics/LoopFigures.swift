/// What one event loop tells about itself: plain values, read from the loop's own counters when somebody asks.
package struct LoopFigures: Sendable {
    /// The loop's number.
    package var loop = 0
    /// Sockets open now.
    package var connections = 0
    /// Sockets accepted.
    package var accepted: UInt64 = 0
    /// Sockets turned away because descriptors or places ran out.
    package var refused: UInt64 = 0
    /// Failures of accept.
    package var acceptErrors: UInt64 = 0
    /// Bytes read from sockets.
    package var bytesReceived: UInt64 = 0
    /// Bytes that the kernel took for sockets.
    package var bytesSent: UInt64 = 0
    /// System calls that sent.
    package var sends: UInt64 = 0
    /// Bytes that wait for sockets that take no more.
    package var outboxBytes = 0
    /// Sockets closed because too much waited for them, or too long.
    package var slowConsumers: UInt64 = 0
    /// Closings that were cut off because the peer did not finish in time.
    package var slowCloses: UInt64 = 0
    /// Turns per bucket of ``turnBounds``, not cumulated, and one bucket more.
    package var turns = [UInt64](repeating: 0, count: turnBounds.count + 1)
    /// What all turns took together.
    package var turnMicroseconds: UInt64 = 0

    /// Upper bounds of the histogram of turns in microseconds.
    package static let turnBounds: [UInt64] = [
        100, 250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 1_000_000,
    ]

    /// A loop that has done nothing yet.
    package init() {}

    /// The families that show these loops, with the loop as label.
    static func families(of loops: [LoopFigures]) -> [MetricFamily] {
        func samples(_ value: (LoopFigures) -> UInt64) -> [MetricSample] {
            loops.map { MetricSample(["loop": String($0.loop)], Double(value($0))) }
        }
        func samples(_ value: (LoopFigures) -> Int) -> [MetricSample] {
            loops.map { MetricSample(["loop": String($0.loop)], Double(value($0))) }
        }
        return [
            .gauges("bellhop_connections_open", help: "Sockets open now.", samples { $0.connections }),
            .counters("bellhop_connections_accepted_total", help: "Sockets accepted.", samples { $0.accepted }),
            .counters(
                "bellhop_connections_refused_total",
                help: "Sockets turned away because descriptors or places ran out.", samples { $0.refused }),
            .counters("bellhop_accept_errors_total", help: "Failures of accept.", samples { $0.acceptErrors }),
            .counters("bellhop_received_bytes_total", help: "Bytes read from sockets.", samples { $0.bytesReceived }),
            .counters("bellhop_sent_bytes_total", help: "Bytes written to sockets.", samples { $0.bytesSent }),
            .counters("bellhop_sends_total", help: "System calls that wrote to sockets.", samples { $0.sends }),
            .gauges(
                "bellhop_outbox_bytes", help: "Bytes that wait for sockets that take no more.",
                samples { $0.outboxBytes }),
            .counters(
                "bellhop_slow_consumers_total", help: "Sockets closed because they took too little of what waited.",
                samples { $0.slowConsumers }),
            .counters(
                "bellhop_slow_closes_total", help: "Closings cut off because the peer did not finish in time.",
                samples { $0.slowCloses }),
            .histograms(
                "bellhop_loop_lag_seconds", help: "How long a turn of an event loop kept the next events waiting.",
                scale: .microseconds(bounds: Self.turnBounds),
                loops.map { (["loop": String($0.loop)], $0.turns, $0.turnMicroseconds) }),
        ]
    }
}
