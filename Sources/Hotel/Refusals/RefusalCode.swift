/// Why something was not done as asked (`domain.md` 9), and the one table from code to status. The raw value is what clients see.
package enum RefusalCode: String, CaseIterable, Sendable {
    // What is wrong with the request itself
    case malformedRequest = "malformed_request"
    case malformedJSON = "malformed_json"
    case methodNotAllowed = "method_not_allowed"
    case methodNotImplemented = "method_not_implemented"
    case unsupportedMediaType = "unsupported_media_type"
    /// The same `Idempotency-Key` came with another request before.
    case operationMismatch = "operation_mismatch"

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

    // What the hotel says
    case validationFailed = "validation_failed"
    case unauthenticated
    case tokenExpired = "token_expired"
    case forbidden
    case tenantSuspended = "tenant_suspended"
    case tenantPending = "tenant_pending"
    case userSuspended = "user_suspended"
    case notFound = "not_found"
    case transitionNotAllowed = "transition_not_allowed"
    case alreadyClaimed = "already_claimed"
    case versionConflict = "version_conflict"
    case superseded
    case duplicate
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
    case selfInspection = "self_inspection"
    case amountMismatch = "amount_mismatch"
    case currencyMismatch = "currency_mismatch"
    case alreadyPaid = "already_paid"
    case invoiceNotIssued = "invoice_not_issued"
    case voucherInvalid = "voucher_invalid"
    case voucherUsed = "voucher_used"
    case voucherExpired = "voucher_expired"
    case deviceLimit = "device_limit"
    case pmsUnavailable = "pms_unavailable"
    case offlineTooOld = "offline_too_old"
    case rateLimited = "rate_limited"
    case payloadTooLarge = "payload_too_large"

    /// The HTTP status beside it.
    package var status: Int {
        switch self {
        case .superseded, .duplicate: 200
        case .pmsUnavailable: 202
        case .malformedRequest, .malformedJSON: 400
        case .unauthenticated, .tokenExpired: 401
        case .forbidden, .tenantSuspended, .tenantPending, .userSuspended, .selfInspection: 403
        case .notFound: 404
        case .methodNotAllowed: 405
        case .transitionNotAllowed, .alreadyClaimed, .versionConflict, .roomNotReady, .roomOccupied,
            .roomAssignedForArrival, .overlappingReservation, .balanceDue, .businessDateClosed, .rollInProgress,
            .oneTaskAtATime, .notOnShift, .roomFlagRequiresOccupied, .amountMismatch, .currencyMismatch, .alreadyPaid,
            .invoiceNotIssued, .voucherInvalid, .voucherUsed, .voucherExpired, .deviceLimit, .offlineTooOld:
            409
        case .payloadTooLarge: 413
        case .unsupportedMediaType: 415
        case .validationFailed, .operationMismatch, .checklistIncomplete: 422
        case .rateLimited: 429
        case .internalError: 500
        case .methodNotImplemented: 501
        case .overloaded, .unavailable, .outcomeUnknown: 503
        case .deadlineExceeded: 504
        }
    }

    /// Under which key clients find the words for it in their language.
    package var messageKey: String { "error.\(self.rawValue)" }

    /// An answer that says what became of a request that was not wrong: no error.
    package var isOutcome: Bool { self.status < 300 }

    /// Whether trying again later is all that is needed; then the answer says when.
    package var isTemporary: Bool { self.status == 429 || self.status == 503 }
}
