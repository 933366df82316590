internal import Migrations
package import Shared

/// Whether a database's schema is the one that this program was built for.
package enum SchemaFit: Equatable, Sendable {
    case fits
    /// These files have not been run.
    case older(missing: [String])
    /// Somebody with a newer program has migrated it.
    case newer(version: Int)
    /// It was migrated with another text of this file.
    case changed(file: String)
}

extension PGDatabase {
    /// Looks whether the schema fits; any role may.
    ///
    /// - Parameter deadline: for each of its two questions; else as the options say.
    package func schemaFit(
        _ migrations: [Migration], deadline: Duration? = nil
    ) async throws(StoreError) -> SchemaFit {
        let ledger = try await self.read(
            "SELECT to_regclass('public.schema_migrations') IS NOT NULL", deadline: deadline)
        guard try ledger.first?.read(0, as: Bool.self) == true else {
            return migrations.isEmpty ? .fits : .older(missing: migrations.map(\.file))
        }
        var done: [Int: [UInt8]] = [:]
        let steps = try await self.read("SELECT version, checksum FROM public.schema_migrations", deadline: deadline)
        for row in steps {
            let (version, checksum) = try row.read(Int.self, [UInt8].self)
            done[version] = checksum
        }
        let known = Set(migrations.map(\.version))
        if let newer = done.keys.filter({ !known.contains($0) }).max() { return .newer(version: newer) }
        for migration in migrations {
            if let checksum = done[migration.version], checksum != migration.checksum {
                return .changed(file: migration.file)
            }
        }
        let missing = migrations.filter { done[$0.version] == nil }
        return missing.isEmpty ? .fits : .older(missing: missing.map(\.file))
    }
}
