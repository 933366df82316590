/// The table of `domain.md` 3, as it is written there.
let permissionTable = """
    | permission | SA | PA | PS | OW | GM | FM | FD | HS | RA | MS | MT | DS | ST | AC | AU | RE | IN |
    |---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|
    | tenant.read_all / tenant.create | ● | ● | ◐read | | | | | | | | | | | | | | |
    | tenant.approve, tenant.suspend, tenant.delete | ● | ●¹ | | | | | | | | | | | | | | | |
    | tenant.update | ● | ● | | ● | | | | | | | | | | | | | |
    | platform_user.manage | ● | ◐² | | | | | | | | | | | | | | | |
    | user.invite/update/suspend (tenant) | ● | ● | | ● | ● | ◐ | | ◐ | | ◐ | | ◐ | | | | | |
    | role.manage | ● | | | ● | | | | | | | | | | | | | |
    | property.manage | ● | ● | | ● | ● | | | | | | | | | | | | |
    | property.roll_business_date | | | | ● | ● | ● | | | | | | | | | | | ● |
    | room.read | | | ◐³ | ● | ● | ● | ● | ● | ◐ | ● | ● | ● | ● | ● | ● | | ● |
    | room.configure | | | | ● | ● | | | | | | | | | | | | |
    | room.set_hk_status (clean, dirty, pickup) | | | | ● | ●† | ● | ◐⁴ | ● | ◐ | | ◐⁵ | | | | | | ● |
    | room.inspect (→ inspected) | | | | | ●† | ● | | ● | | | | | | | | | ● |
    | room.set_service_flag | | | | | ● | ● | ● | ● | ● | | | | | | | ◐ | ● |
    | room.report_occupancy (hk side) | | | | | ● | ● | ● | ● | ● | | | | | | | | ● |
    | room.resolve_discrepancy | | | | | ●† | ● | ● | ● | | | | | | | | | |
    | room_block.out_of_service | | | | ● | ●† | ● | | ● | | ● | | | | | | | ● |
    | room_block.out_of_order | | | | ● | ●† | ● | | | | ● | | | | | | | ● |
    | reservation.read | | | ◐³ | ● | ● | ● | ● | ◐⁶ | | | | ◐⁶ | | ● | ● | ◐ | ● |
    | reservation.write, room_assign | | | | ● | ● | ● | ● | | | | | | | | | ◐⁷ | ● |
    | stay.check_in / check_out / move | | | | | ● | ● | ● | | | | | | | | | ◐⁷ | ● |
    | stay.reverse | | | | | ● | ● | | | | | | | | | | | ● |
    | guest.read_personal | | | | ● | ● | ● | ● | ◐ name | ◐ name | ◐ name | ◐ name | ◐ name | ◐ name | ● | | ◐ self | ● |
    | task.create / assign / reprioritise | | | | | ●† | ◐ rush | ◐ rush | ● | ◐⁸ | | | | | | | | |
    | task.execute | | | | | | | | ● | ◐ | | | | | | | | |
    | ticket.create | | | | ● | ● | ● | ● | ● | ● | ● | ● | ● | ● | | | ◐ | ● |
    | ticket.triage / assign / verify | | | | | ●† | ◐⁹ | | ◐⁹ | | ● | | | | | | | |
    | ticket.execute | | | | | | | | | | ● | ◐ | | | | | | |
    | request.create | | | | ● | ● | ● | ● | ● | ● | ● | ● | ● | ● | | | ◐ | ● |
    | request.assign / set_priority / transfer | | | | | ●† | ● | ◐ | ◐ | | ◐ | | ◐ | | | | | |
    | request.execute | | | | | ● | ● | ● | ◐ | ◐ | ◐ | ◐ | ◐ | ◐ | | | | |
    | request.close / reopen | | | | | ●† | ● | ● | ◐ | | ◐ | | ◐ | | | | ◐ reopen | |
    | routing, sla, escalation configure | | | | ● | ● | ◐ | | ◐ | | ◐ | | ◐ | | | | | |
    | kpi.operations | | | | ● | ● | ● | ◐ | ◐ | | ◐ | | ◐ | | ● | ● | | |
    | kpi.revenue, report.generate | | | | ● | ● | ● | | | | | | | | ● | ● | | |
    | invoice.* payment.* | | | | ● | ● | ● | ◐¹⁰ | | | | | | | ● | ◐ read | ◐ own | ● |
    | hotspot.manage | | | | ● | ● | ● | ● | | | | | | | | | ◐ own | ● |
    | announcement.publish (platform) | ● | ● | | | | | | | | | | | | | | | |
    | announcement.publish (tenant, property) | | | | ● | ● | ◐ | | ◐ | | ◐ | | ◐ | | | | | |
    | pms.configure | | | | ● | ● | | | | | | | | | | | | |
    | pms.resolve_drift | | | | ● | ● | ● | | ● | | | | | | | | | |
    | audit.read | ● | ● | | ● | ● | | | | | | | | | ◐ finance | ● | | |
    """
