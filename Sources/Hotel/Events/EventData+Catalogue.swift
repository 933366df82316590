internal import Shared

/// What the rows of the catalogue tell, in the words of the factories of `DomainEvent`; a test holds the two together.
extension EventData {
    // MARK: Tenants

    static let tenantRegistered = EventData([.tenant, .open("source", .text(.init()))])
    static let customer = EventData([.customer])
    static let account = EventData([.customer, .changes])
    static let tenantApproved = EventData([.tenant, .open("approved_by", .uuid.orNull)])
    static let tenantReason = EventData([.tenantID, .open("reason", .text(.init()))])
    static let tenantSuspended = EventData([
        .tenantID, .open("reason", .text(.init())), .open("effective_at", .timestamp),
    ])
    static let tenantID = EventData([.tenantID])
    static let tenantDeleted = EventData([.open("customerId", .uuid), .tenantID])

    // MARK: What is configured

    /// An entity's read model, and what of it was changed.
    static func configured(_ entity: String) -> EventData {
        EventData([.record(entity), .open("changes", Self.changesSchema, isRequired: false)])
    }

    static let role = EventData([
        .object(
            "role",
            [
                .open("id", .uuid), .open("code", .text(.init())), .open("name", .text(.init())),
                .open("permissions", .array(of: .choice(Permission.allCases.map(\.rawValue)), count: 0...Int.max)),
            ]), .open("changes", Self.changesSchema, isRequired: false),
    ])

    fileprivate static let changesSchema: JSONSchema = .array(
        of: .object(
            .init(
                name: "FieldChange",
                members: [
                    .init(name: "field", schema: .text(.init()), isRequired: true),
                    // Values of personal fields are told to few.
                    .init(name: "from", schema: .any, isRequired: false),
                    .init(name: "to", schema: .any, isRequired: false),
                ])),
        count: 0...Int.max)

    // MARK: People

    static let user = EventData([.user])
    static let userUpdated = EventData([.user, .changes])
    static let userDeleted = EventData([.open("userId", .uuid)])
    static let roleChanged = EventData([
        .open("user_id", .uuid),
        .object("roles", [.open("before", .words), .open("after", .words)]), .open("property_id", .uuid.orNull),
    ])
    static let permissionsChanged = EventData([
        .open("permissions", .array(of: .choice(Permission.allCases.map(\.rawValue)), count: 0...Int.max)),
        .open("channels_lost", .words), .open("channels_gained", .words),
    ])
    static let passwordChanged = EventData([
        .open("by_self", .bool), .open("at", .timestamp), .personal("ip", .text(.init()).orNull),
        .open("device", .uuid.orNull),
    ])
    static let accountSuspended = EventData([.open("user_id", .uuid), .open("reason", .text(.init()))])
    static let accountActivated = EventData([.open("user_id", .uuid)])
    static let login = EventData([
        .open("device", .uuid.orNull), .open("is_new_device", .bool), .personal("ip", .text(.init()).orNull),
    ])
    static let sessionRevoked = EventData([.open("session_id", .uuid.orNull), .open("reason", .text(.init()))])
    static let tokenExpiring = EventData([.open("expires_at", .timestamp)])

    // MARK: Rooms

    static let roomStatus = EventData(
        Member.room + [
            .open("room_type", .text(.init())), .open("floor", .text(.init()).orNull),
            .open("axes_changed", .array(of: .choice(RoomAxis.allCases.map(\.rawValue)), count: 0...Int.max)),
            .object("before", Member.roomAxes, isCompact: true), .object("after", Member.roomAxes, isCompact: true),
            .open("reason", .choice(RoomChangeReason.allCases.map(\.rawValue))),
            .open("task_id", .uuid, isRequired: false), .open("ticket_id", .uuid, isRequired: false),
        ])
    static let roomReady = EventData(
        Member.room + [
            .open("reservation_id", .uuid.orNull), .open("queue_position", .figure.orNull),
            .open("promised_at", .timestamp.orNull), .open("waited_seconds", .figure.orNull),
        ])
    static let roomRushSet = EventData(
        Member.room + [.open("by", .uuid.orNull), .open("needed_by", .timestamp.orNull)])
    static let roomRushCleared = EventData(Member.room + [.open("by", .uuid.orNull)])
    static let discrepancyOpened = EventData(
        Member.room + [
            .object(
                "fo",
                [
                    .open("occupancy", .choice(FrontOfficeOccupancy.allCases.map(\.rawValue))),
                    .open("persons", .figure),
                ]),
            .object(
                "hk",
                [
                    .open("occupancy", .choice(HKOccupancy.allCases.map(\.rawValue))),
                    .open("persons", .figure.orNull),
                ]), .open("kind", .choice(Discrepancy.allCases.map(\.rawValue))), .open("reported_by", .uuid.orNull),
        ])
    static let discrepancyResolved = EventData(
        Member.room + [
            .open("kind", .choice(Discrepancy.allCases.map(\.rawValue))), .open("how", .text(.init())),
        ])

    // MARK: Writes that came late

    static let conflictResolved = EventData([
        .open("op_id", .uuid.orNull), .object("entity", [.open("type", .text(.init())), .open("id", .uuid)]),
        .open("field", .text(.init())), .open("attempted", .any), .open("kept", .any),
        .open("kept_by", .uuid.orNull), .open("kept_at", .timestamp), .open("rule", .text(.init())),
    ])
    static let operationRejected = EventData([
        .open("op_id", .uuid), .open("code", .choice(RefusalCode.allCases.map(\.rawValue))),
        .open("current_state", .anyObject.orNull),
    ])
}

extension EventData.Member {
    fileprivate static let tenantID = Self.open("tenant_id", .uuid)
    fileprivate static let changes = Self.open("changes", EventData.changesSchema)

    private static let plan = Self.object(
        "plan",
        [
            .open("name", .text(.init())),
            .personal("monthlyPrice", .decimal(integerDigits: 12, fractionDigits: 2)),
            .personal("currency", .text(.init())),
        ])

    /// What the seeds call a tenant.
    fileprivate static let customer = Self.object(
        "customer",
        [
            .open("id", .uuid), .open("company", .text(.init())), .open("slug", .text(.init())),
            .staff("owner", .text(.init()).orNull), .personal("email", .text(.init())),
            .personal("phone", .text(.init()).orNull), .open("status", .tenantStatus), plan,
            .object("_count", [.open("properties", .figure), .open("users", .figure)]),
        ])

    fileprivate static let tenant = Self.object(
        "tenant",
        [
            .open("id", .uuid), .open("name", .text(.init())), .open("status", .tenantStatus),
            .personal("contact_email", .text(.init())), plan,
        ])

    fileprivate static let user = Self.object(
        "user",
        [
            .open("id", .uuid), .staff("name", .text(.init())), .personal("email", .text(.init())),
            .personal("phone", .text(.init()).orNull), .open("role", .text(.init()).orNull), .open("roles", .words),
            .open("department", .uuid.orNull), .open("company", .text(.init()).orNull),
            .personal("permissions", .words, isRequired: false), .open("isActive", .bool),
            .open("status", .choice(UserStatus.allCases.map(\.rawValue))),
        ])

    fileprivate static let room = [
        Self.open("room_id", .uuid, isCompact: true), Self.open("number", .text(.init()), isCompact: true),
    ]

    fileprivate static let roomAxes: [Self] = [
        .open("fo_occupancy", .choice(FrontOfficeOccupancy.allCases.map(\.rawValue))), .open("fo_persons", .figure),
        .open("hk_status", .choice(HKStatus.allCases.map(\.rawValue))),
        .open("hk_occupancy", .choice(HKOccupancy.allCases.map(\.rawValue))), .open("hk_persons", .figure.orNull),
        .open("service_flag", .choice(ServiceFlag.allCases.map(\.rawValue))),
        .open("turndown_status", .choice(TurndownStatus.allCases.map(\.rawValue))),
        .open("availability", .choice(Availability.allCases.map(\.rawValue))),
        .open("discrepancy", .choice(Discrepancy.allCases.map(\.rawValue))),
        .open("display_status", .choice(DisplayStatus.allCases.map(\.rawValue)), isCompact: true),
    ]
}

extension JSONSchema {
    /// A number of things.
    fileprivate static let figure = JSONSchema.integer(0 ... .max)
    fileprivate static let words = JSONSchema.array(of: .text(Text()), count: 0...Int.max)
    fileprivate static let tenantStatus = JSONSchema.choice(TenantStatus.allCases.map(\.rawValue))
}
