import Hotel
import Shared
import Testing

/// A small world for tests: a tenant with two properties, and another one.
enum World {
    static let tenant = TenantID(raw: 0x0A)
    static let other = TenantID(raw: 0x0B)
    static let north = PropertyID(raw: 0x11)
    static let south = PropertyID(raw: 0x12)
    static let foreign = PropertyID(raw: 0x13)
    static let user = UserID(raw: 0x21)
    static let stay = StayID(raw: 0x31)

    static let frontOffice = Self.department(0x41, .frontOffice, "fo")
    static let housekeeping = Self.department(0x42, .housekeeping, "hk")
    static let maintenance = Self.department(0x43, .maintenance, "mt")
    static let spa = Self.department(0x44, .spa, "spa")
    static let departments = [frontOffice, housekeeping, maintenance, spa]

    static let directory = TenantDirectory(
        tenant, status: .active, properties: [north: departments, south: [Self.department(0x52, .housekeeping, "hk")]])

    static func department(_ id: UInt128, _ kind: DepartmentKind, _ slug: String) -> Department {
        Department(id: DepartmentID(raw: id), kind: kind, slug: ChannelSlug(slug) ?? .placeholder)
    }

    static let place = Place.property(north, of: tenant)

    /// Whoever holds a role at the north, as the platform or the tenant would make them.
    static func actor(_ role: Role) -> Actor {
        switch role {
        case .resident: .resident(user, name: "Guest", tenant: tenant, properties: [north], stays: [stay])
        case .integration: .integration(0x61, name: "PMS", tenant: tenant, property: north)
        case .superAdmin, .platformAdmin, .platformSupport:
            .user(user, name: "Admin", tenant: nil, assignments: [RoleAssignment(role)])
        default:
            .user(user, name: "Ana", tenant: tenant, assignments: [RoleAssignment(role, property: north)])
        }
    }

    static func key(_ milliseconds: Int64, _ rank: SourceRank = .person, _ seq: Int64 = 1) -> RegisterKey {
        RegisterKey(effectiveAt: Timestamp(milliseconds: milliseconds), sourceRank: rank, receivedSeq: seq)
    }
}

func refusal(_ body: () throws(Refusal) -> Void) -> Refusal? {
    do {
        try body()
        return nil
    } catch {
        return error
    }
}
