package import Shared

/// Whom an event is about, so that the catalogue's audiences become channels.
package struct Addressees: Sendable {
    /// `nil`: the platform's own.
    package var tenant: TenantID?
    package var property: PropertyID?
    /// The slugs of the property's departments of each kind.
    package var departments: [DepartmentKind: [ChannelSlug]]
    /// The department that the event belongs to.
    package var ownDepartments: [ChannelSlug] = []
    /// The people named: the owner, the user, the author.
    package var users: [UserID]
    package var stay: StayID?

    package init(
        tenant: TenantID?, property: PropertyID? = nil, departments: [DepartmentKind: [ChannelSlug]] = [:],
        users: [UserID] = [], stay: StayID? = nil
    ) {
        self.tenant = tenant
        self.property = property
        self.departments = departments
        self.users = users
        self.stay = stay
    }
}

/// Something that happened, in the words of the catalogue, not yet appended.
package struct DomainEvent: Sendable {
    package let kind: EventKind
    package let fields: [EventField]
    package let addressees: Addressees
    /// Listeners of the row whom this one does not concern.
    private let unconcerned: Set<AudienceCode>

    /// - Parameter name: of a row of the catalogue; another is our own mistake.
    package init(
        _ name: String, _ fields: [EventField], for addressees: Addressees, without unconcerned: Set<AudienceCode> = []
    ) {
        guard let kind = EventCatalogue[name] else { preconditionFailure("\(name) is not in the catalogue") }
        self.kind = kind
        self.fields = fields
        self.addressees = addressees
        self.unconcerned = unconcerned
    }

    /// What is to be appended: one draft, or twins with one id where the platform and a tenant both see it.
    package func drafts(_ meta: EventMeta) -> [EventDraft] {
        var streams: [EventStream] = []
        var targets: [EventStream: [(Audience, Projection)]] = [:]
        for listener in self.kind.listeners where !self.unconcerned.contains(listener.code) {
            for source in self.sources(listener.code) {
                if targets[source.stream] == nil { streams.append(source.stream) }
                targets[source.stream, default: []].append((source.audience, listener.projection))
            }
        }
        return streams.map { self.draft($0, targets[$0] ?? [], meta) }
    }

    private func draft(_ stream: EventStream, _ told: [(Audience, Projection)], _ meta: EventMeta) -> EventDraft {
        var texts: [[UInt8]] = []
        var indices: [Projection: Int] = [:]
        var targets: [EventTarget] = []
        for (audience, projection) in told {
            var index = indices[projection]
            if index == nil {
                let text = self.text(projection, meta)
                // Tellings that do not differ are one.
                index = texts.firstIndex(of: text) ?? texts.count
                if index == texts.count { texts.append(text) }
                indices[projection] = index
            }
            let target = EventTarget(audience, projection: UInt8(index ?? 0))
            if !targets.contains(target) { targets.append(target) }
        }
        return EventDraft(
            stream: stream, id: meta.id, name: self.kind.name, occurredAt: meta.occurredAt, targets: targets,
            projections: texts, personal: self.personal(indices, meta))
    }

    /// Only the full telling holds personal data: in its fields, or because a guest did it.
    private func personal(_ indices: [Projection: Int], _ meta: EventMeta) -> [Int] {
        guard let full = indices[.full] else { return [] }
        return meta.actor.kind == .resident || self.fields.contains(where: \.isPersonal) ? [full] : []
    }

    /// The payload without its two closing braces: the append splices in there what only it knows.
    package func text(_ projection: Projection, _ meta: EventMeta) -> [UInt8] {
        var text = JSONWriter.text { writer in
            writer.object { writer in
                EventField.write(self.fields, projection, to: &writer)
                writer.object("meta") { meta.write(self.kind.name, self.addressees, projection, to: &$0) }
            }
        }
        text.removeLast(2)
        return text
    }

    private func sources(_ code: AudienceCode) -> [ChannelSource] {
        let tenant = self.addressees.tenant
        let home = tenant.map { EventStream.tenant($0) } ?? .system
        switch code {
        case .announcements: return [ChannelSource(.system, Audience(.announcements))]
        case .system: return [ChannelSource(.system, Audience(.systemAdmin))]
        case .systemIfPlatform: return tenant == nil ? [ChannelSource(.system, Audience(.systemAdmin))] : []
        case .users: return self.addressees.users.map { ChannelSource(home, Audience(.user, subject: $0.raw)) }
        case .stay: return self.addressees.stay.map { [ChannelSource(home, Audience(.stay, subject: $0.raw))] } ?? []
        case .tenant: return self.ofTenant(.tenant)
        case .owners: return self.ofTenant(.owners)
        case .managers: return self.ofTenant(.managers)
        case .residents: return self.ofTenant(.residents)
        case .property: return self.ofProperty(.property)
        case .frontDesk: return self.ofProperty(.frontDesk)
        case .kpi: return self.ofProperty(.kpi)
        case .kpiRevenue: return self.ofProperty(.kpiRevenue)
        case .finance: return self.ofProperty(.finance)
        case .department(let kind):
            return (self.addressees.departments[kind] ?? []).flatMap { self.ofProperty(.department, code: $0.text) }
        case .ownDepartment:
            return self.addressees.ownDepartments.flatMap { self.ofProperty(.department, code: $0.text) }
        }
    }

    private func ofTenant(_ kind: AudienceKind) -> [ChannelSource] {
        self.addressees.tenant.map { [ChannelSource(.tenant($0), Audience(kind))] } ?? []
    }

    private func ofProperty(_ kind: AudienceKind, code: String = "") -> [ChannelSource] {
        guard let tenant = self.addressees.tenant, let property = self.addressees.property else { return [] }
        return [ChannelSource(.tenant(tenant), Audience(kind, subject: property.raw, code: code))]
    }
}

/// An event ready for the log.
package struct EventDraft: Equatable, Sendable {
    package let stream: EventStream
    package let id: EventID
    package let name: String
    package let occurredAt: Timestamp
    package let targets: [EventTarget]
    /// See ``LoggedEvent``.
    package let projections: [[UInt8]]
    /// Which of the projections hold personal data (`domain.md` 6.4).
    package let personal: [Int]
}
