internal import Reactor
internal import Wire

/// What is asked of a server in one request.
struct ServerRequest: Sendable {
    var method: HTTPMethod
    var path: String
    var fields: [(name: String, value: String)] = []
    var body: [UInt8] = []

    /// A request of somebody who has signed in.
    ///
    /// - Parameters:
    ///   - token: `nil` before that.
    ///   - key: of a write.
    ///   - json: the body.
    init(_ method: HTTPMethod, _ path: String, token: String? = nil, key: String? = nil, json: [UInt8] = []) {
        (self.method, self.path, self.body) = (method, path, json)
        if !json.isEmpty { self.fields.append((name: "Content-Type", value: "application/json")) }
        if let token { self.fields.append((name: "Authorization", value: "Bearer \(token)")) }
        if let key { self.fields.append((name: "Idempotency-Key", value: key)) }
    }
}

/// The requests on one connection to an endpoint: which wait to be sent and which for their answer, in order.
struct RequestLine {
    /// What came for one request.
    struct Answer: Equatable {
        let number: UInt64
        let response: HTTPReceivedResponse
        var status: Int { self.response.status }
    }

    private let endpoint: Endpoint
    var connection: ConnectionID?
    var isOpen = false
    private var parser = HTTPResponseParser()
    private var unsent: [UInt8] = []
    /// From `first` on: without an answer, the oldest in front.
    private var unanswered: [UInt64] = []
    private var first = 0

    init(_ endpoint: Endpoint) { self.endpoint = endpoint }

    /// How many wait for an answer.
    var length: Int { self.unanswered.count - self.first }

    /// Adds a request behind the others.
    mutating func add(_ number: UInt64, _ request: ServerRequest) {
        HTTPRequestWriter.append(
            request.method, request.path, host: self.endpoint.authority, fields: request.fields, body: request.body,
            to: &self.unsent)
        self.unanswered.append(number)
    }

    /// Bytes to send now; `nil` if there are none.
    mutating func takeUnsent() -> [UInt8]? {
        guard !self.unsent.isEmpty else { return nil }
        defer { self.unsent = [] }
        return self.unsent
    }

    /// The next final answer; one that nobody asked for ends the line as malformed.
    mutating func nextAnswer(_ input: inout UnsafeRawBufferPointer) throws(HTTPError) -> Answer? {
        while let response = try self.parser.next(&input) {
            // RFC 9110 15.2: interim answers announce the final one.
            guard response.status >= 200 else { continue }
            guard self.first < self.unanswered.count else { throw .malformedRequestLine }
            defer {
                self.first += 1
                if self.first == self.unanswered.count || self.first > 1024 {
                    self.unanswered.removeFirst(self.first)
                    self.first = 0
                }
            }
            return Answer(number: self.unanswered[self.first], response: response)
        }
        return nil
    }

    /// The connection is gone: gives back everything that was not answered, and is ready for the next one.
    mutating func reset() -> [UInt64] {
        let lost = Array(self.unanswered[self.first...])
        self = RequestLine(self.endpoint)
        return lost
    }
}
