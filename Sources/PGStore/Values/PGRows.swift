package import Shared

/// What one statement gave: its rows, and how many it changed. A plain value, copied out of the library's memory.
package struct PGRows: RandomAccessCollection, Sendable {
    /// Shared by the rows, so that each of them is one reference.
    final class Table: Sendable {
        let columns: [PGColumn]
        let bytes: [UInt8]
        /// By row, then by column: where the value is; empty and below zero for NULL.
        let cells: [PGExtent]

        init(columns: [PGColumn], bytes: [UInt8], cells: [PGExtent]) {
            self.columns = columns
            self.bytes = bytes
            self.cells = cells
        }
    }

    private let table: Table
    /// How many rows were selected, inserted, updated or deleted.
    package let affected: Int
    /// The server's word for what was done, such as `UPDATE 3`.
    let command: String
    package let count: Int

    init(_ table: Table, count: Int, affected: Int, command: String) {
        self.table = table
        self.count = count
        self.affected = affected
        self.command = command
    }

    package var startIndex: Int { 0 }
    package var endIndex: Int { self.count }
    package subscript(position: Int) -> PGRow {
        precondition(self.indices.contains(position), "no such row")
        return PGRow(table: self.table, number: position)
    }

    /// The names of the columns.
    package var columnNames: [String] { self.table.columns.map(\.name) }
}

struct PGColumn: Sendable {
    let name: String
    let type: PGType
}

struct PGExtent: Sendable {
    let start: Int
    let length: Int

    static let null = PGExtent(start: 0, length: -1)
}

/// One row. What cannot be read as asked is an error, never a trap.
package struct PGRow: Sendable {
    fileprivate let table: PGRows.Table
    fileprivate let number: Int

    fileprivate init(table: PGRows.Table, number: Int) {
        self.table = table
        self.number = number
    }

    package var columnCount: Int { self.table.columns.count }

    /// The value of a column, counted from zero.
    package func read<Value: PGDecodable>(_ column: Int, as type: Value.Type = Value.self) throws(StoreError) -> Value {
        do throws(PGDecodingError) {
            return try self.decode(column, as: type)
        } catch {
            throw self.failure(error, column)
        }
    }

    /// The value of the first column of that name.
    package func read<Value: PGDecodable>(
        _ name: String, as type: Value.Type = Value.self
    ) throws(StoreError) -> Value {
        guard let column = self.table.columns.firstIndex(where: { $0.name == name }) else {
            throw .refused(code: Self.code, message: "the result has no column \(name)")
        }
        return try self.read(column, as: type)
    }

    /// The first columns, each as one of the types: `let (id, name) = try row.read(EventID.self, String.self)`.
    package func read<each Value: PGDecodable>(
        _ types: repeat (each Value).Type
    ) throws(StoreError) -> (repeat each Value) {
        var column = 0
        return (repeat try self.next(&column, each types))
    }

    private func next<Value: PGDecodable>(_ column: inout Int, _ type: Value.Type) throws(StoreError) -> Value {
        defer { column += 1 }
        return try self.read(column, as: type)
    }

    func decode<Value: PGDecodable>(_ column: Int, as _: Value.Type) throws(PGDecodingError) -> Value {
        let columns = self.table.columns
        guard columns.indices.contains(column) else { throw .noSuchColumn }
        let extent = self.table.cells[self.number * columns.count + column]
        let bytes = extent.length < 0 ? nil : self.table.bytes[extent.start..<extent.start + extent.length]
        return try Value(PGCell(type: columns[column].type, bytes: bytes))
    }

    /// `invalid_binary_representation`, which the server says of a parameter that it cannot read.
    private static let code = "22P03"

    private func failure(_ error: PGDecodingError, _ column: Int) -> StoreError {
        let name = self.table.columns.indices.contains(column) ? " (\(self.table.columns[column].name))" : ""
        return .refused(code: Self.code, message: "column \(column)\(name): \(error)")
    }
}
