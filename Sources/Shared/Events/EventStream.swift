/// A numbered sequence of events: one per tenant, and one for the platform's own.
package enum EventStream: Hashable, Sendable {
    case tenant(TenantID)
    case system

    /// The id under which the store keeps it; the platform's is all zeros, which no tenant has.
    package var raw: UInt128 {
        switch self {
        case .tenant(let id): id.raw
        case .system: 0
        }
    }

    package init(raw: UInt128) { self = raw == 0 ? .system : .tenant(TenantID(raw: raw)) }
}

/// Tells a stream from what it was before its database went back in time: positions of different epochs cannot be compared.
package struct Epoch: Hashable, Sendable {
    /// Below 2^48, so that a client's JavaScript reads it exactly.
    package let raw: Int64

    package init(raw: Int64) { self.raw = raw }
}

/// How far a stream has come.
package struct StreamHead: Equatable, Sendable {
    package let epoch: Epoch
    /// The number of the latest event; 0 before the first.
    package let seq: Int64
    /// No event behind `seq` was recorded before this, by the database's clock, if it is known.
    package let lastAt: Timestamp?

    package init(epoch: Epoch, seq: Int64, lastAt: Timestamp? = nil) {
        self.epoch = epoch
        self.seq = seq
        self.lastAt = lastAt
    }

    /// Equal heads are the same position, whatever is known of its time.
    package static func == (one: StreamHead, other: StreamHead) -> Bool {
        one.epoch == other.epoch && one.seq == other.seq
    }
}
