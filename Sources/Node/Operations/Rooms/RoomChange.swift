internal import Hotel
internal import Ports
internal import Shared

/// One write to a room, decided: what becomes of its row, and what there is to tell.
struct RoomChange {
    let after: RoomRecord
    private let before: RoomRecord
    private let command: ChangeRoom
    private let file: RoomFile
    private let tenant: TenantID
    private let origin: CommandOrigin
    private let effective: EffectiveTime
    private let verdict: RoomDecision
    private let events: [DecidedEvent]

    init(
        _ command: ChangeRoom, _ file: RoomFile, _ tenant: TenantID, _ origin: CommandOrigin, now: Timestamp
    ) throws(Refusal) {
        let place = Place.property(file.property.id, of: tenant)
        // Who may not see the room learns nothing of it, not even that it is there.
        guard !origin.actor.may(.roomRead, at: place).isRefused else { throw Refusal(.notFound) }
        if let expected = command.expected, expected != file.room.version {
            throw .stale(file.room.version)
        }
        self.effective = try EffectiveTime.resolve(
            command.claim, receivedAt: now, limits: file.property.effectiveTime)
        try command.checkHold(now: now)
        let key = RegisterKey(
            effectiveAt: self.effective.at, sourceRank: origin.sourceRank, receivedSeq: file.receivedSeq)
        let context = RoomContext(actor: origin.actor, place: place, rules: file.property.rooms, key: key)
        self.verdict = try RoomMachine.decide(file.room.state, command.wishes, context)
        (self.command, self.file, self.tenant, self.origin) = (command, file, tenant, origin)
        self.before = file.room
        self.after = Self.after(file.room, self.verdict, command, by: origin.actor, at: self.effective.at, now: now)
        self.events = Self.events(
            self.verdict, before: self.before, after: self.after, command, file, tenant, origin, at: self.effective.at)
    }

    private static func after(
        _ before: RoomRecord, _ verdict: RoomDecision, _ command: ChangeRoom, by actor: Actor, at moment: Timestamp,
        now: Timestamp
    ) -> RoomRecord {
        var room = before
        room.state = verdict.after
        for (register, outcome) in verdict.outcomes {
            if case .superseded = outcome { continue }
            room.writers[register] = actor.id
        }
        if before.state.serviceFlag != room.state.serviceFlag {
            room.serviceFlagSince = room.state.serviceFlag == .none ? nil : moment
        }
        if before.state.hkStatus != room.state.hkStatus {
            switch room.state.hkStatus {
            case .clean: room.lastCleanedAt = moment
            case .inspected: room.lastInspectedAt = moment
            case .dirty, .pickup: break
            }
        }
        for case .setHold(let isHeld) in command.wishes {
            room.holdUntil = isHeld ? command.holdUntil : nil
            room.holdBy = isHeld ? actor.id.map { UserID(raw: $0) } : nil
        }
        // Whoever says again what holds already changes nothing that others see.
        guard !verdict.changedAxes.isEmpty || room.holdUntil != before.holdUntil else { return room }
        room.version += 1
        room.updatedAt = now
        return room
    }

    private static func events(
        _ verdict: RoomDecision, before: RoomRecord, after: RoomRecord, _ command: ChangeRoom, _ file: RoomFile,
        _ tenant: TenantID, _ origin: CommandOrigin, at moment: Timestamp
    ) -> [DecidedEvent] {
        var addressees = Addressees(
            tenant: tenant, property: file.property.id, departments: file.property.departments)
        let entity = EntityReference("room", after.id, version: after.version)
        var events = DomainEvent.of(verdict, after.identity, by: origin.actor, for: addressees)
        if let author = origin.actor.id { addressees.users = [UserID(raw: author)] }
        for register in verdict.superseded {
            guard case .superseded(let rule, let kept)? = verdict.outcomes[register] else { continue }
            events.append(
                .conflictResolved(
                    origin.operation?.id, entity: ("room", after.id.raw), register: register.rawValue,
                    attempted: command.attempted(register),
                    kept: (before.value(of: register), before.writers[register], kept.effectiveAt), rule: rule,
                    for: addressees))
        }
        return events.map { event in
            var decided = DecidedEvent(event, of: entity, occurredAt: moment)
            decided.property = file.property.id
            decided.businessDate = file.property.businessDate
            decided.changes = event.kind.name == "room:status_changed" ? before.changes(to: after, file.property) : []
            return decided
        }
    }

    var history: [RoomAxisChange] {
        guard let event = self.events.first(where: { $0.event.kind.name == "room:status_changed" }) ?? self.events.first
        else { return [] }
        return self.verdict.changedAxes.map { axis in
            RoomAxisChange(
                axis, from: self.before.state.word(axis, self.file.property.rooms),
                to: self.after.state.word(axis, self.file.property.rooms), event: event.id,
                occurredAt: self.effective.at)
        }
    }

    var decision: CommandDecision {
        var registers: [String: CommandAnswer.Kind] = [:]
        for (register, outcome) in self.verdict.outcomes {
            if case .superseded = outcome {
                registers[register.rawValue] = .superseded
            } else {
                registers[register.rawValue] = .applied
            }
        }
        let isLost = !registers.isEmpty && registers.values.allSatisfy { $0 == .superseded }
        let entity = RoomShape.shape.text(of: ShownRoom(self.after, self.file.property))
        return CommandDecision(
            events: self.events, audit: [self.auditRow(isLost)],
            answer: CommandAnswer(
                isLost ? .superseded : .applied, entity: entity, version: self.after.version, registers: registers))
    }

    private func auditRow(_ isLost: Bool) -> AuditRow {
        var before = JSONObject()
        var after = JSONObject()
        for axis in self.verdict.changedAxes {
            before[axis.rawValue] = JSONValue(self.before.state.word(axis, self.file.property.rooms))
            after[axis.rawValue] = JSONValue(self.after.state.word(axis, self.file.property.rooms))
        }
        for register in self.verdict.superseded {
            before[register.rawValue] = self.before.value(of: register)
            after[register.rawValue] = self.command.attempted(register)
        }
        if self.before.holdUntil != self.after.holdUntil {
            before["hold_until"] = JSONValue(self.before.holdUntil?.description)
            after["hold_until"] = JSONValue(self.after.holdUntil?.description)
        }
        return AuditRow(
            self.command.action, isLost ? .superseded : .applied,
            on: EntityReference("room", self.after.id, version: self.after.version), property: self.file.property.id,
            before: .object(before), after: .object(after),
            reason: self.effective.isClockUntrusted ? "clock_untrusted" : nil, effectiveAt: self.effective.at,
            event: self.events.first?.id)
    }
}

extension CommandOrigin {
    /// Whose hand it is, between writes of the same instant.
    var sourceRank: SourceRank {
        switch (self.source, self.actor.kind) {
        case (.pms, _), (_, .integration): .pms
        case (.automation, _), (_, .system): .automation
        case (_, .user), (_, .resident): .person
        }
    }
}

extension ChangeRoom {
    /// Nobody holds a room longer without asking again.
    private static let longestHold: Int64 = 7 * 86_400_000

    /// A hold ends later than now, and not too late. By the database's clock, as everything that decides.
    fileprivate func checkHold(now: Timestamp) throws(Refusal) {
        guard self.wishes.contains(.setHold(true)) else { return }
        guard let until = self.holdUntil, until > now, until.milliseconds <= now.milliseconds + Self.longestHold else {
            throw .field("until", .range)
        }
    }

    /// What was to be written to a register.
    fileprivate func attempted(_ register: RoomRegister) -> JSONValue {
        for wish in self.wishes {
            switch (register, wish) {
            case (.hkStatus, .setStatus(let status)): return .string(status.rawValue)
            case (.serviceFlag, .setServiceFlag(let flag)): return .string(flag.rawValue)
            case (.hkOccupancy, .reportOccupancy(let seen, _)): return .string(seen.rawValue)
            case (.hkOccupancy, .resolveDiscrepancy): return .string(HKOccupancy.unknown.rawValue)
            case (.turndownStatus, .setTurndown(let status)): return .string(status.rawValue)
            case (.rush, .setRush(let rush, _)): return .bool(rush)
            default: continue
            }
        }
        return .null
    }
}

extension RoomRecord {
    /// What a register holds.
    fileprivate func value(of register: RoomRegister) -> JSONValue {
        switch register {
        case .hkStatus: .string(self.state.hkStatus.rawValue)
        case .serviceFlag: .string(self.state.serviceFlag.rawValue)
        case .hkOccupancy: .string(self.state.hkOccupancy.rawValue)
        case .turndownStatus: .string(self.state.turndown.rawValue)
        case .rush: .bool(self.state.rush)
        }
    }

    fileprivate func changes(to after: RoomRecord, _ property: PropertyRules) -> [FieldChange] {
        RoomAxis.allCases.compactMap { axis in
            let (from, to) = (self.state.word(axis, property.rooms), after.state.word(axis, property.rooms))
            return from == to ? nil : FieldChange(axis.rawValue, from: JSONValue(from), to: JSONValue(to))
        }
    }
}
