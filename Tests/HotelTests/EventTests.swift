import Shared
import Testing

@testable import Hotel

@Suite struct EventTests {
    /// Marks what is personal, so that it can be looked for where it must not be.
    static let secret = "PERSONAL"
    static let staffName = "STAFFNAME"

    static let addressees: Addressees = {
        var addressees = Addressees(
            tenant: World.tenant, property: World.north,
            departments: [.housekeeping: [World.housekeeping.slug], .maintenance: [World.maintenance.slug]],
            users: [World.user], stay: World.stay)
        addressees.ownDepartments = [World.spa.slug]
        return addressees
    }()

    static func meta(_ actor: Actor) -> EventMeta {
        EventMeta(
            id: EventID(raw: 0x71), occurredAt: Timestamp(milliseconds: 1_772_978_709_123), actor: actor,
            correlation: CorrelationID(raw: 0x72), operation: OperationID(raw: 0x73))
    }

    static let tenantView = TenantView(
        id: World.tenant, company: "Aegean", slug: "aegean", owner: staffName, email: "\(secret)@x.example",
        phone: "+30\(secret)", status: .active, planName: "Pro", planMonthlyPrice: "\(secret)99.00", currency: secret,
        propertiesCount: 2, usersCount: 17)
    static let userView = UserView(
        id: World.user, name: staffName, email: "\(secret)@x.example", phone: "\(secret)1", roles: ["room_attendant"],
        department: World.spa.id, company: "Aegean", permissions: ["\(secret).permission"], status: .active)
    static let changes = [
        FieldChange("email", from: .string(secret), to: .string(secret), isPersonal: true),
        FieldChange("locale", from: "el", to: "en"),
    ]

    static let record: [EventField] = [.open("id", "x"), .personal("remarks", .string(secret))]
    static let role: [EventField] = [
        .open("id", .string(World.user.description)), .open("code", "NIGHT"), .open("name", "Night"),
        .open("permissions", ["room.read"]),
    ]

    /// An event of every row of the catalogue that is told to anybody.
    static func samples(by actor: Actor, tenant: TenantView = Self.tenantView) throws -> [DomainEvent] {
        let now = Timestamp(milliseconds: 0)
        var events: [DomainEvent] = []
        let tenants = [
            TenantDecision(after: .active, events: [.registered, .created, .approved], followUps: []),
            TenantDecision(
                after: .closed,
                events: [.rejected(reason: "r"), .suspended(reason: "unpaid"), .reinstated, .deleted], followUps: []),
        ]
        for decision in tenants {
            events += DomainEvent.of(decision, tenant, owner: World.user, by: actor, at: now)
        }
        events += DomainEvent.tenantUpdated(tenant, Self.changes)
        let users = UserDecision(
            after: .active,
            events: [
                .created, .updated, .accountSuspended(reason: "r"), .accountActivated, .deleted,
                .passwordChanged(bySelf: true),
            ], followUps: [])
        events += DomainEvent.of(
            users, Self.userView, tenant: World.tenant, at: now, changes: Self.changes, device: (Self.secret, nil))
        events.append(
            .userRoleChanged(World.user, tenant: World.tenant, property: World.north, before: ["a"], after: ["b"]))
        events.append(
            .permissionsChanged(
                World.user, tenant: World.tenant, permissions: [.roomRead], lost: [.owners(World.tenant)], gained: []))
        events.append(.sessionRevoked(World.user, tenant: World.tenant, session: nil, reason: "logout"))
        for succeeded in [true, false] {
            events.append(
                .login(World.user, tenant: World.tenant, succeeded: succeeded, device: nil, ip: Self.secret))
        }
        let configured = EventCatalogue.all.map(\.name).filter { name in
            ["property", "department", "role", "room_type"].contains(String(name.prefix { $0 != ":" }))
                || ["room:created", "room:updated", "room:retired"].contains(name)
        }
        for name in configured {
            events.append(
                .configured(
                    name, name.hasPrefix("role:") ? Self.role : Self.record, changes: Self.changes,
                    for: Self.addressees))
        }
        events.append(
            .conflictResolved(
                OperationID(raw: 1), entity: ("room", 2), register: "hk_status", attempted: "clean",
                kept: ("dirty", 3, now), rule: .laterWrite, for: Self.addressees))
        events.append(.operationRejected(OperationID(raw: 1), Refusal(.offlineTooOld), for: Self.addressees))
        return try events + Self.roomSamples(by: actor)
    }

    static func roomSamples(by actor: Actor) throws -> [DomainEvent] {
        let rules = RoomRules()
        var after = RoomState()
        after.availability = .outOfOrder
        let change = RoomStatusChange(
            before: RoomSnapshot(RoomState(), rules), after: RoomSnapshot(after, rules), axes: [.availability],
            reason: .blockStarted)
        let decision = RoomDecision(
            after: after, outcomes: [:], changedAxes: [.availability],
            events: [
                .statusChanged(change), .ready(ExpectedArrival(reservation: 1)), .rushSet(neededBy: nil), .rushCleared,
                .discrepancyOpened(.sleep), .discrepancyResolved(.sleep, how: "reported"),
            ], followUps: [])
        return DomainEvent.of(decision, try Self.room(), by: actor, for: Self.addressees)
    }

    static func room() throws -> RoomIdentity {
        RoomIdentity(
            id: RoomID(raw: 0x81), number: try #require(RoomNumber("204")), roomType: try #require(Code("DLX")),
            floor: Label("2"))
    }

    static func payload(_ draft: EventDraft, _ projection: Int) -> [UInt8] {
        let event = LoggedEvent(
            seq: 7, recordedAt: Timestamp(milliseconds: 0), id: draft.id, name: draft.name, targets: draft.targets,
            projections: draft.projections)
        var output: [UInt8] = []
        event.appendPayload(projection, to: &output)
        return output
    }

    @Test func `the catalogue has the rows of the specification, with their names and listeners`() throws {
        var named: Set<String> = []
        for line in catalogueTable.split(separator: "\n") {
            let cells = line.split(separator: "|").map { $0.split(separator: " ").joined(separator: " ") }
            var names = cells[0].split(separator: "/").map { $0.split(whereSeparator: { " ~".contains($0) }).joined() }
            let entity = names[0].prefix { $0 != ":" }
            names = [names[0]] + names.dropFirst().map { "\(entity):\($0)" }
            let aliases = cells[1].split(whereSeparator: { " /()`*—".contains($0) }).map(String.init)
            let pascal = aliases.filter { !$0.contains(":") }
            let seed = aliases.first { $0.contains(":") }
            for name in names {
                let kind = try #require(EventCatalogue[name], "\(name)")
                named.insert(name)
                let byRule = EventName.pascal(name)
                // One alias for one name is its alias; of several names an alias belongs to the one that it spells.
                let expected = names.count == 1 ? pascal.first ?? byRule : byRule
                #expect(kind.pascal == expected, "\(name)")
                #expect(pascal.allSatisfy { alias in names.contains { EventCatalogue[$0]?.pascal == alias } })
                #expect(kind.socketIO == seed ?? name)
                #expect(Self.columns(kind) == Self.expectedColumns(cells[2], name), "\(name)")
                #expect(kind.isLogged == !cells[0].contains("~"))
            }
        }
        let ours: Set<String> = [
            "role:created", "role:updated", "role:deleted", "room_type:created", "room_type:updated",
            "room_type:retired", "department:retired",
        ]
        #expect(named.union(ours) == Set(EventCatalogue.all.map(\.name)))
        #expect(EventCatalogue.all.allSatisfy { EventName.isCanonical($0.name) })
    }

    /// The audience column, in words.
    static func columns(_ kind: EventKind) -> Set<String> {
        Set(
            kind.listeners.map { listener in
                switch listener.code {
                case .announcements: "PUB"
                case .system, .systemIfPlatform: "SYS"
                case .tenant: "T"
                case .property: "P"
                case .frontDesk: "FD"
                case .kpi: "K"
                case .kpiRevenue: "KR"
                case .finance: "FIN"
                case .owners: "OWN"
                case .managers: "MGR"
                case .residents: "RES"
                case .users: "U"
                case .stay: "ST"
                case .ownDepartment: "D"
                case .department(.housekeeping): "D:hk"
                case .department(.maintenance): "D:mt"
                case .department: "D:?"
                }
            })
    }

    static func expectedColumns(_ text: String, _ name: String) -> Set<String> {
        let userEvents: Set<String> = ["SYS", "T", "OWN", "MGR"]
        switch text {
        case let text where text.hasPrefix("platform user"): return userEvents
        case "as above": return userEvents
        case "as above, U(self)", "with user:updated, U(self)": return userEvents.union(["U"])
        case "that socket": return []
        case "T, SYS(created)": return name == "property:created" ? ["T", "SYS"] : ["T"]
        default: break
        }
        var words = text.split(whereSeparator: { " ,;()".contains($0) }).map(String.init)
        // A side note about `clean` words: only codes count.
        let codes: Set<String> = [
            "PUB", "SYS", "T", "P", "D", "D:hk", "D:mt", "FD", "K", "OWN", "MGR", "RES", "U", "ST",
        ]
        words = words.filter { codes.contains($0) }
        return Set(words)
    }

    @Test(arguments: [Role.roomAttendant, .resident, .integration])
    func `every event has a sample, and every projection becomes valid JSON that ends in meta`(role: Role) throws {
        let actor = World.actor(role)
        let samples = try Self.samples(by: actor)
        let silent: Set<String> = ["auth:token_expiring"]
        #expect(Set(samples.map(\.kind.name)).union(silent) == Set(EventCatalogue.all.map(\.name)))
        for sample in samples {
            for draft in sample.drafts(Self.meta(actor)) {
                #expect((1...LoggedEvent.mostProjections).contains(draft.projections.count))
                #expect(!draft.targets.isEmpty)
                for target in draft.targets { #expect(Int(target.projection) < draft.projections.count) }
                for index in draft.projections.indices {
                    let json = try JSONValue(parsing: Self.payload(draft, index))
                    guard case .object(let object) = json, case .object(let meta)? = object["meta"] else {
                        Issue.record("\(draft.name) is no object with meta")
                        continue
                    }
                    #expect(object.members.last?.name == "meta")
                    #expect(
                        meta.members.map(\.name) == [
                            "id", "name", "tenant_id", "property_id", "occurred_at", "actor", "correlation_id",
                            "op_id", "seq", "recorded_at",
                        ])
                    #expect(meta["name"] == .string(draft.name))
                    #expect(meta["occurred_at"] == "2026-03-08T14:05:09.123Z")
                }
            }
        }
    }

    @Test(arguments: [Role.roomAttendant, .resident])
    func `nothing personal goes to tenant, property or kpi channels, no staff to guests`(role: Role) throws {
        var actor = World.actor(role)
        if role == .resident {
            actor = .resident(
                UserID(raw: 0x5EC), name: Self.secret, tenant: World.tenant, properties: [World.north], stays: [])
        }
        let open: Set<AudienceKind> = [
            .announcements, .tenant, .property, .kpi, .kpiRevenue, .residents, .stay,
        ]
        let guests: Set<AudienceKind> = [.residents, .stay, .announcements]
        var walked: Set<AudienceKind> = []
        var sawSecret = false
        for sample in try Self.samples(by: actor) {
            for draft in sample.drafts(Self.meta(actor)) {
                for target in draft.targets {
                    walked.insert(target.audience.kind)
                    let text = String(decoding: Self.payload(draft, Int(target.projection)), as: UTF8.self)
                    if open.contains(target.audience.kind) {
                        #expect(!text.contains(Self.secret), "\(draft.name) on \(target.audience.kind): \(text)")
                    } else {
                        sawSecret = sawSecret || text.contains(Self.secret)
                    }
                    if guests.contains(target.audience.kind) { #expect(!text.contains(Self.staffName)) }
                }
            }
        }
        #expect(sawSecret, "the samples hold what is looked for")
        #expect(walked.isSuperset(of: [.tenant, .property, .kpi, .user, .owners, .managers, .systemAdmin, .frontDesk]))
    }

    @Test(arguments: Projection.allCases) func `a projection shows what it is for`(projection: Projection) throws {
        let event = DomainEvent(
            "room:updated",
            [
                .open("a", 1), .open("b", 2, isCompact: true), .staff("c", 3), .personal("d", 4),
                .object("e", [.open("f", 5), .personal("g", 6), .open("h", 7, isCompact: true)], isCompact: true),
            ] + EventField.changes(Self.changes), for: Self.addressees)
        let actor = World.actor(.roomAttendant)
        let text = String(decoding: event.text(projection, Self.meta(actor)), as: UTF8.self)
        let open = #"[{"field":"email"},{"field":"locale","from":"el","to":"en"}]"#
        let full = #"[{"field":"email","from":"PERSONAL","to":"PERSONAL"},{"field":"locale","from":"el","to":"en"}]"#
        let expected =
            switch projection {
            case .full: #"{"a":1,"b":2,"c":3,"d":4,"e":{"f":5,"g":6,"h":7},"changes":\#(full),"meta":"#
            case .nonPersonal: #"{"a":1,"b":2,"c":3,"e":{"f":5,"h":7},"changes":\#(open),"meta":"#
            case .compact: #"{"b":2,"e":{"h":7},"meta":"#
            case .resident: #"{"a":1,"b":2,"e":{"f":5,"h":7},"changes":\#(open),"meta":"#
            }
        #expect(text.hasPrefix(expected), "\(text)")
        let isNamed = projection != .resident
        #expect(text.contains(#""name":"Ana""#) == isNamed)
        #expect(text.hasSuffix(#""op_id":"00000000-0000-0000-0000-000000000073""#))
    }

    @Test func `a guest who did it is named to the desk only`() throws {
        let guest = World.actor(.resident)
        let event = DomainEvent("room:updated", [], for: Self.addressees)
        for projection in Projection.allCases {
            let text = String(decoding: event.text(projection, Self.meta(guest)), as: UTF8.self)
            #expect(text.contains("Guest") == (projection == .full))
            #expect(text.contains(World.user.description) == (projection == .full))
        }
    }

    @Test func `the compact form of a room's change is its number and what is shown`() throws {
        let actor = World.actor(.frontDeskAgent)
        let event = try #require(try Self.roomSamples(by: actor).first)
        let drafts = event.drafts(Self.meta(actor))
        let draft = try #require(drafts.first)
        let target = try #require(draft.targets.first { $0.audience.kind == .tenant })
        let json = try JSONValue(parsing: Self.payload(draft, Int(target.projection)))
        guard case .object(var object) = json else { return }
        object["meta"] = nil
        let expected: JSONObject = [
            "room_id": "00000000-0000-0000-0000-000000000081", "number": "204",
            "before": ["display_status": "dirty"], "after": ["display_status": "out_of_order"],
        ]
        #expect(object == expected)
        // The others are told the same, so there are two texts in all.
        #expect(draft.projections.count == 2)
        #expect(Set(draft.targets.map(\.audience)).count == 6)
    }

    @Test func `maintenance hears of a room only where its availability is touched`() throws {
        let context = RoomMachineTests.context(.housekeepingSupervisor)
        let decision = try RoomMachine.decide(RoomState(), .setStatus(.clean), context)
        let events = DomainEvent.of(decision, try Self.room(), by: context.actor, for: Self.addressees)
        let audiences = events.flatMap { $0.drafts(Self.meta(context.actor)) }.flatMap(\.targets).map(\.audience)
        #expect(!audiences.contains { $0.code == "mt" })
        #expect(audiences.contains { $0.code == "hk" })
    }

    @Test func `what the platform and a tenant both see are twins with one id`() throws {
        let decision = TenantDecision(after: .suspended, events: [.suspended(reason: "unpaid")], followUps: [])
        let now = Timestamp(milliseconds: 0)
        let event = try #require(
            DomainEvent.of(decision, Self.tenantView, owner: nil, by: .system, at: now).first)
        let drafts = event.drafts(Self.meta(.system))
        #expect(drafts.map(\.stream) == [.system, .tenant(World.tenant)])
        #expect(Set(drafts.map(\.id)).count == 1)
        #expect(drafts.map { $0.targets.map(\.audience.kind) } == [[.systemAdmin], [.tenant]])
    }

    @Test func `the platform's own users are told to the platform`() throws {
        let event = DomainEvent.userUpdated(Self.userView, tenant: nil, [])
        let drafts = event.drafts(Self.meta(.system))
        #expect(drafts.map(\.stream) == [.system])
        #expect(drafts.first?.targets.map(\.audience.kind) == [.systemAdmin, .user])
    }

    @Test func `names of events that only newer nodes know follow the rule`() {
        #expect(EventCatalogue.pusherName(of: "spa_booking:guest_moved") == "SpaBookingGuestMoved")
        #expect(EventCatalogue.socketIOName(of: "spa_booking:guest_moved") == "spa_booking:guest_moved")
        #expect(EventCatalogue.pusherName(of: "auth:password_changed") == "PasswordChanged")
        #expect(EventCatalogue.socketIOName(of: "tenant:created") == "customer:created")
        #expect(EventName.pascal("notification") == "Notification")
        for bad in ["", ":", "a:", ":b", "A:b", "a:b:c", "a b:c", "room", "1a:b", "a:b\u{301}"] {
            #expect(!EventName.isCanonical(bad))
        }
    }
}
