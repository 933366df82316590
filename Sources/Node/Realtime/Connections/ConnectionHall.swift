package import Reactor
internal import Shared

/// An endpoint that says what is connected to it. On its loop's thread.
protocol ConnectionSource: AnyObject {
    /// Adds its sockets and channels.
    func count(into connections: inout Connections, of tenant: TenantID?)
}

/// What is connected to one loop, and what has ended there. Confined to its thread.
package final class ConnectionHall {
    private struct Source {
        unowned let object: any ConnectionSource
    }

    private var sources: [Source] = []
    /// A ring of the latest ends.
    private var ends: [Disconnect] = []
    private var next = 0
    private static let mostEnds = 100

    /// The one of this loop.
    package static func on(_ loop: EventLoop, doors: ConnectionDoors) -> ConnectionHall {
        loop.attachment(ConnectionHall.self) ?? ConnectionHall(loop: loop, doors: doors)
    }

    /// Attaches itself to the loop, which keeps it.
    private init(loop: EventLoop, doors: ConnectionDoors) {
        loop.attach(self)
        doors.add(loop.handle)
    }

    /// Sources live at least as long as the loop turns.
    func add(_ source: any ConnectionSource) { self.sources.append(Source(object: source)) }

    func ended(_ end: Disconnect) {
        if self.ends.count < Self.mostEnds {
            self.ends.append(end)
        } else {
            self.ends[self.next] = end
            self.next = (self.next + 1) % Self.mostEnds
        }
    }

    func connections(of tenant: TenantID?) -> Connections {
        var connections = Connections()
        for source in self.sources { source.object.count(into: &connections, of: tenant) }
        connections.disconnects = self.ends.filter { tenant == nil || $0.tenant == tenant }
        return connections
    }
}
