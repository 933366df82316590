package import Shared

/// What a client asks for when it names a channel: a channel, or one of the seeds' words for several (`domain.md` 6.2).
package enum ChannelRequest: Hashable, Sendable {
    case canonical(DomainChannel)
    /// An alias of one channel. Its frames carry the name that was subscribed.
    case alias(DomainChannel)
    /// `tenant-{id}-{department}`: that department of every property the user may see.
    case departments(ChannelSlug, of: TenantID)
    case ownOwners
    case ownManagers
    case ownResidents

    /// The client's protocol decides which aliases there are.
    package enum ClientProtocol: Sendable { case pusher, socketIO }

    /// Reads a name. `nil`: nothing of ours, to be refused; it may be of any length and hold anything.
    package init?(name: String, on client: ClientProtocol) {
        guard name.utf8.count <= DomainChannel.longestName else { return nil }
        if let channel = DomainChannel(name: name) {
            self = .canonical(channel)
            return
        }
        guard let request = Self.bareAlias(name) ?? (client == .socketIO ? Self.socketIOAlias(name) : nil) else {
            return nil
        }
        self = request
    }

    /// A bare name bypasses nothing: on Pusher it is granted to signed-in sockets only, and everywhere as its channel is.
    package var isGuarded: Bool {
        switch self {
        case .canonical: false
        case .alias, .departments, .ownOwners, .ownManagers, .ownResidents: true
        }
    }

    /// Architecture 3: what Pusher clients may say too.
    private static func bareAlias(_ name: String) -> ChannelRequest? {
        if name == "system.admin" { return .alias(.systemAdmin) }
        if let id = self.id(name, after: "tenant.", Subject.Tenant.self) { return .alias(.tenant(id)) }
        if let id = self.id(name, after: "user.", Subject.User.self) { return .alias(.user(id)) }
        return self.departmentsAlias(name)
    }

    /// `:` is not in the alphabet of Pusher's channels, and the bare words would be public there.
    private static func socketIOAlias(_ name: String) -> ChannelRequest? {
        switch name {
        case "admins": return .alias(.systemAdmin)
        case "owners": return .ownOwners
        case "managers": return .ownManagers
        case "tenants": return .ownResidents
        default: break
        }
        if let id = self.id(name, after: "user:", Subject.User.self) { return .alias(.user(id)) }
        return self.id(name, after: "customer:", Subject.Tenant.self).map { .alias(.tenant($0)) }
    }

    private static func departmentsAlias(_ name: String) -> ChannelRequest? {
        let prefix = "tenant-"
        guard name.hasPrefix(prefix) else { return nil }
        let rest = name.dropFirst(prefix.count)
        let idEnd = rest.utf8.index(rest.startIndex, offsetBy: UUIDText.count, limitedBy: rest.endIndex)
        guard let idEnd, idEnd < rest.endIndex, rest.utf8[idEnd] == UInt8(ascii: "-") else { return nil }
        guard let tenant = self.id(String(rest[..<idEnd]), after: "", Subject.Tenant.self),
            let slug = ChannelSlug(String(rest[rest.utf8.index(after: idEnd)...]))
        else { return nil }
        return .departments(slug, of: tenant)
    }

    /// An id in the one spelling that names have.
    private static func id<Kind>(_ name: String, after prefix: String, _ kind: Kind.Type) -> ID<Kind>? {
        guard name.hasPrefix(prefix) else { return nil }
        let text = name.dropFirst(prefix.count)
        guard let id = ID<Kind>(text), id.description == text else { return nil }
        return id
    }
}
