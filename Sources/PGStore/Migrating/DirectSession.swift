internal import CPQ
package import Shared

/// A session that is waited for, over libpq's blocking calls: for commands and own threads, never on a loop or in a task.
package final class DirectSession {
    private let raw: OpaquePointer

    /// A session, or what libpq says is wrong.
    package init(_ address: DatabaseAddress) throws(DirectError) {
        let uri = String(decoding: address.uri.bytes, as: UTF8.self)
        guard let raw = PQconnectdb(uri) else { throw .lost("out of memory") }
        self.raw = raw
        guard PQstatus(raw) == CONNECTION_OK, PQsetClientEncoding(raw, "UTF8") == 0 else {
            // What was made is given back by `deinit`.
            throw .lost(Self.message(raw))
        }
        PQsetNoticeReceiver(raw, { _, _ in }, nil)
    }

    deinit { PQfinish(self.raw) }

    /// Runs a script of any number of statements and gives the rows of the last, all columns as
    /// text. For text of our own files only.
    @discardableResult
    package func run(script: String) throws(DirectError) -> PGRows {
        try self.take(PQexec(self.raw, script))
    }

    /// Runs one statement.
    @discardableResult
    func run(_ query: PGQuery) throws(DirectError) -> PGRows {
        let types = query.values.map(\.type.oid)
        let lengths = query.values.map { CInt($0.bytes?.count ?? 0) }
        let formats: [CInt] = query.values.map { $0.isText ? 0 : 1 }
        let copies = query.values.map { value in
            value.bytes.map { bytes in
                let copy = UnsafeMutableBufferPointer<CChar>.allocate(capacity: bytes.count + 1)
                for (index, byte) in bytes.enumerated() { copy[index] = CChar(bitPattern: byte) }
                copy[bytes.count] = 0
                return copy
            }
        }
        defer { for copy in copies { copy?.deallocate() } }
        let values = copies.map { UnsafePointer($0?.baseAddress) }
        // Safety: the copies live until the call, which waits for the answer, has returned.
        return try self.take(
            PQexecParams(
                self.raw, query.statement.pointer, CInt(values.count), types, values, lengths, formats, 1))
    }

    var isInTransaction: Bool { PQtransactionStatus(self.raw) == PQTRANS_INTRANS }

    private func take(_ pointer: OpaquePointer?) throws(DirectError) -> PGRows {
        guard let result = PGResult(taking: pointer) else { throw .lost(Self.message(self.raw)) }
        switch result.status {
        case PGRES_COMMAND_OK, PGRES_TUPLES_OK, PGRES_EMPTY_QUERY: return result.rows()
        default:
            guard PQstatus(self.raw) == CONNECTION_OK, result.status == PGRES_FATAL_ERROR else {
                throw .lost(Self.message(self.raw))
            }
            throw .refused(PGServerFault(PGServerError(result)))
        }
    }

    private static func message(_ raw: OpaquePointer) -> String {
        let text = PQerrorMessage(raw).map { String(cString: $0) } ?? ""
        return text.split(whereSeparator: \.isNewline).joined(separator: "; ")
    }
}

/// Why a session that is waited for did not do what it was asked.
package enum DirectError: Error, Equatable, Sendable {
    case lost(String)
    case refused(PGServerFault)
}

/// What the server said of a statement, as far as others than this target need it.
package struct PGServerFault: Equatable, Sendable {
    /// SQLSTATE.
    package let code: String
    package let message: String
    let error: PGServerError

    init(_ error: PGServerError) {
        self.code = error.code
        self.message = error.message
        self.error = error
    }
}
