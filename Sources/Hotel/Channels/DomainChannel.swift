package import Shared

/// A property within its tenant, as channel names address it.
package struct PropertyAddress: Hashable, Sendable {
    package let tenant: TenantID
    package let property: PropertyID

    package init(_ property: PropertyID, of tenant: TenantID) {
        self.tenant = tenant
        self.property = property
    }
}

/// What a conversation of several people on one screen is about.
package struct ThreadSubject: Hashable, Sendable {
    package enum Kind: String, CaseIterable, Sendable {
        case room, reservation, stay, guest, task, ticket, request, invoice
    }

    package let kind: Kind
    package let id: UInt128

    package init(_ kind: Kind, id: UInt128) {
        self.kind = kind
        self.id = id
    }
}

/// A channel of the hotel (`domain.md` 6.1). What is not one of these is no channel of Bellhop's own application.
package enum DomainChannel: Hashable, Sendable {
    case announcements
    case systemAdmin
    case user(UserID)
    case tenant(TenantID)
    case owners(TenantID)
    case managers(TenantID)
    case residents(TenantID)
    case property(PropertyAddress)
    case department(ChannelSlug, PropertyAddress)
    case frontDesk(PropertyAddress)
    case kpi(PropertyAddress)
    case kpiRevenue(PropertyAddress)
    case finance(PropertyAddress)
    case stay(StayID)
    case propertyPresence(PropertyAddress)
    case departmentPresence(ChannelSlug, PropertyAddress)
    case thread(ThreadSubject)

    /// What its prefix makes of it, for Pusher clients.
    package enum Access: Sendable { case `public`, `private`, presence }

    package var access: Access {
        switch self {
        case .announcements: .public
        case .propertyPresence, .departmentPresence, .thread: .presence
        case .systemAdmin, .user, .tenant, .owners, .managers, .residents, .property, .department, .frontDesk, .kpi,
            .kpiRevenue, .finance, .stay:
            .private
        }
    }

    /// The tenant that its name names; `nil` where it names none.
    package var namedTenant: TenantID? {
        switch self {
        case .announcements, .systemAdmin, .user, .stay, .thread: nil
        case .tenant(let id), .owners(let id), .managers(let id), .residents(let id): id
        case .property(let at), .department(_, let at), .frontDesk(let at), .kpi(let at), .kpiRevenue(let at),
            .finance(let at), .propertyPresence(let at), .departmentPresence(_, let at):
            at.tenant
        }
    }
}

/// Where the events of a channel come from: a stream, and the audience within it.
package struct ChannelSource: Hashable, Sendable {
    package let stream: EventStream
    package let audience: Audience

    package init(_ stream: EventStream, _ audience: Audience) {
        self.stream = stream
        self.audience = audience
    }
}

extension DomainChannel {
    /// What feeds the channel. Who comes into presence channels and goes is in no log; with the stream come the events that
    /// concern those who are there, and what takes their rights away.
    ///
    /// - Parameter home: the subscriber's tenant, `nil` of platform staff. The names of users and stays do not say of whose
    ///   stream they are; who may join them is of the same tenant.
    package func source(home: TenantID?) -> ChannelSource {
        let homeStream = home.map { EventStream.tenant($0) } ?? .system
        switch self {
        case .announcements: return ChannelSource(.system, Audience(.announcements))
        case .systemAdmin: return ChannelSource(.system, Audience(.systemAdmin))
        case .user(let id): return ChannelSource(homeStream, Audience(.user, subject: id.raw))
        case .stay(let id): return ChannelSource(homeStream, Audience(.stay, subject: id.raw))
        case .tenant(let id): return ChannelSource(.tenant(id), Audience(.tenant))
        case .owners(let id): return ChannelSource(.tenant(id), Audience(.owners))
        case .managers(let id): return ChannelSource(.tenant(id), Audience(.managers))
        case .residents(let id): return ChannelSource(.tenant(id), Audience(.residents))
        case .property(let at): return Self.source(.property, at)
        case .department(let slug, let at): return Self.source(.department, at, code: slug.text)
        case .frontDesk(let at): return Self.source(.frontDesk, at)
        case .kpi(let at): return Self.source(.kpi, at)
        case .kpiRevenue(let at): return Self.source(.kpiRevenue, at)
        case .finance(let at): return Self.source(.finance, at)
        case .propertyPresence(let at): return Self.source(.propertyPresence, at)
        case .departmentPresence(let slug, let at): return Self.source(.departmentPresence, at, code: slug.text)
        case .thread(let subject):
            return ChannelSource(
                homeStream, Audience(.thread, subject: subject.id, code: subject.kind.rawValue))
        }
    }

    private static func source(_ kind: AudienceKind, _ at: PropertyAddress, code: String = "") -> ChannelSource {
        ChannelSource(.tenant(at.tenant), Audience(kind, subject: at.property.raw, code: code))
    }

    /// The channel on which an audience of a stream listens; `nil` for what no event of ours has: a tenant's audience in
    /// the platform's stream, a platform's in a tenant's, a department without a slug.
    package init?(_ source: ChannelSource) {
        let audience = source.audience
        let subject = audience.subject
        switch (source.stream, audience.kind) {
        case (.system, .announcements): self = .announcements
        case (.system, .systemAdmin): self = .systemAdmin
        case (_, .user): self = .user(UserID(raw: subject))
        case (.tenant, .stay): self = .stay(StayID(raw: subject))
        case (.tenant(let id), .tenant): self = .tenant(id)
        case (.tenant(let id), .owners): self = .owners(id)
        case (.tenant(let id), .managers): self = .managers(id)
        case (.tenant(let id), .residents): self = .residents(id)
        case (.tenant(let id), .property): self = .property(PropertyAddress(PropertyID(raw: subject), of: id))
        case (.tenant(let id), .department):
            guard let slug = ChannelSlug(audience.code) else { return nil }
            self = .department(slug, PropertyAddress(PropertyID(raw: subject), of: id))
        case (.tenant(let id), .frontDesk): self = .frontDesk(PropertyAddress(PropertyID(raw: subject), of: id))
        case (.tenant(let id), .kpi): self = .kpi(PropertyAddress(PropertyID(raw: subject), of: id))
        case (.tenant(let id), .kpiRevenue): self = .kpiRevenue(PropertyAddress(PropertyID(raw: subject), of: id))
        case (.tenant(let id), .finance): self = .finance(PropertyAddress(PropertyID(raw: subject), of: id))
        case (.tenant(let id), .propertyPresence):
            self = .propertyPresence(PropertyAddress(PropertyID(raw: subject), of: id))
        case (.tenant(let id), .departmentPresence):
            guard let slug = ChannelSlug(audience.code) else { return nil }
            self = .departmentPresence(slug, PropertyAddress(PropertyID(raw: subject), of: id))
        case (.tenant, .thread):
            guard let kind = ThreadSubject.Kind(rawValue: audience.code) else { return nil }
            self = .thread(ThreadSubject(kind, id: subject))
        case (.tenant, .announcements), (.tenant, .systemAdmin), (.system, _): return nil
        }
    }
}
