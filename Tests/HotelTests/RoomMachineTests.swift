import Hotel
import Shared
import Testing

/// Every state × command × role, against tables that are written here once more.
@Suite struct RoomMachineTests {
    enum Answer: Equatable {
        case forbidden, refused(RefusalCode), same, changed
    }

    static func context(_ role: Role, pickup: Bool = true) -> RoomContext {
        var rules = RoomRules()
        rules.allowsPickup = pickup
        rules.turndownEnabled = true
        var context = RoomContext(
            actor: World.actor(role), place: World.place, rules: rules, key: World.key(1_000))
        context.isOwnAssignment = true
        context.isOwnStay = true
        context.selfServiceEnabled = true
        return context
    }

    static func answer(_ state: RoomState, _ command: RoomCommand, _ context: RoomContext) -> Answer {
        do throws(Refusal) {
            let decision = try RoomMachine.decide(state, command, context)
            let statesDiffer = decision.changedAxes.contains { $0 != .displayStatus && $0 != .discrepancy }
            return statesDiffer ? .changed : .same
        } catch {
            return error.code == .forbidden ? .forbidden : .refused(error.code)
        }
    }

    static let settersOfStatus: [HKStatus: Set<Role>] = [
        .dirty: [
            .housekeepingSupervisor, .roomAttendant, .frontOfficeManager, .frontDeskAgent, .propertyManager,
            .maintenanceTechnician, .integration, .tenantOwner,
        ],
        .pickup: [
            .housekeepingSupervisor, .roomAttendant, .frontOfficeManager, .frontDeskAgent, .integration,
            .propertyManager, .tenantOwner,
        ],
        .clean: [
            .housekeepingSupervisor, .roomAttendant, .integration, .frontOfficeManager, .propertyManager, .tenantOwner,
        ],
        .inspected: [.housekeepingSupervisor, .frontOfficeManager, .propertyManager, .integration],
    ]

    static let sources: [HKStatus: Set<HKStatus>] = [
        .dirty: [.pickup, .clean, .inspected], .pickup: [.dirty, .clean, .inspected], .clean: [.dirty, .pickup],
        .inspected: [.clean, .pickup, .dirty],
    ]

    @Test(arguments: Role.allCases) func `hk_status changes as 4.1.2 says`(role: Role) {
        for from in HKStatus.allCases {
            for occupancy in FrontOfficeOccupancy.allCases {
                for pickup in [true, false] {
                    for to in HKStatus.allCases {
                        let state = RoomState(foOccupancy: occupancy, hkStatus: from)
                        let expected: Answer
                        if Self.settersOfStatus[to]?.contains(role) != true {
                            expected = .forbidden
                        } else if from == to {
                            expected = .same
                        } else if Self.sources[to]?.contains(from) != true || (to == .pickup && !pickup) {
                            expected = .refused(.transitionNotAllowed)
                        } else if to == .inspected && occupancy == .occupied {
                            expected = .refused(.transitionNotAllowed)
                        } else {
                            expected = .changed
                        }
                        let answer = Self.answer(state, .setStatus(to), Self.context(role, pickup: pickup))
                        #expect(answer == expected, "\(role): \(from) → \(to), \(occupancy)")
                    }
                }
            }
        }
    }

    static let settersOfFlag: [ServiceFlag: Set<Role>] = [
        .doNotDisturb: [
            .resident, .roomAttendant, .housekeepingSupervisor, .frontDeskAgent, .frontOfficeManager, .integration,
            .propertyManager,
        ],
        .makeUpRoom: [
            .resident, .roomAttendant, .housekeepingSupervisor, .frontDeskAgent, .integration, .propertyManager,
        ],
        .serviceDeclined: [.resident, .frontDeskAgent, .integration, .propertyManager],
    ]

    @Test(arguments: Role.allCases) func `service_flag changes as 4.1.3 says`(role: Role) {
        let holders: Set<Role> = Self.settersOfFlag[.doNotDisturb] ?? []
        for from in ServiceFlag.allCases {
            for occupancy in FrontOfficeOccupancy.allCases {
                for to in ServiceFlag.allCases {
                    let state = RoomState(foOccupancy: occupancy, serviceFlag: from)
                    let concerned = to == .none ? from : to
                    let row = Self.settersOfFlag[concerned == .doubleLocked ? .doNotDisturb : concerned] ?? []
                    let expected: Answer
                    if !holders.contains(role) {
                        expected = .forbidden
                    } else if from == to {
                        expected = .same
                    } else if (from != .none && to != .none) || !row.contains(role) {
                        expected = .refused(.transitionNotAllowed)
                    } else if to != .none && occupancy == .vacant {
                        expected = .refused(.roomFlagRequiresOccupied)
                    } else {
                        expected = .changed
                    }
                    let answer = Self.answer(state, .setServiceFlag(to), Self.context(role))
                    #expect(answer == expected, "\(role): \(from) → \(to), \(occupancy)")
                }
            }
        }
    }

    /// Who may do what has no table of states: every role against one row per command.
    @Test(arguments: Role.allCases) func `other commands are for those whom section 3 lets`(role: Role) {
        let desk: Set<Role> = [.propertyManager, .frontOfficeManager, .frontDeskAgent]
        let rows: [(RoomCommand, FrontOfficeOccupancy, Set<Role>)] = [
            (
                .reportOccupancy(.occupied, persons: 1), .vacant,
                desk.union([.housekeepingSupervisor, .roomAttendant, .integration])
            ),
            (.setRush(true, neededBy: nil), .vacant, desk.union([.housekeepingSupervisor])),
            (
                .setTurndown(.required), .occupied,
                [
                    .tenantOwner, .propertyManager, .frontOfficeManager, .housekeepingSupervisor, .roomAttendant,
                    .integration,
                ]
            ),
            (.setHold(true), .vacant, desk.union([.tenantOwner, .integration])),
            (.checkIn(persons: 2, .off), .vacant, desk.union([.resident, .integration])),
            (.moveIn(persons: 2, .off), .vacant, desk.union([.resident, .integration])),
            (.checkOut, .occupied, desk.union([.resident, .integration])),
            (.moveOut(leaving: .dirty), .occupied, desk.union([.resident, .integration])),
            (.reverseCheckIn(restoring: nil), .occupied, [.propertyManager, .frontOfficeManager, .integration]),
            (.reverseCheckOut(persons: 1), .vacant, [.propertyManager, .frontOfficeManager, .integration]),
            (.setAvailability(.outOfOrder, hasTicket: true, returning: nil), .vacant, []),
            (.setCleaning(true), .vacant, []), (.setQueued(true), .vacant, []),
            (.roll(inTurndownProgramme: false, inspectedDaysAgo: nil), .vacant, []),
        ]
        for (command, occupancy, who) in rows {
            let state = RoomState(foOccupancy: occupancy)
            let answer = Self.answer(state, command, Self.context(role))
            #expect(answer == (who.contains(role) ? .changed : .forbidden), "\(role): \(command)")
        }
        var sleeping = RoomState()
        sleeping.hkOccupancy = .occupied
        let resolved = Self.answer(sleeping, .resolveDiscrepancy, Self.context(role))
        #expect((resolved == .changed) == desk.union([.housekeepingSupervisor]).contains(role))
    }

    @Test func `limits are held against the case at hand`() {
        var attendant = Self.context(.roomAttendant)
        attendant.isOwnAssignment = false
        #expect(Self.answer(RoomState(), .setStatus(.clean), attendant) == .forbidden)
        var guest = Self.context(.resident)
        guest.isOwnStay = false
        let occupied = RoomState(foOccupancy: .occupied)
        #expect(Self.answer(occupied, .setServiceFlag(.doNotDisturb), guest) == .forbidden)
        guest.isOwnStay = true
        guest.selfServiceEnabled = false
        #expect(Self.answer(occupied, .checkOut, guest) == .forbidden)
        #expect(Self.answer(occupied, .setServiceFlag(.doNotDisturb), guest) == .changed)
        guest.place = .property(World.north, of: World.other)
        #expect(Self.answer(occupied, .setServiceFlag(.doNotDisturb), guest) == .forbidden)
    }

    @Test func `the system does what the tables give it and no more`() {
        var context = Self.context(.tenantOwner)
        context.actor = .system
        for status in [HKStatus.dirty, .pickup, .clean] {
            let other = RoomState(hkStatus: status == .dirty ? .clean : .dirty)
            #expect(Self.answer(other, .setStatus(status), context) == .changed)
        }
        #expect(Self.answer(RoomState(), .setStatus(.inspected), context) == .refused(.transitionNotAllowed))
        let flagged = RoomState(foOccupancy: .occupied, serviceFlag: .doNotDisturb)
        #expect(Self.answer(flagged, .setServiceFlag(.none), context) == .changed)
        let free = RoomState(foOccupancy: .occupied)
        #expect(Self.answer(free, .setServiceFlag(.makeUpRoom), context) == .refused(.transitionNotAllowed))
    }

    @Test func `nobody inspects the own clean unless trusted to`() {
        var context = Self.context(.housekeepingSupervisor)
        context.cleanedBy = World.user
        let room = RoomState(hkStatus: .clean)
        #expect(Self.answer(room, .setStatus(.inspected), context) == .refused(.selfInspection))
        context.mayCheckOwnWork = true
        #expect(Self.answer(room, .setStatus(.inspected), context) == .changed)
        context.mayCheckOwnWork = false
        context.cleanedBy = UserID(raw: 0x99)
        #expect(Self.answer(room, .setStatus(.inspected), context) == .changed)
    }

    @Test func `a room that is gone or is none has no status`() {
        var context = Self.context(.housekeepingSupervisor)
        let pseudo = RoomState(isPseudo: true)
        #expect(Self.answer(pseudo, .setStatus(.clean), context) == .refused(.transitionNotAllowed))
        context.isDeleted = true
        #expect(Self.answer(RoomState(), .setStatus(.clean), context) == .refused(.notFound))
    }
}
