package import Reactor
internal import Shared

/// Whose sockets are in presence channels, on one loop.
protocol PresenceGuest: AnyObject {
    /// What became of `PresenceHall.enter`: who is in the channel, the socket's user among them, by id; `nil` if it is full.
    func entered(_ ticket: UInt64, _ members: [String: PresenceMember]?)

    /// Users came and went since.
    func changed(_ channel: AppChannel, _ changes: [PresenceChange])

    /// What became of `PresenceHall.watch`: the channels that have somebody in them.
    func watched(_ ticket: UInt64, occupied: Set<AppChannel>)
}

/// The sockets of one loop that are in presence channels or watch them: their way to the node's desk and back. Confined to the
/// loop's thread.
package final class PresenceHall {
    private let doors: PresenceDoors
    private let loop: Int
    private var lastTicket: UInt64 = 0
    /// By app.
    private var guests: [String: any PresenceGuest] = [:]
    /// By the tickets of what has been asked for and not answered.
    private var asking: [UInt64: String] = [:]

    /// The one of this loop.
    package static func on(_ loop: EventLoop, doors: PresenceDoors) -> PresenceHall {
        loop.attachment(PresenceHall.self) ?? PresenceHall(loop: loop, doors: doors)
    }

    /// Attaches itself to the loop, which keeps it.
    private init(loop: EventLoop, doors: PresenceDoors) {
        self.doors = doors
        self.loop = loop.handle.index
        loop.attach(self)
        doors.add(loop.handle)
    }

    func add(_ guest: any PresenceGuest, for app: String) { self.guests[app] = guest }

    /// Which loop a ticket is of.
    static func loop(of ticket: UInt64) -> Int { Int(ticket >> 48) }

    private func newTicket(for app: String) -> UInt64 {
        self.lastTicket += 1
        let ticket = UInt64(self.loop) << 48 | self.lastTicket
        self.asking[ticket] = app
        return ticket
    }

    /// Brings a socket into a channel; its guest is told what came of it. To be undone by `leave`, unless it is full.
    func enter(_ entrant: PresenceEntrant) -> UInt64 {
        let (ticket, loop) = (self.newTicket(for: entrant.channel.app), self.loop)
        self.doors.tell { $0.enter(entrant, ticket: ticket, on: loop) }
        return ticket
    }

    /// - Parameter grace: milliseconds for which it still counts.
    func leave(ticket: UInt64, grace: UInt64 = 0) {
        self.asking[ticket] = nil
        self.doors.tell { $0.leave(ticket: ticket, grace: grace) }
    }

    /// Asks whether somebody is in these channels; the guest is told, and of each change from then on.
    func watch(_ channels: [AppChannel], of app: String) -> UInt64 {
        let (ticket, loop) = (self.newTicket(for: app), self.loop)
        self.doors.tell { $0.watch(channels, ticket: ticket, on: loop) }
        return ticket
    }

    func unwatch(_ channels: [AppChannel], ticket: UInt64) {
        self.asking[ticket] = nil
        let loop = self.loop
        self.doors.tell { $0.unwatch(channels, ticket: ticket, on: loop) }
    }

    // MARK: From the desk

    func entered(_ ticket: UInt64, _ members: [String: PresenceMember]?) {
        guard let app = self.asking.removeValue(forKey: ticket) else { return }
        self.guests[app]?.entered(ticket, members)
    }

    func changed(_ channel: AppChannel, _ changes: [PresenceChange]) {
        self.guests[channel.app]?.changed(channel, changes)
    }

    func watched(_ ticket: UInt64, occupied: Set<AppChannel>) {
        guard let app = self.asking.removeValue(forKey: ticket) else { return }
        self.guests[app]?.watched(ticket, occupied: occupied)
    }
}
