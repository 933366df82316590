import Hotel
import Testing

@Suite struct PermissionMatrixTests {
    /// A row of the specification's table: the permissions it names and its cells.
    struct Row {
        let label: String
        let cells: [String]
    }

    static let rows: [Row] = permissionTable.split(separator: "\n").dropFirst(2).map { line in
        let cells = line.split(separator: "|", omittingEmptySubsequences: false).dropFirst().dropLast()
        let texts = cells.map { $0.split(separator: " ").joined(separator: " ") }
        return Row(label: texts[0], cells: Array(texts.dropFirst()))
    }

    static let columns = permissionTable.split(separator: "\n")[0].split(separator: "|").dropFirst().map {
        $0.split(separator: " ").joined()
    }.filter { !$0.isEmpty }

    /// Which permissions a row's words name.
    static let meaning: [String: [Permission]] = [
        "tenant.read_all / tenant.create": [.tenantReadAll, .tenantCreate],
        "tenant.approve, tenant.suspend, tenant.delete": [.tenantApprove, .tenantSuspend, .tenantDelete],
        "user.invite/update/suspend (tenant)": [.userInvite, .userUpdate, .userSuspend],
        "room.set_hk_status (clean, dirty, pickup)": [.roomSetHKStatus],
        "room.inspect (→ inspected)": [.roomInspect],
        "room.report_occupancy (hk side)": [.roomReportOccupancy],
        "reservation.write, room_assign": [.reservationWrite, .reservationRoomAssign],
        "stay.check_in / check_out / move": [.stayCheckIn, .stayCheckOut, .stayMove],
        "task.create / assign / reprioritise": [.taskCreate, .taskAssign, .taskReprioritise],
        "ticket.triage / assign / verify": [.ticketTriage, .ticketAssign, .ticketVerify],
        "request.assign / set_priority / transfer": [.requestAssign, .requestSetPriority, .requestTransfer],
        "request.close / reopen": [.requestClose, .requestReopen],
        "routing, sla, escalation configure": [.routingConfigure, .slaConfigure, .escalationConfigure],
        "kpi.revenue, report.generate": [.kpiRevenue, .reportGenerate],
        "invoice.* payment.*": [
            .invoiceRead, .invoiceIssue, .invoiceVoid, .paymentRead, .paymentTake, .paymentRefund,
        ],
        "announcement.publish (platform)": [.announcementPublishPlatform],
        "announcement.publish (tenant, property)": [.announcementPublish],
    ]

    static func permissions(_ row: Row) -> [Permission] {
        if let several = Self.meaning[row.label] { return several }
        return Permission(rawValue: row.label).map { [$0] } ?? []
    }

    /// What a cell's text means for one of its row's permissions.
    static func expected(_ text: String, _ permission: Permission, _ role: String) -> PermissionMatrix.Cell? {
        let finance: Set<Permission> = [.invoiceVoid, .paymentRefund]
        switch text {
        case "": return .no
        case "●": return .yes
        case "●†": return .duty
        case "●¹": return permission == .tenantDelete ? .no : .yes
        case "◐read": return permission == .tenantReadAll ? .limited(.readOnly) : .no
        case "◐ read":
            return permission == .invoiceRead || permission == .paymentRead ? .limited(.readOnly) : .no
        case "◐²": return .limited(.notSuperAdminsNorOwnRole)
        case "◐³": return .limited(.supportGrant)
        case "◐⁴": return .limited(.dirtyOrPickup)
        case "◐⁵": return .limited(.dirtyWhenLeaving)
        case "◐⁶": return .limited(.withoutPriceAndContact)
        case "◐⁷": return .limited(.selfService)
        case "◐⁸": return .limited(.touchUpOrClaim)
        case "◐⁹": return permission == .ticketVerify ? .limited(.reportedByOwnDepartment) : .no
        case "◐¹⁰": return finance.contains(permission) ? .no : .yes
        case "◐ name": return .limited(.nameOnly)
        case "◐ rush": return .limited(.rushOnly)
        case "◐ finance": return .limited(.financeOnly)
        case "◐ self": return .limited(.ownRecord)
        case "◐ own":
            let own: Set<Permission> = [.invoiceRead, .paymentRead, .paymentTake, .hotspotManage]
            return own.contains(permission) ? .limited(.ownRecord) : .no
        case "◐ reopen": return permission == .requestReopen ? .limited(.ownRecord) : .no
        // A bare ◐: guests their own record; those who do the work their own assignment; the rest their department.
        case "◐":
            switch role {
            case "RE": return .limited(.ownRecord)
            case "RA", "MT", "ST": return .limited(.ownAssignment)
            default: return .limited(.ownDepartment)
            }
        default: return nil
        }
    }

    @Test func `the table has the columns of the roles`() {
        #expect(
            Self.columns == "SA PA PS OW GM FM FD HS RA MS MT DS ST AC AU RE IN".split(separator: " ").map(String.init))
        #expect(Self.columns.count == Role.allCases.count)
        #expect(Self.rows.count == 41)
    }

    @Test func `every permission stands in one row, every row is known`() {
        let named = Self.rows.flatMap(Self.permissions)
        #expect(Self.rows.allSatisfy { !Self.permissions($0).isEmpty })
        #expect(named.count == Set(named).count)
        #expect(Set(named) == Set(Permission.allCases))
    }

    @Test func `every cell says what the specification says`() throws {
        for row in Self.rows {
            try #require(row.cells.count == Role.allCases.count, "\(row.label)")
            for (role, text) in zip(zip(Role.allCases, Self.columns), row.cells) {
                for permission in Self.permissions(row) {
                    let expected = try #require(Self.expected(text, permission, role.1), "\(row.label): \(text)")
                    let cell = PermissionMatrix.cell(role.0, permission)
                    #expect(cell == expected, "\(permission.rawValue) of \(role.1)")
                }
            }
        }
    }

    @Test func `a duty manager gets what carries a dagger`() {
        let expected: Set<Permission> = [
            .roomSetHKStatus, .roomInspect, .roomResolveDiscrepancy, .roomBlockOutOfService, .roomBlockOutOfOrder,
            .taskCreate, .taskAssign, .taskReprioritise, .ticketTriage, .ticketAssign, .ticketVerify, .requestAssign,
            .requestSetPriority, .requestTransfer, .requestClose, .requestReopen,
        ]
        #expect(PermissionMatrix.dutyPermissions == expected)
    }
}
