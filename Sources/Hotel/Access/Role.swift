/// The built-in roles (`domain.md` 3). The raw value is what is stored and sent.
package enum Role: String, CaseIterable, Sendable {
    case superAdmin = "super_admin"
    case platformAdmin = "platform_admin"
    case platformSupport = "platform_support"
    case tenantOwner = "tenant_owner"
    case propertyManager = "property_manager"
    case frontOfficeManager = "front_office_manager"
    case frontDeskAgent = "front_desk_agent"
    case housekeepingSupervisor = "housekeeping_supervisor"
    case roomAttendant = "room_attendant"
    case maintenanceSupervisor = "maintenance_supervisor"
    case maintenanceTechnician = "maintenance_technician"
    case departmentSupervisor = "department_supervisor"
    case departmentStaff = "department_staff"
    case accountant
    case auditor
    case resident
    case integration

    /// Where a role lives: the platform's own staff have no tenant.
    package enum Scope: String, Sendable { case platform, tenant }

    package var scope: Scope {
        switch self {
        case .superAdmin, .platformAdmin, .platformSupport: .platform
        case .tenantOwner, .propertyManager, .frontOfficeManager, .frontDeskAgent, .housekeepingSupervisor,
            .roomAttendant, .maintenanceSupervisor, .maintenanceTechnician, .departmentSupervisor, .departmentStaff,
            .accountant, .auditor, .resident, .integration:
            .tenant
        }
    }

    /// The kind of department to which the role belongs by its nature, when its assignment names none.
    package var departmentKind: DepartmentKind? {
        switch self {
        case .frontOfficeManager, .frontDeskAgent: .frontOffice
        case .housekeepingSupervisor, .roomAttendant: .housekeeping
        case .maintenanceSupervisor, .maintenanceTechnician: .maintenance
        case .superAdmin, .platformAdmin, .platformSupport, .tenantOwner, .propertyManager, .departmentSupervisor,
            .departmentStaff, .accountant, .auditor, .resident, .integration:
            nil
        }
    }

    /// Whom the seeds call managers (`domain.md` 1.1): the property's and the departments'.
    package var isManager: Bool { Role.managers.contains(self) }

    private static let managers: Set<Role> = [
        .propertyManager, .frontOfficeManager, .housekeepingSupervisor, .maintenanceSupervisor, .departmentSupervisor,
    ]
}

/// The two letters under which the tables of the specification name the roles; only for tables that should read like them.
extension Role {
    static let SA = Role.superAdmin
    static let PA = Role.platformAdmin
    static let PS = Role.platformSupport
    static let OW = Role.tenantOwner
    static let GM = Role.propertyManager
    static let FM = Role.frontOfficeManager
    static let FD = Role.frontDeskAgent
    static let HS = Role.housekeepingSupervisor
    static let RA = Role.roomAttendant
    static let AC = Role.accountant
    static let RE = Role.resident
    static let IN = Role.integration
}
