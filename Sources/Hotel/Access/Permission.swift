/// What somebody may be allowed to do (`domain.md` 3). The raw value is what custom roles store and clients are told.
///
/// A row of the specification that names several acts is several permissions here, because footnotes tell them apart.
package enum Permission: String, CaseIterable, Sendable {
    case tenantReadAll = "tenant.read_all"
    case tenantCreate = "tenant.create"
    case tenantApprove = "tenant.approve"
    case tenantSuspend = "tenant.suspend"
    case tenantDelete = "tenant.delete"
    case tenantUpdate = "tenant.update"
    case platformUserManage = "platform_user.manage"
    case userInvite = "user.invite"
    case userUpdate = "user.update"
    case userSuspend = "user.suspend"
    case roleManage = "role.manage"
    case propertyManage = "property.manage"
    case propertyRollBusinessDate = "property.roll_business_date"
    case roomRead = "room.read"
    case roomConfigure = "room.configure"
    case roomSetHKStatus = "room.set_hk_status"
    case roomInspect = "room.inspect"
    case roomSetServiceFlag = "room.set_service_flag"
    case roomReportOccupancy = "room.report_occupancy"
    case roomResolveDiscrepancy = "room.resolve_discrepancy"
    case roomBlockOutOfService = "room_block.out_of_service"
    case roomBlockOutOfOrder = "room_block.out_of_order"
    case reservationRead = "reservation.read"
    case reservationWrite = "reservation.write"
    case reservationRoomAssign = "reservation.room_assign"
    case stayCheckIn = "stay.check_in"
    case stayCheckOut = "stay.check_out"
    case stayMove = "stay.move"
    case stayReverse = "stay.reverse"
    case guestReadPersonal = "guest.read_personal"
    case taskCreate = "task.create"
    case taskAssign = "task.assign"
    case taskReprioritise = "task.reprioritise"
    case taskExecute = "task.execute"
    case ticketCreate = "ticket.create"
    case ticketTriage = "ticket.triage"
    case ticketAssign = "ticket.assign"
    case ticketVerify = "ticket.verify"
    case ticketExecute = "ticket.execute"
    case requestCreate = "request.create"
    case requestAssign = "request.assign"
    case requestSetPriority = "request.set_priority"
    case requestTransfer = "request.transfer"
    case requestExecute = "request.execute"
    case requestClose = "request.close"
    case requestReopen = "request.reopen"
    case routingConfigure = "routing.configure"
    case slaConfigure = "sla.configure"
    case escalationConfigure = "escalation.configure"
    case kpiOperations = "kpi.operations"
    case kpiRevenue = "kpi.revenue"
    case reportGenerate = "report.generate"
    case invoiceRead = "invoice.read"
    case invoiceIssue = "invoice.issue"
    case invoiceVoid = "invoice.void"
    case paymentRead = "payment.read"
    case paymentTake = "payment.take"
    case paymentRefund = "payment.refund"
    case hotspotManage = "hotspot.manage"
    case announcementPublishPlatform = "announcement.publish_platform"
    case announcementPublish = "announcement.publish"
    case pmsConfigure = "pms.configure"
    case pmsResolveDrift = "pms.resolve_drift"
    case auditRead = "audit.read"
}

/// What `◐` means in a cell: how far a permission reaches that is given only in part.
///
/// Who asks for such a permission must look at the limit and hold the case at hand against it; there is no `true` to forget
/// it with.
package enum Limit: String, CaseIterable, Sendable {
    /// Objects of the own department.
    case ownDepartment = "own_department"
    /// Work assigned to the actor: the own task, ticket, zone.
    case ownAssignment = "own_assignment"
    /// The own stay, folio, request of a resident.
    case ownRecord = "own_record"
    /// Reading only.
    case readOnly = "read_only"
    /// Footnote 2: neither super administrators nor the own role.
    case notSuperAdminsNorOwnRole = "not_super_admins_nor_own_role"
    /// Footnote 3: inside an access grant given by the owner, for its time.
    case supportGrant = "support_grant"
    /// Footnote 4: `dirty` and `pickup`, never `clean`.
    case dirtyOrPickup = "dirty_or_pickup"
    /// Footnote 5: `dirty`, when leaving a room.
    case dirtyWhenLeaving = "dirty_when_leaving"
    /// Footnote 6: arrival, departure, VIP and instructions; no price, no contact data.
    case withoutPriceAndContact = "without_price_and_contact"
    /// Footnote 7: the own stay, where self-service is enabled.
    case selfService = "self_service"
    /// The name and nothing else.
    case nameOnly = "name_only"
    /// Setting and clearing rush.
    case rushOnly = "rush_only"
    /// Footnote 8: creating `touch_up`, claiming from the pool.
    case touchUpOrClaim = "touch_up_or_claim"
    /// Footnote 9: tickets that the own department reported.
    case reportedByOwnDepartment = "reported_by_own_department"
    /// Records of finance.
    case financeOnly = "finance_only"
}
