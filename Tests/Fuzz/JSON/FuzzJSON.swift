import Shared

/// Any bytes: both readers agree, what is accepted survives being written, its parts are JSON by themselves, and every
/// cut is judged alike. The first two bytes choose the limits and the cut.
@c(LLVMFuzzerTestOneInput)
public func fuzzOne(_ data: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    guard let data, count >= 2 else { return 0 }
    // Its own allocation, so that a read past the end is noticed.
    let bytes = Array(UnsafeBufferPointer(start: data + 2, count: count - 2))
    let limits = JSONLimits(bytes: 1 << 16, depth: Int(data[0] & 63), numberBytes: 1 + Int(data[0]))
    check(bytes, limits)
    check(Array(bytes.prefix(bytes.count * Int(data[1]) / 256)), limits)
    return 0
}

private func check(_ bytes: [UInt8], _ limits: JSONLimits) {
    let tree = Result { () throws(JSONError) in try JSONValue(parsing: bytes, limits: limits) }
    bytes.withUnsafeBytes { raw in
        let slices = Result { () throws(JSONError) in try JSONReader(raw, limits: limits) }
        switch (tree, slices) {
        case (.success(let value), .success(let reader)):
            checkWritten(value)
            checkParts(of: reader, value)
            checkRule(value)
            precondition(isValidUTF8(raw), "accepted what is not UTF-8")
        case (.failure(let one), .failure(let other)):
            precondition(one == other, "refused for different reasons")
            precondition((0...bytes.count).contains(one.offset), "the error lies outside")
        case (.success, .failure), (.failure, .success):
            preconditionFailure("the readers disagree")
        }
    }
    checkUTF8(bytes)
}

/// Writing and reading again gives the same, also within the tightest limits that the value had.
private func checkWritten(_ value: JSONValue) {
    let written = value.serialized
    let again = try? JSONValue(parsing: written, limits: JSONLimits(bytes: .max, depth: 64, numberBytes: 256))
    precondition(again == value, "what was written reads back differently")
    precondition(again?.serialized == written, "the same value is written differently")
}

/// The slices hold what the tree holds.
private func checkParts(of reader: JSONReader, _ value: JSONValue) {
    switch value {
    case .object(let object):
        precondition(object.members.count == reader.members.count && reader.elements.isEmpty)
        for (member, slices) in zip(object.members, reader.members) {
            precondition(reader.text(of: slices.name).map { Array($0.utf8) } == Array(member.name.utf8))
            precondition((try? reader.value(slices.value)) == member.value)
            precondition(object[member.name] == member.value, "a name leads to another value")
        }
    case .array(let elements):
        precondition(elements.count == reader.elements.count && reader.members.isEmpty)
        for (element, slice) in zip(elements, reader.elements) {
            precondition((try? reader.value(slice)) == element)
        }
    case .number(let number):
        checkNumber(number)
        precondition(reader.number(reader.root) == number)
    case .string(let text):
        precondition(reader.text(of: reader.root).map { Array($0.utf8) } == Array(text.utf8))
    case .bool(let bool):
        precondition(reader.bool(reader.root) == bool)
    case .null:
        precondition(reader.root.kind == .null)
    }
}

/// Every conversion that succeeds denotes the same number.
private func checkNumber(_ number: JSONNumber) {
    precondition(JSONNumber(number.text) == number, "the text of a number is no number")
    if let integer = number.int64 {
        precondition(number.isInteger && JSONNumber(integer).int64 == integer)
        precondition(number.decimal(integerDigits: 19, fractionDigits: 0) == String(integer))
    }
    if let integer = number.uint64 {
        precondition(number.isInteger && number.decimal(integerDigits: 20, fractionDigits: 0) == String(integer))
    }
    if let double = number.double {
        precondition(double == number.nearestDouble, "the exact value is not the nearest")
    }
    if let decimal = number.decimal(integerDigits: 400, fractionDigits: 400) {
        precondition(JSONNumber(decimal)?.decimal(integerDigits: 400, fractionDigits: 400) == decimal)
        precondition(JSONNumber(decimal)?.nearestDouble.map { $0 + 0 } == number.nearestDouble.map { $0 + 0 })
    }
}

/// Reads any value as fields; it must end, with a value or errors.
private func checkRule(_ value: JSONValue) {
    do {
        _ = try Anything.decode(value)
    } catch {
        precondition((1...JSONFieldErrors.limit).contains(error.entries.count), "refused without a reason")
    }
}

private struct Anything: JSONDecodable {
    enum Word: String, CaseIterable { case a, b }

    init(fields: inout JSONFields) {
        _ = fields.required("a", .trimmed(1...4))
        _ = fields.optional("b", .array(of: .object(Inner.self), count: 0...8))
        _ = fields.optional("c", .decimal(integerDigits: 3, fractionDigits: 2))
        _ = fields.change("d", .oneOf(Word.self))
        _ = fields.optional("", .double(-1...1))
    }

    struct Inner: JSONDecodable {
        init(fields: inout JSONFields) {
            _ = fields.required("a", .int(-1...1))
            _ = fields.optional("b", .array(of: .int64(.min ... .max), count: 0...8))
        }
    }
}

private func isValidUTF8(_ bytes: UnsafeRawBufferPointer) -> Bool {
    String(validating: bytes, as: UTF8.self) != nil
}

/// The incremental validator agrees with the standard library, however the bytes are cut.
private func checkUTF8(_ bytes: [UInt8]) {
    let expected = String(validating: bytes, as: UTF8.self) != nil
    for size in [1, 3, 33] {
        var validator = UTF8Validator()
        var start = 0
        while start < bytes.count {
            let piece = bytes[start..<min(start + size, bytes.count)]
            _ = piece.withUnsafeBytes { validator.feed($0) }
            start += size
        }
        precondition(validator.isComplete == expected, "UTF-8 judged differently in pieces of \(size)")
    }
}
