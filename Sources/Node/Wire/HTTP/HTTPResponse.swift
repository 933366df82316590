/// One answer: a status, fields that are ready to be sent, and a body that copies share.
///
/// `HTTPResponseWriter` adds `Date`, `Connection`, `Content-Length` and the security fields; nobody adds `Server`.
package struct HTTPResponse: Sendable {
    package var status: HTTPStatus
    package var body: [UInt8]
    /// Which security fields are sent along.
    package var kind: HTTPContentKind
    /// Whether the connection is closed after this answer, whatever the request asked for.
    package var closes: Bool
    /// Whole lines, each with its CR LF.
    private(set) var fieldLines: [UInt8] = []

    /// An answer without a body, or with one whose type is set by `setField`.
    package init(
        status: HTTPStatus, body: [UInt8] = [], kind: HTTPContentKind = .data, closes: Bool = false
    ) {
        self.status = status
        self.body = body
        self.kind = kind
        self.closes = closes
    }

    /// An answer with a typed body.
    package init(
        status: HTTPStatus, contentType: StaticString, body: [UInt8], kind: HTTPContentKind = .data,
        closes: Bool = false
    ) {
        self.init(status: status, body: body, kind: kind, closes: closes)
        self.setField("Content-Type", contentType)
    }

    /// A failure as an error object with the members that all of them have (`domain.md` 9). What is refused here is not yet a
    /// request that has an id. `problem` is a fixed text without quotes, never the peer's.
    package init(status: HTTPStatus, problem: StaticString, closes: Bool = false) {
        let code = String(describing: status.reason).lowercased().split(separator: " ").joined(separator: "_")
        let text =
            #"{"error":{"code":"\#(code)","message_key":"http.\#(code)","params":{"detail":"\#(problem)"},"#
            + #""field_errors":[],"current":null,"request_id":""}}"#
        self.init(status: status, contentType: "application/json", body: [UInt8](text.utf8), closes: closes)
        self.setField("Cache-Control", "no-store")
    }

    /// Adds a field whose value we wrote ourselves.
    package mutating func setField(_ name: StaticString, _ value: StaticString) {
        self.setField(name, UnsafeRawBufferPointer(start: value.utf8Start, count: value.utf8CodeUnitCount))
    }

    /// Adds a field.
    ///
    /// A control character in `value` would let whoever chose it write fields or a whole answer of their own. It is a
    /// mistake of ours that traps in debug builds; in release builds such bytes are left out.
    package mutating func setField(_ name: StaticString, _ value: String) {
        var value = value
        value.withUTF8 { self.setField(name, UnsafeRawBufferPointer($0)) }
    }

    private mutating func setField(_ name: StaticString, _ value: UnsafeRawBufferPointer) {
        self.fieldLines.append(contentsOf: UnsafeBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount))
        self.fieldLines.append(UInt8(ascii: ":"))
        self.fieldLines.append(.space)
        let sanitized = HTTPResponse.sanitized(value)
        assert(sanitized.count == value.count, "a control character in a field value")
        self.fieldLines.append(contentsOf: sanitized)
        self.fieldLines.append(.carriageReturn)
        self.fieldLines.append(.lineFeed)
    }

    /// The value without the bytes that RFC 9110 5.5 forbids in one.
    static func sanitized(_ value: UnsafeRawBufferPointer) -> [UInt8] {
        value.filter { $0 >= .space && $0 != 0x7F || $0 == .tab }
    }
}
