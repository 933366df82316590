/// Writes compact JSON to the end of a byte array.
///
/// What it writes is valid if objects and arrays are closed and every member has a name and one value; a debug build
/// traps where that is broken.
package struct JSONWriter: ~Copyable {
    /// Everything written so far, after what was there before.
    private(set) var bytes: [UInt8]
    private var needsComma = false
    /// An event's size: growing there from nothing would copy it several times.
    private static let firstCapacity = 500
    private var grammar = JSONWriterGrammar()

    /// - Parameter bytes: what to append to; hand over an emptied buffer to use its memory again.
    package init(appendingTo bytes: consuming [UInt8] = []) {
        self.bytes = bytes
        if self.bytes.capacity == 0 { self.bytes.reserveCapacity(Self.firstCapacity) }
    }

    /// The finished text.
    package consuming func finish() -> [UInt8] {
        assert(self.grammar.isFinished, "a JSON text is one value and everything in it is closed")
        return self.bytes
    }

    /// What `body` writes, as one text.
    package static func text(_ body: (inout JSONWriter) throws -> Void) rethrows -> [UInt8] {
        var writer = JSONWriter()
        try body(&writer)
        return writer.finish()
    }

    /// `{`, the members that `body` writes, `}`.
    package mutating func object(_ body: (inout JSONWriter) throws -> Void) rethrows {
        self.beginObject()
        try body(&self)
        self.endObject()
    }

    /// `[`, the values that `body` writes, `]`.
    package mutating func array(_ body: (inout JSONWriter) throws -> Void) rethrows {
        self.beginArray()
        try body(&self)
        self.endArray()
    }

    package mutating func beginObject() {
        assert(self.grammar.begins(.object), "a value cannot stand here")
        self.begin(UInt8(ascii: "{"))
    }

    package mutating func endObject() {
        assert(self.grammar.ends(.object), "no object can end here")
        self.end(UInt8(ascii: "}"))
    }

    package mutating func beginArray() {
        assert(self.grammar.begins(.array), "a value cannot stand here")
        self.begin(UInt8(ascii: "["))
    }

    package mutating func endArray() {
        assert(self.grammar.ends(.array), "no array can end here")
        self.end(UInt8(ascii: "]"))
    }

    /// A member's name that needs no escapes; its value comes next. That no name comes twice is the caller's part.
    package mutating func name(_ name: StaticString) {
        assert(self.grammar.names(), "a name cannot stand here")
        // Safety: a static string is valid for its count, for ever.
        let text = UnsafeRawBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount)
        assert(JSONText.isPlain(text), "a name with special characters goes through name(text:)")
        if self.needsComma { self.bytes.append(UInt8(ascii: ",")) }
        self.bytes.append(UInt8(ascii: "\""))
        self.bytes.append(contentsOf: text)
        self.bytes.append(UInt8(ascii: "\""))
        self.bytes.append(UInt8(ascii: ":"))
        self.needsComma = false
    }

    /// A member's name that is not known beforehand; its value comes next.
    package mutating func name(text: String) {
        assert(self.grammar.names(), "a name cannot stand here")
        if self.needsComma { self.bytes.append(UInt8(ascii: ",")) }
        JSONText.append(text, to: &self.bytes)
        self.bytes.append(UInt8(ascii: ":"))
        self.needsComma = false
    }

    package mutating func string(_ text: String) {
        self.beginValue()
        JSONText.append(text, to: &self.bytes)
    }

    package mutating func int(_ integer: Int) { self.int(Int64(integer)) }

    package mutating func int(_ integer: Int64) {
        self.beginValue()
        if integer < 0 { self.bytes.append(UInt8(ascii: "-")) }
        JSONText.append(integer.magnitude, to: &self.bytes)
    }

    package mutating func int(_ integer: UInt64) {
        self.beginValue()
        JSONText.append(integer, to: &self.bytes)
    }

    /// The shortest text that reads back as the same value.
    ///
    /// - Parameter double: must be finite: JSON has no word for the others; a release build writes `null` for them.
    package mutating func double(_ double: Double) {
        assert(double.isFinite, "JSON has no infinite numbers")
        guard double.isFinite else { return self.null() }
        self.beginValue()
        self.bytes.append(contentsOf: double.description.utf8)
    }

    package mutating func number(_ number: JSONNumber) {
        self.beginValue()
        self.bytes.append(contentsOf: number.text.utf8)
    }

    package mutating func bool(_ value: Bool) {
        self.beginValue()
        self.append(value ? "true" : "false")
    }

    package mutating func null() {
        self.beginValue()
        self.append("null")
    }

    /// A value that is JSON already: a slice of a `JSONReader`, or what another writer finished. It is not checked.
    package mutating func raw(_ json: UnsafeRawBufferPointer) {
        assert(json.count > 0, "nothing is not JSON")
        self.beginValue()
        self.bytes.append(contentsOf: json)
    }

    /// A value that is JSON already. It is not checked.
    package mutating func raw(_ json: [UInt8]) {
        assert(!json.isEmpty, "nothing is not JSON")
        self.beginValue()
        self.bytes.append(contentsOf: json)
    }

    private mutating func begin(_ byte: UInt8) {
        if self.needsComma { self.bytes.append(UInt8(ascii: ",")) }
        self.bytes.append(byte)
        self.needsComma = false
    }

    private mutating func end(_ byte: UInt8) {
        self.bytes.append(byte)
        self.needsComma = true
    }

    /// Before a value that is neither object nor array.
    private mutating func beginValue() {
        assert(self.grammar.holdsValue(), "a value cannot stand here")
        if self.needsComma { self.bytes.append(UInt8(ascii: ",")) }
        self.needsComma = true
    }

    private mutating func append(_ word: StaticString) {
        // Safety: a static string is valid for its count, for ever.
        self.bytes.append(contentsOf: UnsafeBufferPointer(start: word.utf8Start, count: word.utf8CodeUnitCount))
    }
}
