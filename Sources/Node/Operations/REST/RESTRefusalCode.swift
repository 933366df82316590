package import Wire

/// Why a request is refused, as its sender sees it (`domain.md` 9), and the one table from code to status.
///
/// `superseded` and `duplicate` are no refusals: they are outcomes of a write, see `RESTOutcome`.
package enum RESTRefusalCode: String, CaseIterable, Sendable {
    // What is wrong with the request itself
    case malformedRequest = "malformed_request"
    case malformedJSON = "malformed_json"
    case methodNotAllowed = "method_not_allowed"
    case methodNotImplemented = "method_not_implemented"
    case unsupportedMediaType = "unsupported_media_type"
    case payloadTooLarge = "payload_too_large"
    case validationFailed = "validation_failed"
    /// The same `Idempotency-Key` came with another request before.
    case operationMismatch = "operation_mismatch"

    // Who asks
    case unauthenticated
    case tokenExpired = "token_expired"
    case forbidden
    case tenantSuspended = "tenant_suspended"
    case tenantPending = "tenant_pending"
    case userSuspended = "user_suspended"
    case selfInspection = "self_inspection"
    case rateLimited = "rate_limited"

    // What the hotel says
    case notFound = "not_found"
    case transitionNotAllowed = "transition_not_allowed"
    case alreadyClaimed = "already_claimed"
    case versionConflict = "version_conflict"
    case roomNotReady = "room_not_ready"
    case roomOccupied = "room_occupied"
    case roomAssignedForArrival = "room_assigned_for_arrival"
    case overlappingReservation = "overlapping_reservation"
    case balanceDue = "balance_due"
    case businessDateClosed = "business_date_closed"
    case rollInProgress = "roll_in_progress"
    case checklistIncomplete = "checklist_incomplete"
    case oneTaskAtATime = "one_task_at_a_time"
    case notOnShift = "not_on_shift"
    case roomFlagRequiresOccupied = "room_flag_requires_occupied"
    case amountMismatch = "amount_mismatch"
    case currencyMismatch = "currency_mismatch"
    case alreadyPaid = "already_paid"
    case invoiceNotIssued = "invoice_not_issued"
    case voucherInvalid = "voucher_invalid"
    case voucherUsed = "voucher_used"
    case voucherExpired = "voucher_expired"
    case deviceLimit = "device_limit"
    case offlineTooOld = "offline_too_old"

    // What is wrong on our side
    /// The node has more to do than it can; nothing was begun.
    case overloaded
    /// A store cannot be reached; nothing was changed.
    case unavailable
    /// It is not known whether it was done: asking again with the same `Idempotency-Key` tells.
    case outcomeUnknown = "outcome_unknown"
    /// No answer in time; for a write the outcome is unknown too.
    case deadlineExceeded = "deadline_exceeded"
    case internalError = "internal_error"

    /// The status that goes with it.
    package var status: HTTPStatus {
        switch self {
        case .malformedRequest, .malformedJSON: .badRequest
        case .methodNotAllowed: .methodNotAllowed
        case .methodNotImplemented: .notImplemented
        case .unsupportedMediaType: .unsupportedMediaType
        case .payloadTooLarge: .contentTooLarge
        case .validationFailed, .operationMismatch, .checklistIncomplete: .unprocessableContent
        case .unauthenticated, .tokenExpired: .unauthorized
        case .forbidden, .tenantSuspended, .tenantPending, .userSuspended, .selfInspection: .forbidden
        case .rateLimited: .tooManyRequests
        case .notFound: .notFound
        case .transitionNotAllowed, .alreadyClaimed, .versionConflict, .roomNotReady, .roomOccupied,
            .roomAssignedForArrival, .overlappingReservation, .balanceDue, .businessDateClosed, .rollInProgress,
            .oneTaskAtATime, .notOnShift, .roomFlagRequiresOccupied, .amountMismatch, .currencyMismatch, .alreadyPaid,
            .invoiceNotIssued, .voucherInvalid, .voucherUsed, .voucherExpired, .deviceLimit, .offlineTooOld:
            .conflict
        case .overloaded, .unavailable, .outcomeUnknown: .serviceUnavailable
        case .deadlineExceeded: .gatewayTimeout
        case .internalError: .internalServerError
        }
    }

    /// Whether trying again later is all that is needed; then the answer says when.
    var isTemporary: Bool { self.status == .tooManyRequests || self.status == .serviceUnavailable }
}
