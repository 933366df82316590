internal import Crypto
internal import Hotel
internal import Shared

/// What the demo consists of: two hotel groups, invented, and always the same, so that links and tests can name its parts.
enum DemoHotel {
    struct Tenant {
        let name: String
        /// Also the domain of its users' addresses.
        let slug: String
        let properties: [Property]

        var id: TenantID { DemoHotel.id(self.slug) }
        var domain: String { "\(self.slug).example" }
    }

    struct Property {
        let code: String
        let name: String
        let timeZone: String
        let currency: String
        let floors: Int
        let roomsPerFloor: Int
    }

    static let tenants = [
        Tenant(
            name: "Aegean Bay Resorts", slug: "aegean",
            properties: [
                Property(
                    code: "BAY", name: "Aegean Bay", timeZone: "Europe/Athens", currency: "EUR", floors: 6,
                    roomsPerFloor: 20),
                Property(
                    code: "HARBOUR", name: "Harbour House", timeZone: "Europe/Lisbon", currency: "EUR", floors: 4,
                    roomsPerFloor: 15),
            ]),
        Tenant(
            name: "Northern Lights Inns", slug: "northern",
            properties: [
                Property(
                    code: "FJORD", name: "Fjord Inn", timeZone: "Europe/Oslo", currency: "NOK", floors: 3,
                    roomsPerFloor: 12)
            ]),
    ]

    static let roomTypes: [(code: String, name: String, base: Int, most: Int)] = [
        ("SGL", "Single", 1, 1), ("DBL", "Double", 2, 3), ("TWN", "Twin", 2, 3), ("FAM", "Family", 4, 5),
        ("STE", "Suite", 2, 4),
    ]

    static let departments: [(code: String, name: String, kind: DepartmentKind)] = [
        ("FO", "Front office", .frontOffice), ("HK", "Housekeeping", .housekeeping),
        ("MT", "Maintenance", .maintenance), ("FB", "Food and beverage", .foodBeverage),
        ("CON", "Concierge", .concierge), ("SEC", "Security", .security), ("SPA", "Spa", .spa), ("IT", "IT", .it),
        ("FIN", "Finance", .finance),
    ]

    /// Those who work at all properties of their tenant; the others at the first.
    static let everywhere: Set<Role> = [
        .tenantOwner, .propertyManager, .frontOfficeManager, .housekeepingSupervisor, .accountant, .auditor,
        .integration,
    ]

    static let people: [Role: String] = [
        .superAdmin: "Sofia Alexiou", .platformAdmin: "Petra Novak", .platformSupport: "Paul Sommer",
        .tenantOwner: "Olga Winter", .propertyManager: "Georg Mavros", .frontOfficeManager: "Flora Mendes",
        .frontDeskAgent: "Dario Costa", .housekeepingSupervisor: "Helena Sousa", .roomAttendant: "Ana Pereira",
        .maintenanceSupervisor: "Markus Stein", .maintenanceTechnician: "Tomas Berg",
        .departmentSupervisor: "Delia Ionescu", .departmentStaff: "Stefan Roos", .accountant: "Carla Ferri",
        .auditor: "Anders Lund", .resident: "Rita Guest", .integration: "Demo PMS",
    ]

    /// An id that follows from a name: the same on every machine (RFC 9562 5.8).
    static func id<Subject>(_ parts: String...) -> ID<Subject> {
        let text = Array((["bellhop demo"] + parts).joined(separator: "\n").utf8)
        let digest = text.withUnsafeBytes { bytes in SHA256.hash(bytes).span.withUnsafeBytes { Array($0.prefix(16)) } }
        let raw = digest.reduce(UInt128(0)) { $0 << 8 | UInt128($1) }
        let version: UInt128 = 0xF << 76
        let variant: UInt128 = 0b11 << 62
        return ID(raw: raw & ~version & ~variant | 0x8 << 76 | 0b10 << 62)
    }
}
