internal import Glibc
internal import Shared

/// One channel at one server: what is wanted of it and what the server has been told.
final class ChannelEntry {
    let channel: BusChannel
    let name: [UInt8]
    fileprivate let hash: UInt64
    fileprivate var next: ChannelEntry?

    var isWanted = false
    /// The last thing that this connection's server was told is that we want it.
    var isAsked = false
    /// Requests for it that the server has not confirmed.
    var unconfirmed = 0
    /// Messages come from now on.
    var isConfirmed = false
    /// The listener has to be told so.
    var owesConfirmation = false
    var isDirty = false

    init(_ channel: BusChannel) {
        self.channel = channel
        self.name = Array(channel.name.utf8)
        self.hash = self.name.withUnsafeBytes { StableHash.of($0) }
    }
}

extension ChannelEntry {
    fileprivate func isNamed(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard self.name.count == bytes.count else { return false }
        guard let start = bytes.baseAddress else { return true }
        // Safety: both have `count` bytes.
        return self.name.withUnsafeBytes { memcmp($0.baseAddress ?? start, start, bytes.count) == 0 }
    }
}

/// Finds channels by the bytes of their names, without making a string of what was read.
struct ChannelTable {
    private var chains: [UInt64: ChannelEntry] = [:]

    func find(_ name: UnsafeRawBufferPointer) -> ChannelEntry? {
        var entry = self.chains[StableHash.of(name)]
        while let candidate = entry {
            if candidate.isNamed(name) { return candidate }
            entry = candidate.next
        }
        return nil
    }

    func find(_ channel: BusChannel) -> ChannelEntry? {
        var name = channel.name
        return name.withUTF8 { self.find(UnsafeRawBufferPointer($0)) }
    }

    /// Adds one whose name is not in the table.
    mutating func insert(_ entry: ChannelEntry) {
        entry.next = self.chains[entry.hash]
        self.chains[entry.hash] = entry
    }

    mutating func remove(_ entry: ChannelEntry) {
        guard let first = self.chains[entry.hash] else { return }
        if first === entry {
            self.chains[entry.hash] = entry.next
            return
        }
        var before = first
        while let candidate = before.next {
            if candidate === entry {
                before.next = entry.next
                return
            }
            before = candidate
        }
    }

    var all: [ChannelEntry] {
        var entries: [ChannelEntry] = []
        for first in self.chains.values {
            var entry: ChannelEntry? = first
            while let found = entry {
                entries.append(found)
                entry = found.next
            }
        }
        return entries
    }
}
