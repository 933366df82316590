package import Shared

/// When something was done, as far as it can be believed (`domain.md` 11.2).
package struct EffectiveTime: Equatable, Sendable {
    package let at: Timestamp
    /// The device's clock was not to be believed: the time of receipt stands in, and the audit says so.
    package let isClockUntrusted: Bool

    package init(at: Timestamp, isClockUntrusted: Bool = false) {
        self.at = at
        self.isClockUntrusted = isClockUntrusted
    }

    /// What the writer says about the time.
    package enum Claim: Equatable, Sendable {
        /// Done now.
        case online
        /// Done offline, by the device's clock; `offset` is what must be added to it, where it was measured.
        case offline(deviceTime: Timestamp, offsetMilliseconds: Int64?)
        /// What a PMS wrote, already in UTC.
        case pms(Timestamp)
    }

    /// What a property allows.
    package struct Limits: Equatable, Sendable {
        package var offlineWindowMilliseconds: Int64 = 12 * 3_600_000
        package var skewMilliseconds: Int64 = 300_000

        package init() {}

        package init(offlineWindowHours: Int, skewLimitSeconds: Int) {
            self.offlineWindowMilliseconds = Int64(offlineWindowHours) * 3_600_000
            self.skewMilliseconds = Int64(skewLimitSeconds) * 1_000
        }
    }

    /// The time that counts.
    ///
    /// - Parameter receivedAt: by the database's clock.
    /// - Throws: `offline_too_old` for what was done before the offline window.
    package static func resolve(
        _ claim: Claim, receivedAt: Timestamp, limits: Limits = Limits()
    ) throws(Refusal) -> EffectiveTime {
        switch claim {
        case .online: return EffectiveTime(at: receivedAt)
        case .pms(let time): return EffectiveTime(at: min(time, receivedAt))
        case .offline(let deviceTime, let offset):
            guard let offset, offset.magnitude <= limits.skewMilliseconds.magnitude else {
                return EffectiveTime(at: receivedAt, isClockUntrusted: true)
            }
            // A peer says these numbers: no sum of them may trap.
            let (sum, overflow) = deviceTime.milliseconds.addingReportingOverflow(offset)
            let claimed = overflow ? (offset < 0 ? Int64.min : Int64.max) : sum
            let oldest = receivedAt.milliseconds.subtractingReportingOverflow(limits.offlineWindowMilliseconds)
            guard claimed >= oldest.partialValue else { throw Refusal(.offlineTooOld) }
            return EffectiveTime(at: Timestamp(milliseconds: min(claimed, receivedAt.milliseconds)))
        }
    }
}
