/// The table of `domain.md` 3, as data: what each built-in role may do.
package enum PermissionMatrix {
    /// One cell of the table.
    package enum Cell: Hashable, Sendable {
        case no
        /// `●`: yes, in the scope of the role assignment.
        case yes
        /// `●†`: yes, and for whoever is duty manager.
        case duty
        /// `◐`
        case limited(Limit)
    }

    /// What the table says of a role and a permission.
    package static func cell(_ role: Role, _ permission: Permission) -> Cell {
        guard let row = Self.rows[permission], let column = Self.columns[role] else { return .no }
        return row[column]
    }

    /// What a duty manager may do besides, while on shift.
    package static let dutyPermissions: Set<Permission> = Set(
        Permission.allCases.filter { Self.cell(.propertyManager, $0) == .duty })

    /// What custom roles are made of: the owner's permissions.
    package static let customisable: Set<Permission> = Set(
        Permission.allCases.filter { Self.cell(.tenantOwner, $0) != .no })

    private static let columns: [Role: Int] = Dictionary(
        uniqueKeysWithValues: Role.allCases.enumerated().map { ($1, $0) })

    private static let rows: [Permission: [Cell]] = {
        var rows: [Permission: [Cell]] = [:]
        for (cells, permissions) in Self.platformRows + Self.roomRows + Self.guestRows + Self.workRows + Self.officeRows
        {
            precondition(cells.count == Role.allCases.count, "the table has a column for each role")
            for permission in permissions {
                precondition(rows.updateValue(cells, forKey: permission) == nil, "a permission has one row")
            }
        }
        return rows
    }()

    private typealias Rows = [([Cell], [Permission])]

    // Two letters to a cell, so that the tables stay tables.
    private static let no = Cell.no
    private static let ok = Cell.yes
    private static let dm = Cell.duty
    /// Own department, own assignment, own record.
    private static let de = Cell.limited(.ownDepartment)
    private static let mi = Cell.limited(.ownAssignment)
    private static let me = Cell.limited(.ownRecord)
    private static let rd = Cell.limited(.readOnly)
    private static let ru = Cell.limited(.rushOnly)
    private static let nm = Cell.limited(.nameOnly)
    /// The footnotes of the specification, by their number.
    private static let n2 = Cell.limited(.notSuperAdminsNorOwnRole)
    private static let n3 = Cell.limited(.supportGrant)
    private static let n4 = Cell.limited(.dirtyOrPickup)
    private static let n5 = Cell.limited(.dirtyWhenLeaving)
    private static let n6 = Cell.limited(.withoutPriceAndContact)
    private static let n7 = Cell.limited(.selfService)
    private static let n8 = Cell.limited(.touchUpOrClaim)
    private static let n9 = Cell.limited(.reportedByOwnDepartment)
    private static let fi = Cell.limited(.financeOnly)

    private static let platformRows: Rows = [
        //SA  PA  PS  OW  GM  FM  FD  HS  RA  MS  MT  DS  ST  AC  AU  RE  IN
        ([ok, ok, rd, no, no, no, no, no, no, no, no, no, no, no, no, no, no], [.tenantReadAll]),
        ([ok, ok, no, no, no, no, no, no, no, no, no, no, no, no, no, no, no], [.tenantCreate]),
        ([ok, ok, no, no, no, no, no, no, no, no, no, no, no, no, no, no, no], [.tenantApprove, .tenantSuspend]),
        ([ok, no, no, no, no, no, no, no, no, no, no, no, no, no, no, no, no], [.tenantDelete]),
        ([ok, ok, no, ok, no, no, no, no, no, no, no, no, no, no, no, no, no], [.tenantUpdate]),
        ([ok, n2, no, no, no, no, no, no, no, no, no, no, no, no, no, no, no], [.platformUserManage]),
        ([ok, ok, no, ok, ok, de, no, de, no, de, no, de, no, no, no, no, no], [.userInvite, .userUpdate]),
        ([ok, ok, no, ok, ok, de, no, de, no, de, no, de, no, no, no, no, no], [.userSuspend]),
        ([ok, no, no, ok, no, no, no, no, no, no, no, no, no, no, no, no, no], [.roleManage]),
        ([ok, ok, no, ok, ok, no, no, no, no, no, no, no, no, no, no, no, no], [.propertyManage]),
        ([no, no, no, ok, ok, ok, no, no, no, no, no, no, no, no, no, no, ok], [.propertyRollBusinessDate]),
    ]

    private static let roomRows: Rows = [
        //SA  PA  PS  OW  GM  FM  FD  HS  RA  MS  MT  DS  ST  AC  AU  RE  IN
        ([no, no, n3, ok, ok, ok, ok, ok, mi, ok, ok, ok, ok, ok, ok, no, ok], [.roomRead]),
        ([no, no, no, ok, ok, no, no, no, no, no, no, no, no, no, no, no, no], [.roomConfigure]),
        ([no, no, no, ok, dm, ok, n4, ok, mi, no, n5, no, no, no, no, no, ok], [.roomSetHKStatus]),
        ([no, no, no, no, dm, ok, no, ok, no, no, no, no, no, no, no, no, ok], [.roomInspect]),
        ([no, no, no, no, ok, ok, ok, ok, ok, no, no, no, no, no, no, me, ok], [.roomSetServiceFlag]),
        ([no, no, no, no, ok, ok, ok, ok, ok, no, no, no, no, no, no, no, ok], [.roomReportOccupancy]),
        ([no, no, no, no, dm, ok, ok, ok, no, no, no, no, no, no, no, no, no], [.roomResolveDiscrepancy]),
        ([no, no, no, ok, dm, ok, no, ok, no, ok, no, no, no, no, no, no, ok], [.roomBlockOutOfService]),
        ([no, no, no, ok, dm, ok, no, no, no, ok, no, no, no, no, no, no, ok], [.roomBlockOutOfOrder]),
    ]

    private static let guestRows: Rows = [
        //SA  PA  PS  OW  GM  FM  FD  HS  RA  MS  MT  DS  ST  AC  AU  RE  IN
        ([no, no, n3, ok, ok, ok, ok, n6, no, no, no, n6, no, ok, ok, me, ok], [.reservationRead]),
        ([no, no, no, ok, ok, ok, ok, no, no, no, no, no, no, no, no, n7, ok], [.reservationWrite]),
        ([no, no, no, ok, ok, ok, ok, no, no, no, no, no, no, no, no, n7, ok], [.reservationRoomAssign]),
        ([no, no, no, no, ok, ok, ok, no, no, no, no, no, no, no, no, n7, ok], [.stayCheckIn, .stayCheckOut]),
        ([no, no, no, no, ok, ok, ok, no, no, no, no, no, no, no, no, n7, ok], [.stayMove]),
        ([no, no, no, no, ok, ok, no, no, no, no, no, no, no, no, no, no, ok], [.stayReverse]),
        ([no, no, no, ok, ok, ok, ok, nm, nm, nm, nm, nm, nm, ok, no, me, ok], [.guestReadPersonal]),
    ]

    private static let workRows: Rows = [
        //SA  PA  PS  OW  GM  FM  FD  HS  RA  MS  MT  DS  ST  AC  AU  RE  IN
        ([no, no, no, no, dm, ru, ru, ok, n8, no, no, no, no, no, no, no, no], [.taskCreate, .taskAssign]),
        ([no, no, no, no, dm, ru, ru, ok, n8, no, no, no, no, no, no, no, no], [.taskReprioritise]),
        ([no, no, no, no, no, no, no, ok, mi, no, no, no, no, no, no, no, no], [.taskExecute]),
        ([no, no, no, ok, ok, ok, ok, ok, ok, ok, ok, ok, ok, no, no, me, ok], [.ticketCreate]),
        ([no, no, no, no, dm, no, no, no, no, ok, no, no, no, no, no, no, no], [.ticketTriage, .ticketAssign]),
        ([no, no, no, no, dm, n9, no, n9, no, ok, no, no, no, no, no, no, no], [.ticketVerify]),
        ([no, no, no, no, no, no, no, no, no, ok, mi, no, no, no, no, no, no], [.ticketExecute]),
        ([no, no, no, ok, ok, ok, ok, ok, ok, ok, ok, ok, ok, no, no, me, ok], [.requestCreate]),
        ([no, no, no, no, dm, ok, de, de, no, de, no, de, no, no, no, no, no], [.requestAssign, .requestSetPriority]),
        ([no, no, no, no, dm, ok, de, de, no, de, no, de, no, no, no, no, no], [.requestTransfer]),
        ([no, no, no, no, ok, ok, ok, de, mi, de, mi, de, mi, no, no, no, no], [.requestExecute]),
        ([no, no, no, no, dm, ok, ok, de, no, de, no, de, no, no, no, no, no], [.requestClose]),
        ([no, no, no, no, dm, ok, ok, de, no, de, no, de, no, no, no, me, no], [.requestReopen]),
    ]

    private static let officeRows: Rows = [
        //SA  PA  PS  OW  GM  FM  FD  HS  RA  MS  MT  DS  ST  AC  AU  RE  IN
        ([no, no, no, ok, ok, de, no, de, no, de, no, de, no, no, no, no, no], [.routingConfigure, .slaConfigure]),
        ([no, no, no, ok, ok, de, no, de, no, de, no, de, no, no, no, no, no], [.escalationConfigure]),
        ([no, no, no, ok, ok, ok, de, de, no, de, no, de, no, ok, ok, no, no], [.kpiOperations]),
        ([no, no, no, ok, ok, ok, no, no, no, no, no, no, no, ok, ok, no, no], [.kpiRevenue, .reportGenerate]),
        ([no, no, no, ok, ok, ok, ok, no, no, no, no, no, no, ok, rd, me, ok], [.invoiceRead, .paymentRead]),
        ([no, no, no, ok, ok, ok, ok, no, no, no, no, no, no, ok, no, no, ok], [.invoiceIssue]),
        ([no, no, no, ok, ok, ok, ok, no, no, no, no, no, no, ok, no, me, ok], [.paymentTake]),
        ([no, no, no, ok, ok, ok, no, no, no, no, no, no, no, ok, no, no, ok], [.invoiceVoid, .paymentRefund]),
        ([no, no, no, ok, ok, ok, ok, no, no, no, no, no, no, no, no, me, ok], [.hotspotManage]),
        ([ok, ok, no, no, no, no, no, no, no, no, no, no, no, no, no, no, no], [.announcementPublishPlatform]),
        ([no, no, no, ok, ok, de, no, de, no, de, no, de, no, no, no, no, no], [.announcementPublish]),
        ([no, no, no, ok, ok, no, no, no, no, no, no, no, no, no, no, no, no], [.pmsConfigure]),
        ([no, no, no, ok, ok, ok, no, ok, no, no, no, no, no, no, no, no, no], [.pmsResolveDrift]),
        ([ok, ok, no, ok, ok, no, no, no, no, no, no, no, no, fi, ok, no, no], [.auditRead]),
    ]
}
