/// The errors of `domain.md` 9, as they are written there.
let refusalTable = #"""
    | validation_failed | 422 |
    | unauthenticated / token_expired | 401 |
    | forbidden | 403 |
    | tenant_suspended, tenant_pending, user_suspended | 403 |
    | not_found | 404 |
    | transition_not_allowed | 409 |
    | already_claimed | 409 |
    | version_conflict | 409 |
    | superseded | 200 |
    | duplicate | 200 |
    | room_not_ready | 409 |
    | room_occupied | 409 |
    | room_assigned_for_arrival | 409 |
    | overlapping_reservation | 409 |
    | balance_due | 409 |
    | business_date_closed | 409 |
    | roll_in_progress | 409/503 |
    | checklist_incomplete | 422 |
    | one_task_at_a_time | 409 |
    | not_on_shift | 409 |
    | room_flag_requires_occupied | 409 |
    | self_inspection | 403 |
    | amount_mismatch, currency_mismatch, already_paid, invoice_not_issued | 409 |
    | voucher_invalid, voucher_used, voucher_expired, device_limit | 409 |
    | pms_unavailable | 202 + warning |
    | offline_too_old | 409 |
    | rate_limited | 429 + Retry-After |
    | payload_too_large | 413 |
    """#
