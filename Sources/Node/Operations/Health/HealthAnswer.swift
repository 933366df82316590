/// What a health endpoint says, before it becomes HTTP. It must not be cached anywhere.
package struct HealthAnswer: Equatable, Sendable {
    /// The HTTP status.
    package let status: Int
    /// The media type of ``body``.
    package let contentType: String
    /// Ends with a newline, for people with curl.
    package let body: [UInt8]

    static func word(_ status: Int, _ word: StaticString) -> HealthAnswer {
        HealthAnswer(status: status, contentType: "text/plain; charset=utf-8", body: Array("\(word)\n".utf8))
    }

    static func json(_ status: Int, _ body: [UInt8]) -> HealthAnswer {
        HealthAnswer(status: status, contentType: "application/json", body: body + [UInt8(ascii: "\n")])
    }

    static func metrics(_ body: [UInt8]) -> HealthAnswer {
        HealthAnswer(status: 200, contentType: "text/plain; version=0.0.4; charset=utf-8", body: body)
    }
}
