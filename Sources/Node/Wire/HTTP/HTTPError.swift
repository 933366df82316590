/// Why a request cannot be served. After any of these the connection is answered and closed: where the next
/// message would begin is no longer certain, and guessing is what request smuggling lives on.
package enum HTTPError: Error, Equatable, Sendable, CaseIterable {
    // The request line
    /// The first byte cannot begin an HTTP message: TLS on the plain port, or not HTTP at all.
    case notHTTP
    case malformedRequestLine
    case malformedTarget
    /// An absolute or authority form: this is an origin server, not a proxy.
    case unsupportedTargetForm
    /// `..`, `%2F`, NUL and their kin: two readers of such a path may see two different paths.
    case unsafePath
    case unsupportedVersion
    case targetTooLong

    // The fields
    case malformedField
    /// RFC 9112 5.2: a field value continued on the next line.
    case obsoleteFolding
    /// A CR without LF, or an LF without CR.
    case bareLineEnd
    case fieldTooLong
    case tooManyFields
    case headTooLarge
    case missingHost
    case invalidHost
    /// A field that may come once came twice.
    case repeatedField
    case expectationFailed

    // The body
    case invalidContentLength
    /// `Content-Length` together with `Transfer-Encoding`, or `Transfer-Encoding` in HTTP/1.0.
    case conflictingLength
    /// Anything but exactly `chunked`.
    case unsupportedTransferCoding
    case contentTooLarge
    case malformedChunk
    case chunkExtensionsTooLong

    // What the connection decides, not the parser
    case requestTimeout
    /// All connections together hold as much as they may.
    case overloaded
    case methodNotImplemented
}

extension HTTPError {
    /// The one table of what a peer sees of a failure: status and text.
    package var answer: (status: HTTPStatus, text: StaticString) {
        switch self {
        case .notHTTP: (.badRequest, "this port speaks HTTP/1.1 without TLS")
        case .malformedRequestLine: (.badRequest, "malformed request line")
        case .malformedTarget: (.badRequest, "malformed request target")
        case .unsupportedTargetForm: (.badRequest, "only the origin form of a request target is served")
        case .unsafePath: (.badRequest, "ambiguous path")
        case .unsupportedVersion: (.versionNotSupported, "HTTP/1.1 is spoken here")
        case .targetTooLong: (.uriTooLong, "request target too long")
        case .malformedField: (.badRequest, "malformed header field")
        case .obsoleteFolding: (.badRequest, "folded header field")
        case .bareLineEnd: (.badRequest, "lines end with CR LF")
        case .fieldTooLong: (.fieldsTooLarge, "header field too long")
        case .tooManyFields: (.fieldsTooLarge, "too many header fields")
        case .headTooLarge: (.fieldsTooLarge, "request head too large")
        case .missingHost: (.badRequest, "Host is missing")
        case .invalidHost: (.badRequest, "Host is malformed")
        case .repeatedField: (.badRequest, "a header field came twice that may come once")
        case .expectationFailed: (.expectationFailed, "only 100-continue can be expected")
        case .invalidContentLength: (.badRequest, "invalid Content-Length")
        case .conflictingLength: (.badRequest, "the body's length is ambiguous")
        case .unsupportedTransferCoding: (.badRequest, "Transfer-Encoding must be chunked")
        case .contentTooLarge: (.contentTooLarge, "request body too large")
        case .malformedChunk: (.badRequest, "malformed chunk")
        case .chunkExtensionsTooLong: (.badRequest, "chunk extensions too long")
        case .requestTimeout: (.requestTimeout, "the request did not arrive in time")
        case .overloaded: (.serviceUnavailable, "too much is being received; try again later")
        case .methodNotImplemented: (.notImplemented, "unknown method")
        }
    }

    /// The ready answer: a short JSON object, and always `Connection: close`.
    package var response: HTTPResponse {
        let (status, text) = self.answer
        return HTTPResponse(status: status, problem: text, closes: true)
    }
}
