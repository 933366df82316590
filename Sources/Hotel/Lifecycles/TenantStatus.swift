/// Where a tenant is in its life (`domain.md` 4.7).
package enum TenantStatus: String, CaseIterable, Sendable { case pending, active, suspended, closed }

/// Where a user is in theirs.
package enum UserStatus: String, CaseIterable, Sendable { case invited, active, suspended, deleted }
