internal import Crypto
internal import Migrations

/// One numbered step from one schema to the next, run as a whole or not at all.
package struct Migration: Equatable, Sendable {
    package let version: Int
    package let name: String
    let sql: [UInt8]

    /// Takes a file called `NNNN_name.sql`; any other name is `nil`.
    package init?(file: String, sql: [UInt8]) {
        let parts = file.split(separator: "_", maxSplits: 1)
        guard parts.count == 2, parts[0].count == 4, parts[0].allSatisfy({ $0.isASCII && $0.isNumber }),
            let version = Int(parts[0]), version > 0, parts[1].hasSuffix(".sql"), parts[1].count > 4, !sql.contains(0)
        else { return nil }
        self.version = version
        self.name = String(parts[1].dropLast(4))
        self.sql = sql
    }

    /// The file's name.
    package var file: String {
        let digits = String(self.version)
        return String(repeating: "0", count: max(0, 4 - digits.count)) + digits + "_\(self.name).sql"
    }

    /// SHA-256 of the text.
    var checksum: [UInt8] {
        let digest = self.sql.withUnsafeBytes { SHA256.hash($0) }
        return digest.indices.map { digest[$0] }
    }

    /// Those that this program brings, in order.
    package static func embedded() throws(MigrationError) -> [Migration] {
        var migrations: [Migration] = []
        for (file, bytes) in migrationFiles {
            guard let migration = Migration(file: file.description, sql: bytes) else {
                throw .badName(file: file.description)
            }
            migrations.append(migration)
        }
        return migrations
    }
}

/// Why a database was not migrated. Each says what was done: nothing, or all steps before the one that is named.
package enum MigrationError: Error, Equatable, Sendable, CustomStringConvertible {
    /// Not a name of a migration, or not in order behind the one before: a fault of the program.
    case badName(file: String)
    /// No session, or it was lost.
    case unreachable(String)
    /// The database has seen a version that this program does not know: an older program must not touch it.
    case newerSchema(version: Int)
    /// What was done to the database is not what the program would do: the file was changed afterwards.
    case changed(file: String)
    /// A step lies before one that was done already.
    case outOfOrder(file: String, done: Int)
    /// A statement of the file was refused; nothing of the file stays.
    case failed(file: String, line: Int?, column: Int?, code: String, message: String)
    /// The file ended the transaction around it; part of it may stay.
    case endedTransaction(file: String)
    /// Another runner held the lock for too long.
    case locked

    package var description: String {
        switch self {
        case .badName(let file): "\(file): no migration can be called so, or it is out of order"
        case .unreachable(let message): "the database cannot be used: \(message)"
        case .newerSchema(let version): "the database has version \(version), which is newer than this program"
        case .changed(let file): "\(file): the database was migrated with another text of this file"
        case .outOfOrder(let file, let done): "\(file): cannot be run after version \(done)"
        case .failed(let file, let line, let column, let code, let message):
            "\(file)\(line.map { ":\($0)" } ?? "")\(column.map { ":\($0)" } ?? ""): \(message) (\(code))"
        case .endedTransaction(let file): "\(file): must not end the transaction that it runs in"
        case .locked: "another program has been migrating this database for too long"
        }
    }
}
