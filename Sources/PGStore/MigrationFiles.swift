/// The numbered files of `Migrations/`, as they are built into the program, in their order.
///
/// A file that is added there gets a line here: a test compares both. (SwiftPM gives each file a constant named after it, with
/// `_` for the first digit, and no way to list them.)
package let migrationFiles: [(file: StaticString, bytes: [UInt8])] = [
    ("0001_ground.sql", PackageResources._001_ground_sql),
    ("0002_log.sql", PackageResources._002_log_sql),
    ("0003_audit.sql", PackageResources._003_audit_sql),
    ("0004_operations.sql", PackageResources._004_operations_sql),
    ("0005_append.sql", PackageResources._005_append_sql),
    ("0006_organisation.sql", PackageResources._006_organisation_sql),
    ("0007_people.sql", PackageResources._007_people_sql),
    ("0008_sign_in.sql", PackageResources._008_sign_in_sql),
    ("0009_rooms.sql", PackageResources._009_rooms_sql),
    ("0010_timers.sql", PackageResources._010_timers_sql),
    ("0011_webhooks.sql", PackageResources._011_webhooks_sql),
]

/// The table in which a database remembers what was done to it.
package let ledgerFile = PackageResources.ledger_sql
