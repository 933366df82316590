extension RoomState {
    /// What an axis holds, as history and audit keep it; `nil` where it holds nothing.
    package func word(_ axis: RoomAxis, _ rules: RoomRules) -> String? {
        switch axis {
        case .foOccupancy: self.foOccupancy.rawValue
        case .foPersons: String(self.foPersons)
        case .hkStatus: self.hkStatus.rawValue
        case .hkOccupancy: self.hkOccupancy.rawValue
        case .hkPersons: self.hkPersons.map { String($0) }
        case .serviceFlag: self.serviceFlag.rawValue
        case .turndownStatus: self.turndown.rawValue
        case .availability: self.availability.rawValue
        case .discrepancy: self.discrepancy.rawValue
        case .displayStatus: self.displayStatus(rules).rawValue
        case .rush: String(self.rush)
        case .queued: String(self.isQueued)
        case .hold: String(self.isHeld)
        }
    }
}
