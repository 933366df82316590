/// Where a property is in its life (`domain.md` 2.1). Raw values are stored and sent.
package enum PropertyStatus: String, CaseIterable, Sendable {
    /// Being set up.
    case draft
    case live
    /// Over; it is kept because its past is.
    case archived

    /// `draft → live → archived`, and a draft may be given up. Nothing comes back from the archive.
    package var successors: [PropertyStatus] {
        switch self {
        case .draft: [.live, .archived]
        case .live: [.archived]
        case .archived: []
        }
    }

    /// Refuses a way that there is not.
    package func go(to status: PropertyStatus) throws(Refusal) {
        guard status == self && self != .archived || self.successors.contains(status) else {
            throw .transition(from: self.rawValue, allowed: self.successors.map(\.rawValue))
        }
    }
}

/// Who moves the business date forward (`domain.md` 1.3).
package enum RollMode: String, CaseIterable, Sendable { case auto, manual, pms }

/// Which side says what is out of order, where a PMS is linked.
package enum OutOfOrderAuthority: String, CaseIterable, Sendable { case local, pms, both }
