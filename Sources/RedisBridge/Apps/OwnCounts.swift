internal import Shared

/// How many sockets of this node hear which channel, and what of it a server may not know yet.
struct OwnCounts {
    /// By loop.
    private var counts: [AppChannel: [Int: Int]] = [:]
    private var unsaid: [Int: Set<AppChannel>] = [:]

    var channelCount: Int { self.counts.count }

    mutating func note(_ channel: AppChannel, _ count: Int, on loop: Int, server: Int) {
        var byLoop = self.counts[channel] ?? [:]
        byLoop[loop] = count > 0 ? count : nil
        self.counts[channel] = byLoop.isEmpty ? nil : byLoop
        self.unsaid[server, default: []].insert(channel)
    }

    func hasUnsaid(for server: Int) -> Bool { self.unsaid[server]?.isEmpty == false }

    /// Some of what is to be said, which is then taken to be known.
    mutating func take(_ limit: Int, for server: Int) -> [(channel: AppChannel, count: Int)] {
        guard let all = self.unsaid[server] else { return [] }
        let some = all.prefix(limit)
        self.unsaid[server] = some.count == all.count ? nil : all.subtracting(some)
        return some.map { ($0, self.counts[$0]?.values.reduce(0, +) ?? 0) }
    }

    /// It is not known after all.
    mutating func putBack(_ channels: [AppChannel], for server: Int) {
        self.unsaid[server, default: []].formUnion(channels)
    }

    /// The server knows nothing of ours.
    mutating func isForgotten(on server: Int, isThere: (AppChannel) -> Bool) {
        self.unsaid[server] = Set(self.counts.keys.filter(isThere))
    }
}
