internal import Hotel
internal import Shared

/// The columns of a row, one after the other, as the words of the hotel.
///
/// The schema checks what it holds, so a word that is not known here is one of a newer version: an error, never a guess.
struct RowCells {
    private let row: PGRow
    private var column = 0

    init(_ row: PGRow) { self.row = row }

    mutating func next<Value: PGDecodable>(_ type: Value.Type) throws(StoreError) -> Value {
        defer { self.column += 1 }
        return try self.row.read(self.column, as: type)
    }

    /// A text with the rules of its kind.
    mutating func field<Field: FieldText>(_ type: Field.Type) throws(StoreError) -> Field {
        let text = try self.next(String.self)
        guard let field = Field(text) else { throw self.unknown() }
        return field
    }

    mutating func optionalField<Field: FieldText>(_ type: Field.Type) throws(StoreError) -> Field? {
        guard let text = try self.next(String?.self) else { return nil }
        guard let field = Field(text) else { throw self.unknown() }
        return field
    }

    /// One of a closed set of words.
    mutating func word<Word: RawRepresentable<String>>(_ type: Word.Type) throws(StoreError) -> Word {
        let text = try self.next(String.self)
        guard let word = Word(rawValue: text) else { throw self.unknown() }
        return word
    }

    mutating func json() throws(StoreError) -> JSONValue {
        let text = try self.next([UInt8].self)
        guard let json = try? JSONValue(parsing: text) else { throw self.unknown() }
        return json
    }

    mutating func object() throws(StoreError) -> JSONObject {
        guard case .object(let object) = try self.json() else { throw self.unknown() }
        return object
    }

    private func unknown() -> StoreError {
        .refused(code: "22P03", message: "column \(self.column - 1) holds what this version does not know")
    }
}
