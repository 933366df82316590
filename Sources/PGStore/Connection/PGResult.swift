internal import CPQ

/// Owns one `PGresult` and frees it once.
struct PGResult: ~Copyable {
    private let raw: OpaquePointer

    init?(taking raw: OpaquePointer?) {
        guard let raw else { return nil }
        self.raw = raw
    }

    deinit { PQclear(self.raw) }

    var status: ExecStatusType { PQresultStatus(self.raw) }

    /// A field of an error, by its letter in the protocol.
    func field(_ letter: Unicode.Scalar) -> String? {
        PQresultErrorField(self.raw, CInt(UInt8(ascii: letter))).map { String(cString: $0) }
    }

    /// Copies everything out.
    func rows() -> PGRows {
        let (rowCount, columnCount) = (PQntuples(self.raw), PQnfields(self.raw))
        let columns = (0..<columnCount).map { column in
            PGColumn(
                name: PQfname(self.raw, column).map { String(cString: $0) } ?? "",
                // What was asked for without parameters comes as text, whatever it is.
                type: PQfformat(self.raw, column) == 0 ? .text : PGType(PQftype(self.raw, column)))
        }
        var bytes: [UInt8] = []
        var cells: [PGExtent] = []
        cells.reserveCapacity(Int(rowCount) * Int(columnCount))
        for row in 0..<rowCount {
            for column in 0..<columnCount {
                guard PQgetisnull(self.raw, row, column) == 0 else {
                    cells.append(.null)
                    continue
                }
                let length = Int(PQgetlength(self.raw, row, column))
                cells.append(PGExtent(start: bytes.count, length: length))
                // Safety: the value has that many bytes and lives as long as the result, which is longer than this call.
                bytes.append(
                    contentsOf: UnsafeRawBufferPointer(start: PQgetvalue(self.raw, row, column), count: length))
            }
        }
        let table = PGRows.Table(columns: columns, bytes: bytes, cells: cells)
        let affected = Int(String(cString: PQcmdTuples(self.raw))) ?? 0
        let command = String(cString: PQcmdStatus(self.raw))
        return PGRows(table, count: Int(rowCount), affected: affected, command: command)
    }
}
