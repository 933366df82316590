package import Shared

extension PGQuery {
    /// Tells a transaction for which tenant it is: without it, row-level security shows it nothing. Belongs into the preamble.
    ///
    /// - Parameter tenant: `nil` for the platform.
    package static func tenant(_ tenant: TenantID?) -> PGQuery {
        PGQuery("SELECT set_config('bellhop.tenant', $1, true)", .text((tenant ?? TenantID(raw: 0)).description))
    }
}
