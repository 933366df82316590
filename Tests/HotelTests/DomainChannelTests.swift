import Hotel
import Shared
import Testing

@Suite struct DomainChannelTests {
    static let t = "00000000-0000-0000-0000-00000000000a"
    static let p = "00000000-0000-0000-0000-000000000011"
    static let at = PropertyAddress(World.north, of: World.tenant)
    static let slug = World.housekeeping.slug

    /// Every canonical form of the specification.
    static let forms: [(name: String, channel: DomainChannel, access: DomainChannel.Access, kind: AudienceKind?)] = [
        ("announcements", .announcements, .public, .announcements),
        ("private-user.00000000-0000-0000-0000-000000000021", .user(World.user), .private, .user),
        ("private-tenant.\(t)", .tenant(World.tenant), .private, .tenant),
        ("private-tenant.\(t).property.\(p)", .property(at), .private, .property),
        ("private-tenant.\(t).property.\(p).dept.hk", .department(slug, at), .private, .department),
        ("private-tenant.\(t).property.\(p).frontdesk", .frontDesk(at), .private, .frontDesk),
        ("private-tenant.\(t).property.\(p).kpi", .kpi(at), .private, .kpi),
        ("private-tenant.\(t).property.\(p).kpi.revenue", .kpiRevenue(at), .private, .kpiRevenue),
        ("private-tenant.\(t).property.\(p).finance", .finance(at), .private, .finance),
        ("private-tenant.\(t).owners", .owners(World.tenant), .private, .owners),
        ("private-tenant.\(t).managers", .managers(World.tenant), .private, .managers),
        ("private-tenant.\(t).residents", .residents(World.tenant), .private, .residents),
        ("private-stay.00000000-0000-0000-0000-000000000031", .stay(World.stay), .private, .stay),
        ("private-system.admin", .systemAdmin, .private, .systemAdmin),
        ("presence-tenant.\(t).property.\(p)", .propertyPresence(at), .presence, nil),
        ("presence-tenant.\(t).property.\(p).dept.hk", .departmentPresence(slug, at), .presence, nil),
        (
            "presence-thread.request.00000000-0000-0000-0000-000000000077",
            .thread(ThreadSubject(.request, id: 0x77)), .presence, nil
        ),
    ]

    @Test func `every form is read and written`() {
        for form in Self.forms {
            #expect(DomainChannel(name: form.name) == form.channel, "\(form.name)")
            #expect(form.channel.name == form.name)
            #expect(form.channel.access == form.access)
        }
    }

    @Test func `every channel with a log has a source, and every source its channel`() {
        var kinds: Set<AudienceKind> = []
        for form in Self.forms {
            let source = form.channel.source(home: World.tenant)
            if let kind = form.kind { #expect(source.audience.kind == kind, "\(form.name)") }
            #expect(DomainChannel(source) == form.channel)
            kinds.insert(source.audience.kind)
            let isPlatforms = form.channel == .announcements || form.channel == .systemAdmin
            #expect(source.stream == (isPlatforms ? .system : .tenant(World.tenant)))
        }
        #expect(kinds == Set(AudienceKind.allCases))
        #expect(DomainChannel.user(World.user).source(home: nil).stream == .system)
    }

    @Test func `an audience in a stream that cannot have it is no channel`() {
        for kind in AudienceKind.allCases where ![.announcements, .systemAdmin, .user].contains(kind) {
            #expect(DomainChannel(ChannelSource(.system, Audience(kind, subject: 1, code: "hk"))) == nil)
        }
        for kind in [AudienceKind.announcements, .systemAdmin] {
            #expect(DomainChannel(ChannelSource(.tenant(World.tenant), Audience(kind))) == nil)
        }
        let nameless = Audience(.department, subject: 1, code: "H.K")
        #expect(DomainChannel(ChannelSource(.tenant(World.tenant), nameless)) == nil)
    }

    @Test func `no name but the one is a channel`() {
        var hostile = [
            "", "private-", "presence-", "private-tenant", "private-tenant.", "private-tenant.1", "announcements.x",
            "private-announcements", "presence-announcements", "private-system", "private-system.admin.x",
            "presence-system.admin", "presence-user.\(Self.t)", "presence-stay.\(Self.t)",
            "private-thread.request.\(Self.t)",
            "presence-thread.secret.\(Self.t)", "presence-thread.request", "presence-tenant.\(Self.t)",
            "private-tenant.\(Self.t.uppercased())", "private-tenant.{\(Self.t)}", "private-encrypted-tenant.\(Self.t)",
            "private-tenant.\(Self.t).property", "private-tenant.\(Self.t).property.\(Self.p).dept",
            "private-tenant.\(Self.t).property.\(Self.p).dept.", "private-tenant.\(Self.t).property.\(Self.p).dept.HK",
            "private-tenant.\(Self.t).property.\(Self.p).dept.h_k",
            "private-tenant.\(Self.t).property.\(Self.p).dept.hk.x",
            "private-tenant.\(Self.t).property.\(Self.p).dept.\(String(repeating: "a", count: 21))",
            "private-tenant.\(Self.t).property.\(Self.p).kpi.cost", "private-tenant.\(Self.t).admins",
            "private-tenant.\(Self.t).property.\(Self.p).frontdesk.x", "private-tenant.\(Self.t)..owners",
            "private-tenant.*", "private-tenant.\(Self.t)*", "private-tenant.\(Self.t)#", "cache-tenant.\(Self.t)",
            "private-tenant.\(Self.t).property.\(Self.p).dept.hk\u{301}", "private-t\u{435}nant.\(Self.t)",
            "presence-tenant.\(Self.t).property.\(Self.p).frontdesk", String(repeating: "a", count: 100_000),
        ]
        for form in Self.forms {
            hostile += [" ", "\n", "\u{0}", ".", "-", "\u{200B}"].flatMap { [form.name + $0, $0 + form.name] }
            hostile += ["private-\(form.name)", "presence-\(form.name)", form.name.uppercased()]
            hostile += (1..<form.name.utf8.count).map { String(form.name.dropLast($0)) }.filter { prefix in
                !Self.forms.contains { $0.name == prefix }
            }
        }
        for name in hostile {
            // A department's slug may itself end in a dash, and may be shorter: those are other departments.
            if case .department? = DomainChannel(name: name), name.hasSuffix("hk-") || name.hasSuffix(".h") { continue }
            if case .departmentPresence? = DomainChannel(name: name), name.hasSuffix("hk-") || name.hasSuffix(".h") {
                continue
            }
            #expect(DomainChannel(name: name) == nil, "\(name.prefix(200))")
        }
    }

    @Test func `the longest names fit into what Pusher allows`() throws {
        let slug = try #require(ChannelSlug(String(repeating: "z", count: 20)))
        let longest = DomainChannel.departmentPresence(slug, Self.at).name
        #expect(longest.utf8.count <= DomainChannel.longestName)
        #expect(DomainChannel(name: longest) != nil)
        let thread = DomainChannel.thread(ThreadSubject(.reservation, id: .max))
        #expect(DomainChannel(name: thread.name) == thread)
    }

    @Test func `aliases are understood where their protocol has them`() {
        let user = "00000000-0000-0000-0000-000000000021"
        let both: [(String, ChannelRequest)] = [
            ("tenant.\(Self.t)", .alias(.tenant(World.tenant))), ("user.\(user)", .alias(.user(World.user))),
            ("system.admin", .alias(.systemAdmin)), ("tenant-\(Self.t)-hk", .departments(Self.slug, of: World.tenant)),
        ]
        let socketIO: [(String, ChannelRequest)] = [
            ("user:\(user)", .alias(.user(World.user))), ("customer:\(Self.t)", .alias(.tenant(World.tenant))),
            ("admins", .alias(.systemAdmin)), ("owners", .ownOwners), ("managers", .ownManagers),
            ("tenants", .ownResidents),
        ]
        for (name, request) in both {
            #expect(ChannelRequest(name: name, on: .pusher) == request, "\(name)")
            #expect(ChannelRequest(name: name, on: .socketIO) == request)
            #expect(request.isGuarded)
        }
        for (name, request) in socketIO {
            #expect(ChannelRequest(name: name, on: .pusher) == nil, "\(name)")
            #expect(ChannelRequest(name: name, on: .socketIO) == request)
            #expect(request.isGuarded)
        }
        for form in Self.forms {
            #expect(ChannelRequest(name: form.name, on: .pusher) == .canonical(form.channel))
            #expect(ChannelRequest(name: form.name, on: .socketIO) == .canonical(form.channel))
        }
        #expect(ChannelRequest.canonical(.announcements).isGuarded == false)
    }

    @Test func `what only looks like an alias is none`() {
        let names = [
            "tenant.", "tenant.1", "tenant.\(Self.t.uppercased())", "tenant.\(Self.t).owners", "user:", "user:1",
            "user.\(Self.t)x",
            "customer:\(Self.t) ", "tenant-\(Self.t)", "tenant-\(Self.t)-", "tenant-\(Self.t)-H K", "tenant--hk",
            "tenant-123-maintenance", "system.admin.", "admins ", "Owners", "room:1",
            "tenant-\u{e9}\(Self.t.dropLast(2))-hk", String(repeating: ":", count: 1_000),
        ]
        for name in names {
            #expect(ChannelRequest(name: name, on: .socketIO) == nil, "\(name)")
            #expect(ChannelRequest(name: name, on: .pusher) == nil)
        }
    }
}
