import Hotel
import Shared
import Testing

@Suite struct RefusalTests {
    @Test func `every code has the status that the specification gives it`() throws {
        var named: Set<RefusalCode> = []
        for line in refusalTable.split(separator: "\n") {
            let cells = line.split(separator: "|").map { $0.split(separator: " ").joined(separator: " ") }
            // "409/503" and "202 + warning" begin with the one that counts.
            let status = try #require(Int(cells[1].prefix(3)))
            for word in cells[0].split(whereSeparator: { " ,/".contains($0) }) {
                let code = try #require(RefusalCode(rawValue: String(word)))
                #expect(code.status == status, "\(word)")
                #expect(code.isOutcome == (status < 300))
                named.insert(code)
            }
        }
        // What the specification leaves to the protocol.
        let ofTransport: [RefusalCode: Int] = [
            .malformedRequest: 400, .malformedJSON: 400, .methodNotAllowed: 405, .methodNotImplemented: 501,
            .unsupportedMediaType: 415, .operationMismatch: 422, .overloaded: 503, .unavailable: 503,
            .outcomeUnknown: 503, .deadlineExceeded: 504, .internalError: 500,
        ]
        for (code, status) in ofTransport { #expect(code.status == status, "\(code)") }
        #expect(named.isDisjoint(with: ofTransport.keys))
        #expect(named.union(ofTransport.keys) == Set(RefusalCode.allCases))
    }

    @Test func `an error's body is the object of the specification`() throws {
        let refusal = Refusal.transition(from: "inspected", allowed: ["dirty"], because: "a\"b")
        let json = try JSONValue(parsing: refusal.body(requestID: "r1"))
        let expected: JSONValue = [
            "error": [
                "code": "transition_not_allowed", "message_key": "error.transition_not_allowed",
                "params": ["reason": "a\"b"], "field_errors": [],
                "current": ["state": "inspected", "allowed": ["dirty"]], "request_id": "r1",
            ]
        ]
        #expect(json == expected)
        let field = try JSONValue(parsing: Refusal.field("hk_persons", .range).body(requestID: "r2"))
        let errors: JSONValue = [
            "error": [
                "code": "validation_failed", "message_key": "error.validation_failed", "params": [:],
                "field_errors": [["field": "hk_persons", "code": "range"]], "current": nil, "request_id": "r2",
            ]
        ]
        #expect(field == errors)
    }
}
