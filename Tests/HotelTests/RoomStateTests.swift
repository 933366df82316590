import Hotel
import Testing

/// Every combination of the axes that a display status depends on.
@Suite struct RoomStateTests {
    static func everyState() -> [RoomState] {
        var states: [RoomState] = []
        for occupancy in FrontOfficeOccupancy.allCases {
            for status in HKStatus.allCases {
                for seen in HKOccupancy.allCases {
                    for flag in ServiceFlag.allCases {
                        for availability in Availability.allCases {
                            for bits in 0..<4 {
                                var state = RoomState(foOccupancy: occupancy, hkStatus: status, serviceFlag: flag)
                                state.foPersons = occupancy == .occupied ? 2 : 0
                                state.hkOccupancy = seen
                                state.availability = availability
                                state.isBeingCleaned = bits & 1 != 0
                                state.isHeld = bits & 2 != 0
                                states.append(state)
                            }
                        }
                    }
                }
            }
        }
        return states
    }

    /// `domain.md` 4.1.1 as a list of rows, the first match wins.
    static func expected(_ state: RoomState, requiresInspection: Bool) -> DisplayStatus {
        let isOccupied = state.foOccupancy == .occupied
        let isDirty = state.hkStatus == .dirty || state.hkStatus == .pickup
        let isCleanEnough = state.hkStatus == .inspected || (state.hkStatus == .clean && !requiresInspection)
        let isSleep = !isOccupied && state.hkOccupancy == .occupied
        let rows: [(Bool, DisplayStatus)] = [
            (state.availability == .outOfOrder, .outOfOrder), (state.availability == .outOfService, .outOfService),
            (state.isBeingCleaned, .cleaning),
            (isOccupied && [.doNotDisturb, .doubleLocked].contains(state.serviceFlag), .occupiedDND),
            (isOccupied && isDirty, .occupiedDirty), (isOccupied, .occupiedClean),
            (isCleanEnough && !isSleep && !state.isHeld, .ready),
            (state.hkStatus == .clean && requiresInspection, .awaitingInspection), (state.hkStatus == .pickup, .pickup),
            (state.hkStatus == .dirty, .dirty),
            // Not in the list: clean enough, but held or with somebody in it.
            (true, .awaitingInspection),
        ]
        return rows.first { $0.0 }.map(\.1) ?? .dirty
    }

    @Test(arguments: [true, false]) func `the display status is the first row that matches`(inspection: Bool) {
        var rules = RoomRules()
        rules.requiresInspection = inspection
        var shown: Set<DisplayStatus> = []
        for state in Self.everyState() {
            let display = state.displayStatus(rules)
            #expect(display == Self.expected(state, requiresInspection: inspection), "\(state)")
            shown.insert(display)
            #expect((display == .ready) == (state.obstacles(rules).isEmpty && !state.isBeingCleaned))
        }
        #expect(shown == Set(DisplayStatus.allCases))
    }

    @Test func `front office and housekeeping disagree as the table says`() {
        let table: [(FrontOfficeOccupancy, Int, HKOccupancy, Int?, Discrepancy)] = [
            (.vacant, 0, .occupied, nil, .sleep), (.vacant, 0, .occupied, 2, .sleep), (.vacant, 0, .vacant, nil, .none),
            (.vacant, 0, .unknown, nil, .none), (.occupied, 2, .vacant, nil, .skip),
            (.occupied, 2, .occupied, 2, .none),
            (.occupied, 2, .occupied, 3, .person), (.occupied, 2, .occupied, 0, .person),
            (.occupied, 2, .occupied, nil, .none), (.occupied, 2, .unknown, nil, .none),
        ]
        for (front, persons, seen, counted, expected) in table {
            var state = RoomState(foOccupancy: front)
            state.foPersons = persons
            state.hkOccupancy = seen
            state.hkPersons = counted
            #expect(state.discrepancy == expected)
        }
    }

    @Test func `a lenient desk overlooks dirt and nothing else`() {
        let all = RoomObstacle.allCases
        #expect(CheckInGuard.block.remaining(all) == all)
        for lenient in [CheckInGuard.warn, .off] {
            #expect(lenient.remaining(all) == [.outOfOrder, .outOfService, .occupied, .sleep, .onHold])
        }
    }
}
