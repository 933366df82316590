internal import Shared

/// What one server process used.
struct ServerFigures: Equatable, Sendable {
    var pid: Int32
    /// User and system time within the measured part of the run.
    var cpuSeconds: Double
    /// How long that part was.
    var seconds: Double
    /// Before the first socket, at the end, and the most that was seen.
    var residentBefore: UInt64
    var residentBytes: UInt64
    var residentPeak: UInt64
    /// It could not be read any more at the end.
    var isGone: Bool
}

/// Reads CPU time and memory of the servers at the moments that matter.
struct ServerWatch {
    /// When figures are taken; those between the last two are what the report shows.
    enum Moment: Int, Sendable { case baseline, measureBegan, measureEnded }

    private struct Sample {
        var instant: UInt64
        var figures: ProcessFigures?
    }

    private let pids: [Int32]
    private var samples: [Int32: [Moment: Sample]] = [:]
    private var peaks: [Int32: UInt64] = [:]
    private var nextLook: UInt64 = 0

    init(_ pids: [Int32]) { self.pids = pids }

    /// Takes the figures of all servers; what was taken of the same moment before is replaced.
    mutating func take(_ moment: Moment, at now: UInt64) {
        for pid in self.pids {
            let figures = self.read(pid)
            self.samples[pid, default: [:]][moment] = Sample(instant: now, figures: figures)
        }
    }

    /// Looks whether memory is at a new height, a few times a second at most.
    mutating func look(at now: UInt64) {
        guard now >= self.nextLook else { return }
        self.nextLook = now + 200_000_000
        for pid in self.pids { _ = self.read(pid) }
    }

    private mutating func read(_ pid: Int32) -> ProcessFigures? {
        guard let figures = try? ProcessFigures.read(of: pid) else { return nil }
        self.peaks[pid] = max(self.peaks[pid] ?? 0, figures.residentBytes)
        return figures
    }

    var figures: [ServerFigures] {
        self.pids.map { pid in
            let samples = self.samples[pid] ?? [:]
            let baseline = samples[.baseline]?.figures
            let end = samples[.measureEnded]
            let begin = samples[.measureBegan] ?? samples[.baseline]
            let last = end?.figures ?? begin?.figures ?? baseline
            var cpu: UInt64 = 0
            if let from = begin?.figures, let to = end?.figures, to.cpuNanoseconds > from.cpuNanoseconds {
                cpu = to.cpuNanoseconds - from.cpuNanoseconds
            }
            let span = (end?.instant ?? 0) > (begin?.instant ?? 0) ? (end?.instant ?? 0) - (begin?.instant ?? 0) : 0
            return ServerFigures(
                pid: pid, cpuSeconds: Double(cpu) / 1e9, seconds: Double(span) / 1e9,
                residentBefore: baseline?.residentBytes ?? 0, residentBytes: last?.residentBytes ?? 0,
                residentPeak: self.peaks[pid] ?? 0, isGone: end.map { $0.figures == nil } ?? (last == nil))
        }
    }
}
