/// The request fields that the server looks at: found while the head is parsed, read without a search.
package enum HTTPFieldName: UInt8, Sendable, CaseIterable {
    case host, connection, upgrade, contentLength, transferEncoding, contentType, expect
    case authorization, cookie, origin, accept, acceptEncoding, ifNoneMatch
    case xForwardedFor, xForwardedProto
    case secWebSocketKey, secWebSocketVersion, secWebSocketProtocol, secWebSocketExtensions
    case accessControlRequestMethod, accessControlRequestHeaders

    /// The name in lower case.
    package var text: StaticString {
        switch self {
        case .host: "host"
        case .connection: "connection"
        case .upgrade: "upgrade"
        case .contentLength: "content-length"
        case .transferEncoding: "transfer-encoding"
        case .contentType: "content-type"
        case .expect: "expect"
        case .authorization: "authorization"
        case .cookie: "cookie"
        case .origin: "origin"
        case .accept: "accept"
        case .acceptEncoding: "accept-encoding"
        case .ifNoneMatch: "if-none-match"
        case .xForwardedFor: "x-forwarded-for"
        case .xForwardedProto: "x-forwarded-proto"
        case .secWebSocketKey: "sec-websocket-key"
        case .secWebSocketVersion: "sec-websocket-version"
        case .secWebSocketProtocol: "sec-websocket-protocol"
        case .secWebSocketExtensions: "sec-websocket-extensions"
        case .accessControlRequestMethod: "access-control-request-method"
        case .accessControlRequestHeaders: "access-control-request-headers"
        }
    }

    /// RFC 9110 5.3: a field whose value is no list may come once. Of two, each reader may believe another one.
    var isSingleton: Bool {
        switch self {
        case .host, .contentLength, .transferEncoding, .contentType, .expect, .authorization, .origin, .secWebSocketKey,
            .secWebSocketVersion, .accessControlRequestMethod:
            true
        case .connection, .upgrade, .cookie, .accept, .acceptEncoding, .ifNoneMatch, .xForwardedFor, .xForwardedProto,
            .secWebSocketProtocol, .secWebSocketExtensions, .accessControlRequestHeaders:
            false
        }
    }

    /// The indexed field of that name in any case, `nil` for all others.
    ///
    /// Length and one letter leave one candidate, so that most names cost no comparison at all.
    @inline(__always)
    init?(_ name: UnsafePointer<UInt8>, count: Int) {
        let candidate: HTTPFieldName
        switch count {
        case 4: candidate = .host
        case 6:
            switch name[0] | 0x20 {
            case UInt8(ascii: "o"): candidate = .origin
            case UInt8(ascii: "e"): candidate = .expect
            case UInt8(ascii: "c"): candidate = .cookie
            default: candidate = .accept
            }
        case 7: candidate = .upgrade
        case 10: candidate = .connection
        case 12: candidate = .contentType
        case 13: candidate = name[0] | 0x20 == UInt8(ascii: "a") ? .authorization : .ifNoneMatch
        case 14: candidate = .contentLength
        case 15: candidate = name[0] | 0x20 == UInt8(ascii: "a") ? .acceptEncoding : .xForwardedFor
        case 17:
            switch name[0] | 0x20 {
            case UInt8(ascii: "t"): candidate = .transferEncoding
            case UInt8(ascii: "x"): candidate = .xForwardedProto
            default: candidate = .secWebSocketKey
            }
        case 21: candidate = .secWebSocketVersion
        case 22: candidate = .secWebSocketProtocol
        case 24: candidate = .secWebSocketExtensions
        case 29: candidate = .accessControlRequestMethod
        case 30: candidate = .accessControlRequestHeaders
        default: return nil
        }
        guard UnsafeRawBufferPointer(start: name, count: count).equalsIgnoringCase(candidate.text) else { return nil }
        self = candidate
    }
}
