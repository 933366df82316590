internal import Hotel
internal import Ports
internal import Shared

/// A room in the columns of its table.
enum RoomRow {
    /// The columns in the order in which ``read(_:now:)`` takes them; the room is `r`, its type `t`.
    static let select: PGStatement = """
        SELECT r.id, r.property_id, r.number, r.room_type_id, t.code, r.floor, r.building, r.zone, r.is_pseudo, \
        r.counts_in_inventory, r.active_from, r.active_to, r.features, r.connecting_room_ids, r.parent_room_id, \
        r.accessible, r.smoking, r.fo_occupancy, r.fo_persons, r.hk_status, r.hk_occupancy, r.hk_persons, \
        r.service_flag, r.service_flag_since, r.dnd_consecutive_days, r.turndown_status, r.availability, r.rush, \
        r.occupancy_cycle, r.hold_until, r.hold_by, r.last_cleaned_at, r.last_inspected_at, r.registers, r.version, \
        r.created_at, r.updated_at, r.deleted_at IS NOT NULL, r.sort_key \
        FROM bellhop.room r JOIN bellhop.room_type t ON t.tenant_id = r.tenant_id AND t.id = r.room_type_id
        """

    /// What the history of a room knows; a queue and a hold are remembered by their own.
    static let remembered: Set<RoomAxis> = Set(RoomAxis.allCases).subtracting([.queued, .hold])

    /// - Parameter now: the database's time, by which a hold has ended or not.
    static func read(_ row: PGRow, now: Timestamp) throws(StoreError) -> RoomRecord {
        var cells = RowCells(row)
        let id = try cells.next(RoomID.self)
        let property = try cells.next(PropertyID.self)
        var configuration = RoomConfiguration(
            number: try cells.field(RoomNumber.self), roomType: try cells.next(RoomTypeID.self),
            activeFrom: CalendarDate(daysSince1970: 0))
        let roomTypeCode = try cells.field(Code.self)
        configuration.floor = try cells.optionalField(Label.self)
        configuration.building = try cells.optionalField(Label.self)
        configuration.zone = try cells.optionalField(Label.self)
        configuration.isPseudo = try cells.next(Bool.self)
        configuration.countsInInventory = try cells.next(Bool.self)
        configuration.activeFrom = try cells.next(CalendarDate.self)
        configuration.activeTo = try cells.next(CalendarDate?.self)
        configuration.features = try cells.next([String].self)
        configuration.connectingRooms = try cells.next([RoomID].self)
        configuration.parentRoom = try cells.next(RoomID?.self)
        configuration.isAccessible = try cells.next(Bool.self)
        configuration.isSmoking = try cells.next(Bool.self)
        var state = RoomState(isPseudo: configuration.isPseudo)
        state.foOccupancy = try cells.word(FrontOfficeOccupancy.self)
        state.foPersons = try cells.next(Int.self)
        state.hkStatus = try cells.word(HKStatus.self)
        state.hkOccupancy = try cells.word(HKOccupancy.self)
        state.hkPersons = try cells.next(Int?.self)
        state.serviceFlag = try cells.word(ServiceFlag.self)
        let serviceFlagSince = try cells.next(Timestamp?.self)
        state.dndConsecutiveDays = try cells.next(Int.self)
        state.turndown = try cells.word(TurndownStatus.self)
        state.availability = try cells.word(Availability.self)
        state.rush = try cells.next(Bool.self)
        state.occupancyCycle = try cells.next(Int.self)
        let holdUntil = try cells.next(Timestamp?.self)
        let holdBy = try cells.next(UserID?.self)
        state.isHeld = holdUntil.map { $0 > now } ?? false
        let lastCleanedAt = try cells.next(Timestamp?.self)
        let lastInspectedAt = try cells.next(Timestamp?.self)
        let registers = try cells.next([UInt8].self)
        var room = RoomRecord(
            id: id, property: property, configuration: configuration, roomTypeCode: roomTypeCode, state: state,
            version: try cells.next(Int64.self), createdAt: try cells.next(Timestamp.self),
            updatedAt: try cells.next(Timestamp.self))
        room.serviceFlagSince = serviceFlagSince
        (room.holdUntil, room.holdBy) = (holdUntil, holdBy)
        (room.lastCleanedAt, room.lastInspectedAt) = (lastCleanedAt, lastInspectedAt)
        room.isDeleted = try cells.next(Bool.self)
        room.sortKey = try cells.next(String.self)
        try self.take(registers, into: &room)
        return room
    }

    // MARK: Configuration

    /// What ``configuration(of:by:)`` are, from the second on.
    private static let configured: PGStatement = """
        property_id, number, room_type_id, floor, building, zone, is_pseudo, counts_in_inventory, active_from, \
        active_to, features, connecting_room_ids, parent_room_id, accessible, smoking, version, updated_at, updated_by, \
        deleted_at
        """
    private static let parameters: PGStatement = """
        $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, CASE WHEN $20 THEN $18 END
        """
    /// Of a room whose status is that of every new one: the schema's defaults are those of `RoomState`.
    static let insert =
        "INSERT INTO bellhop.room (tenant_id, id, created_at, created_by, " + Self.configured
        + ") VALUES (bellhop.current_tenant(), $1, $18, $19, " + Self.parameters + ")"
    static let update =
        "UPDATE bellhop.room SET (" + Self.configured + ") = ROW(" + Self.parameters + ") WHERE id = $1"

    static func configuration(of room: RoomRecord, by writer: UInt128?) -> [PGValue] {
        let configuration = room.configuration
        return [
            .id(room.id), .id(room.property), .text(configuration.number.text), .id(configuration.roomType),
            .text(configuration.floor?.text), .text(configuration.building?.text), .text(configuration.zone?.text),
            .bool(configuration.isPseudo), .bool(configuration.countsInInventory), .date(configuration.activeFrom),
            .date(configuration.activeTo), .texts(configuration.features), .ids(configuration.connectingRooms),
            .id(configuration.parentRoom), .bool(configuration.isAccessible), .bool(configuration.isSmoking),
            .int8(room.version), .timestamptz(room.updatedAt), .uuid(writer), .bool(room.isDeleted),
        ]
    }

    // MARK: Registers

    /// `{"hk_status":{"at":ms,"rank":3,"seq":9,"by":"…"}}`
    static func registers(of room: RoomRecord) -> [UInt8] {
        JSONWriter.text { writer in
            writer.object { writer in
                for register in RoomRegister.allCases {
                    guard let key = room.state.keys[register] else { continue }
                    writer.name(text: register.rawValue)
                    writer.object { writer in
                        writer.member("at", key.effectiveAt.milliseconds)
                        writer.member("rank", key.sourceRank.rawValue)
                        writer.member("seq", key.receivedSeq)
                        writer.member("by", JSONValue(id: room.writers[register]))
                    }
                }
            }
        }
    }

    private static func take(_ text: [UInt8], into room: inout RoomRecord) throws(StoreError) {
        guard let json = try? JSONValue(parsing: text) else { throw self.unreadable(room.id) }
        for register in RoomRegister.allCases {
            guard let entry = json[register.rawValue] else { continue }
            guard let at = entry["at"]?.integer,
                let rank = entry["rank"]?.integer.flatMap({ SourceRank(rawValue: Int($0)) }),
                let seq = entry["seq"]?.integer
            else { throw self.unreadable(room.id) }
            room.state.keys[register] = RegisterKey(
                effectiveAt: Timestamp(milliseconds: at), sourceRank: rank, receivedSeq: seq)
            room.writers[register] = entry["by"]?.text.flatMap { UserID($0)?.raw }
        }
    }

    private static func unreadable(_ room: RoomID) -> StoreError {
        .refused(code: "XX001", message: "the registers of room \(room) cannot be read")
    }
}

/// A property's rules in the columns of its table and of its departments'.
enum PropertyRulesRow {
    /// The columns in the order in which ``read(_:)`` takes them; the property is `p`.
    static let select: PGStatement = """
        SELECT p.id, p.business_date, p.requires_inspection, p.allow_pickup_status, p.turndown_enabled, \
        p.dirty_on_roll, p.dnd_welfare_hours, p.offline_window_hours, p.skew_limit_seconds, p.checkin_guard, \
        ARRAY(SELECT d.kind FROM bellhop.department d WHERE d.tenant_id = p.tenant_id AND d.property_id = p.id \
        AND d.active AND d.deleted_at IS NULL ORDER BY d.slug), \
        ARRAY(SELECT d.slug FROM bellhop.department d WHERE d.tenant_id = p.tenant_id AND d.property_id = p.id \
        AND d.active AND d.deleted_at IS NULL ORDER BY d.slug) \
        FROM bellhop.property p
        """

    static func read(_ row: PGRow) throws(StoreError) -> PropertyRules {
        var cells = RowCells(row)
        let id = try cells.next(PropertyID.self)
        let businessDate = try cells.next(CalendarDate.self)
        var rooms = RoomRules()
        rooms.requiresInspection = try cells.next(Bool.self)
        rooms.allowsPickup = try cells.next(Bool.self)
        rooms.turndownEnabled = try cells.next(Bool.self)
        rooms.dirtyOnRoll = try cells.next(Bool.self)
        rooms.dndWelfareHours = try cells.next(Int.self)
        let limits = EffectiveTime.Limits(
            offlineWindowHours: try cells.next(Int.self), skewLimitSeconds: try cells.next(Int.self))
        let checkInGuard = try cells.word(CheckInGuard.self)
        let kinds = try cells.next([String].self)
        let slugs = try cells.next([String].self)
        var departments: [DepartmentKind: [ChannelSlug]] = [:]
        for (kind, slug) in zip(kinds, slugs) {
            guard let kind = DepartmentKind(rawValue: kind), let slug = ChannelSlug(slug) else { continue }
            departments[kind, default: []].append(slug)
        }
        return PropertyRules(
            id: id, businessDate: businessDate, rooms: rooms, effectiveTime: limits, checkInGuard: checkInGuard,
            departments: departments)
    }
}
