internal import Glibc

/// Shows where a run is, on standard error: one line that changes on a terminal, else a line now and then.
struct ProgressView {
    private static let terminalInterval: UInt64 = 100_000_000
    private static let plainInterval: UInt64 = 2_000_000_000
    private static let barCells = 24

    private let isOn: Bool
    private let isTerminal: Bool
    private var nextShow: UInt64 = 0
    private var isLineOpen = false
    private var lastStage = ""
    private var rate = RateMeter()

    init(isOn: Bool) {
        self.isOn = isOn
        self.isTerminal = isatty(STDERR_FILENO) == 1
    }

    /// Shows the campaign if it is time to.
    mutating func show(_ campaign: Campaign, _ plan: Plan, at now: UInt64) {
        guard self.isOn, let stage = ProgressStage(campaign, plan, at: now) else { return }
        let isNews = stage.name != self.lastStage
        guard isNews || now >= self.nextShow else { return }
        self.nextShow = now + (self.isTerminal ? Self.terminalInterval : Self.plainInterval)
        if isNews { self.rate = RateMeter() }
        let perSecond = self.rate.rate(stage.counted, at: now)
        self.lastStage = stage.name
        self.write(Self.line(stage, perSecond: perSecond, bar: self.isTerminal))
    }

    /// Ends the changing line, so that what follows begins on a new one.
    mutating func finish() {
        if self.isLineOpen { Self.put("\r\u{1B}[2K") }
        self.isLineOpen = false
    }

    static func line(_ stage: ProgressStage, perSecond: Double?, bar: Bool) -> String {
        var parts = [stage.name + String(repeating: " ", count: max(0, 8 - stage.name.count))]
        if bar {
            let full = Int(min(max(stage.share, 0), 1) * Double(Self.barCells))
            parts.append(
                String(repeating: "█", count: full) + String(repeating: "░", count: Self.barCells - full))
        }
        parts.append(stage.position)
        if let perSecond, let unit = stage.unit { parts.append("\(NumberText.fixed(perSecond, 0)) \(unit)") }
        parts += stage.remarks
        return parts.joined(separator: "  ")
    }

    private mutating func write(_ line: String) {
        guard self.isTerminal else { return Self.put(line + "\n") }
        var size = winsize()
        let columns = ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0 ? Int(size.ws_col) : 80
        Self.put("\r\u{1B}[2K" + line.prefix(columns - 1))
        self.isLineOpen = true
    }

    private static func put(_ text: String) { _ = PipeIO.writeAll(Array(text.utf8), to: STDERR_FILENO) }
}

/// What the progress line says.
struct ProgressStage: Equatable {
    var name: String
    /// From 0 to 1.
    var share: Double
    var position: String
    /// What the rate is made of; without a unit it is not shown.
    var counted: UInt64
    var unit: String?
    var remarks: [String] = []

    init?(_ campaign: Campaign, _ plan: Plan, at now: UInt64) {
        let figures = campaign.figures
        switch campaign.phase {
        case .starting, .finished, .collecting: return nil
        case .ramping:
            let answered = figures[.opened] &+ figures[.failed]
            self.name = "connect"
            self.share = Double(answered) / Double(plan.sockets)
            self.position = "\(NumberText.count(answered)) of \(NumberText.count(UInt64(plan.sockets)))"
            (self.counted, self.unit) = (figures[.opened], "connects/s")
        case .running(let window):
            let isWarmingUp = now < window.from
            let start = isWarmingUp ? window.begin : window.from
            let end = isWarmingUp ? window.from : window.end
            let past = Double(now > start ? now - start : 0) / 1e9
            let all = Double(end - start) / 1e9
            self.name = isWarmingUp ? "warm up" : "measure"
            self.share = all > 0 ? past / all : 1
            let decimals = all < 10 ? 1 : 0
            self.position = "\(NumberText.fixed(min(past, all), decimals)) of \(NumberText.fixed(all, decimals)) s"
            // What the warm-up delivers is not counted.
            (self.counted, self.unit) = (figures[.deliveries], isWarmingUp ? nil : "deliveries/s")
            if campaign.p99 > 0 {
                self.remarks.append("p99 \(NumberText.milliseconds(Double(campaign.p99) / 1e6))")
            }
        case .settling:
            let expected = plan.expectedDeliveries(figures)
            self.name = "settle"
            self.share = expected > 0 ? Double(figures[.deliveries]) / Double(expected) : 1
            self.position = "\(NumberText.count(figures[.deliveries])) of \(NumberText.count(expected))"
            (self.counted, self.unit) = (figures[.deliveries], "deliveries/s")
        }
        for figure in [Figure.failed, .dropped, .refused, .retries, .duplicates, .disorder, .strangers]
        where figures[figure] > 0 {
            self.remarks.append("\(NumberText.count(figures[figure])) \(figure.rawValue)")
        }
    }
}

/// How fast a count grows, over the last second or so.
struct RateMeter: Equatable {
    private var marks: [(instant: UInt64, count: UInt64)] = []

    /// Notes the count; `nil` until there is something to compare with.
    mutating func rate(_ count: UInt64, at now: UInt64) -> Double? {
        while self.marks.count > 1, now > self.marks[1].instant + 1_000_000_000 { self.marks.removeFirst() }
        defer { self.marks.append((now, count)) }
        guard let oldest = self.marks.first, now > oldest.instant, count >= oldest.count else { return nil }
        return Double(count - oldest.count) * 1e9 / Double(now - oldest.instant)
    }

    static func == (left: RateMeter, right: RateMeter) -> Bool {
        left.marks.elementsEqual(right.marks) { $0 == $1 }
    }
}
