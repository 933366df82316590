internal import CLinux
package import Shared

/// What a descriptor is ready for.
package struct Readiness: OptionSet, Sendable {
    package let rawValue: UInt32
    package static let readable = Readiness(rawValue: 1)
    package static let writable = Readiness(rawValue: 2)

    package init(rawValue: UInt32) { self.rawValue = rawValue }

    /// An error or a hang-up is something to read: the reading says what it is.
    init(events: UInt32) {
        let input = EPOLLIN.rawValue | EPOLLERR.rawValue | EPOLLHUP.rawValue
        self = events & input != 0 ? .readable : []
        if events & EPOLLOUT.rawValue != 0 { self.insert(.writable) }
    }

    var events: UInt32 {
        (self.contains(.readable) ? EPOLLIN.rawValue : 0) | (self.contains(.writable) ? EPOLLOUT.rawValue : 0)
    }
}

/// Names one watched descriptor; never used again.
package struct WatchID: Hashable, Sendable {
    let number: UInt32
}

/// A descriptor that a C library owns, reads and writes, and closes: a database's socket turns in the loop like our own.
struct Watch {
    let descriptor: CInt
    var interest: Readiness
    let ready: (Readiness) -> Void
}

extension EventLoop {
    /// Calls `ready` on the loop whenever the descriptor is ready for what is wanted of it (level-triggered).
    package func watch(
        _ descriptor: CInt, for interest: Readiness, _ ready: @escaping (Readiness) -> Void
    ) throws(SystemError) -> WatchID {
        repeat { self.lastWatch = (self.lastWatch &+ 1) & Self.mostWatches } while self.watches[self.lastWatch] != nil
        let id = WatchID(number: self.lastWatch)
        try self.control(EPOLL_CTL_ADD, descriptor, interest.events, Self.token(of: id))
        self.watches[id.number] = Watch(descriptor: descriptor, interest: interest, ready: ready)
        return id
    }

    /// Wants something else of a watched descriptor.
    package func change(_ id: WatchID, to interest: Readiness) throws(SystemError) {
        guard let watch = self.watches[id.number], watch.interest != interest else { return }
        try self.control(EPOLL_CTL_MOD, watch.descriptor, interest.events, Self.token(of: id))
        self.watches[id.number]?.interest = interest
    }

    /// Watches no longer: to be called before the descriptor is closed. What the kernel has already reported is not told.
    package func unwatch(_ id: WatchID) {
        guard let watch = self.watches.removeValue(forKey: id.number) else { return }
        try? self.control(EPOLL_CTL_DEL, watch.descriptor, 0, 0)
    }

    /// Tells about a token of the kernel's; false if it is not one of a watch.
    func watchReady(_ token: UInt64, _ events: UInt32) -> Bool {
        guard token & Self.watchToken != 0 else { return false }
        let number = UInt32(truncatingIfNeeded: token) & Self.mostWatches
        self.watches[number]?.ready(Readiness(events: events))
        return true
    }

    private static func token(of id: WatchID) -> UInt64 { self.watchToken | UInt64(id.number) }

    /// In a token without a generation: set for watches, clear for listeners.
    private static var watchToken: UInt64 { 1 << 31 }
    /// Also the mask of a number; one less than the wake token leaves.
    private static var mostWatches: UInt32 { 0x3FFF_FFFF }
}
