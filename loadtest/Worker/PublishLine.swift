internal import Reactor
internal import Wire

/// The requests to one endpoint: which wait to be sent and which for their answer, in order.
struct PublishLine {
    /// What came for one request.
    struct Answer: Equatable {
        let number: UInt64
        let status: Int
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

    /// Adds a request behind the others.
    mutating func add(_ number: UInt64, _ body: [UInt8]) {
        HTTPRequestWriter.append(
            .post, self.endpoint.path, host: self.endpoint.authority,
            fields: [(name: "Content-Type", value: "application/json")], body: body, to: &self.unsent)
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
            return Answer(number: self.unanswered[self.first], status: response.status)
        }
        return nil
    }

    /// The connection is gone: gives back everything that was not answered, and is ready for the next one.
    mutating func reset() -> [UInt64] {
        let lost = Array(self.unanswered[self.first...])
        self = PublishLine(self.endpoint)
        return lost
    }
}
