internal import Crypto
internal import Shared
package import Wire

/// What is known of a request before anything in it is understood.
package struct RESTVisit: Sendable {
    /// Names this request in the answer and in the log.
    package let requestID: String
    /// When the answer is given up. Stores are told, so that they stop too.
    package let deadline: ContinuousClock.Instant
    /// Who is at the other end, as far as trusted proxies say; `nil` in the rare case that the socket did not tell.
    package let client: ClientAddress?
    /// What its `Origin` means, for what must not be called by any page of the web.
    package let origin: CORSPolicy.Verdict
    /// The request as it came. Whoever looks into it here is not documented: inputs are stated by a `RESTInput`.
    package let http: HTTPRequest
}

extension RESTVisit {
    /// Tells whether two requests under one `Idempotency-Key` are the same request: 32 bytes, to be kept with the key.
    ///
    /// Of everything that the answer may depend on, byte by byte: method, path, query, `If-Match` and body.
    package var requestHash: [UInt8] {
        let parts: [[UInt8]] = [
            Array(self.http.methodName.utf8), Array(self.http.path.utf8), Array((self.http.rawQuery ?? "").utf8),
            Array((self.http.value(named: "If-Match") ?? "").utf8), self.http.body,
        ]
        var all: [UInt8] = []
        for part in parts {
            // With their lengths, so that no byte can move from one part to the next unseen.
            withUnsafeBytes(of: UInt64(part.count).bigEndian) { all.append(contentsOf: $0) }
            all.append(contentsOf: part)
        }
        let digest = all.withUnsafeBytes { SHA256.hash($0) }
        return digest.span.withUnsafeBytes { Array($0) }
    }
}
