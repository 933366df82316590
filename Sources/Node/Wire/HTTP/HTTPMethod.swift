/// A request method. RFC 9110 9.1: names are case-sensitive.
package enum HTTPMethod: UInt8, Sendable, CaseIterable {
    case get, head, post, put, patch, delete, options
    /// Known, and served nowhere: answered with 405, as RFC 9110 15.5.6 has it.
    case trace
    /// A well-formed token that is no method of this server: answered with 501. `HTTPRequest.methodName` has its text.
    case other

    /// The method as it stands in a request line, or in `Allow`.
    package var name: StaticString {
        switch self {
        case .get: "GET"
        case .head: "HEAD"
        case .post: "POST"
        case .put: "PUT"
        case .patch: "PATCH"
        case .delete: "DELETE"
        case .options: "OPTIONS"
        case .trace: "TRACE"
        case .other: "?"
        }
    }

    /// The method of that name, `other` for an unknown one.
    init(bytes: UnsafeRawBufferPointer) {
        self = .other
        for method in HTTPMethod.allCases where method != .other && bytes.count == method.name.utf8CodeUnitCount {
            if (0..<bytes.count).allSatisfy({ bytes[$0] == method.name.utf8Start[$0] }) { self = method }
        }
    }
}
