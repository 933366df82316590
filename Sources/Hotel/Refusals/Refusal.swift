package import Shared

/// A command that was not done, and what its sender needs to know to do better.
package struct Refusal: Error, Equatable, Sendable {
    package let code: RefusalCode
    /// What the words of the message are filled with. Never personal data.
    package let params: JSONObject
    package let fieldErrors: [JSONFieldErrors.Entry]
    /// The state with which the sender repairs its screen.
    package let current: JSONObject?

    package init(
        _ code: RefusalCode, params: JSONObject = [:], fieldErrors: [JSONFieldErrors.Entry] = [],
        current: JSONObject? = nil
    ) {
        self.code = code
        self.params = params
        self.fieldErrors = fieldErrors
        self.current = current
    }

    package init(_ errors: JSONFieldErrors) { self.init(.validationFailed, fieldErrors: errors.entries) }

    /// A transition that the state machine does not have.
    package static func transition(
        from state: String, allowed: [String], because reason: String? = nil
    ) -> Refusal {
        var params: JSONObject = [:]
        if let reason { params["reason"] = .string(reason) }
        let allowed = JSONValue.array(allowed.map { .string($0) })
        return Refusal(
            .transitionNotAllowed, params: params, current: ["state": .string(state), "allowed": allowed])
    }

    /// One field that is wrong.
    package static func field(_ field: String, _ code: JSONFieldErrors.Code) -> Refusal {
        Refusal(.validationFailed, fieldErrors: [JSONFieldErrors.Entry(field: field, code: code)])
    }

    /// The body of the answer, over HTTP and over sockets alike.
    package func body(requestID: String) -> [UInt8] {
        JSONWriter.text { writer in
            writer.object { writer in
                writer.object("error") { writer in
                    writer.member("code", self.code.rawValue)
                    writer.member("message_key", self.code.messageKey)
                    writer.member("params", .object(self.params))
                    writer.array("field_errors") { writer in
                        for entry in self.fieldErrors {
                            writer.object { writer in
                                writer.member("field", entry.field)
                                writer.member("code", entry.code.rawValue)
                            }
                        }
                    }
                    writer.member("current", self.current.map { .object($0) } ?? .null)
                    writer.member("request_id", requestID)
                }
            }
        }
    }
}
