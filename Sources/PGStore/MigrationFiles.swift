/// The numbered files of `Migrations/`, as they are built into the program, in their order.
///
/// A file that is added there gets a line here: a test compares both. (SwiftPM gives each file a constant named after it, with
/// `_` for the first digit, and no way to list them.)
package let migrationFiles: [(file: StaticString, bytes: [UInt8])] = []

/// The table in which a database remembers what was done to it.
package let ledgerFile = PackageResources.ledger_sql
