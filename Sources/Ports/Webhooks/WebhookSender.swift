package import Shared

/// A request to somebody else's server.
package final class WebhookRequest: Sendable {
    package let address: WebAddress
    package let fields: [(name: String, value: String)]
    package let body: [UInt8]

    package init(to address: WebAddress, fields: [(name: String, value: String)], body: [UInt8]) {
        self.address = address
        self.fields = fields
        self.body = body
    }
}

/// What became of a request.
package enum WebhookAnswer: Equatable, Sendable {
    /// The server answered with this status; what else it said was not read.
    case status(Int)
    case failed(Failure)

    /// Why there is no status. The raw values stand in logs and metrics.
    package enum Failure: String, CaseIterable, Error, Sendable {
        /// The name is unknown, or nobody listens.
        case unreachable
        /// No TLS came about: most often the certificate is not one to be trusted, or not of this name.
        case tls
        case timedOut = "timed_out"
        /// The connection ended before a status came.
        case closed
        /// What came is no HTTP.
        case malformed
        /// Too many requests are on their way.
        case busy
        /// Whoever asked waits no more.
        case cancelled
    }

    /// Whether the server has taken it.
    package var isDone: Bool {
        if case .status(let status) = self { return (200..<300).contains(status) }
        return false
    }
}

/// Sends requests to servers that are not ours: they may be slow, broken or hostile. Returns in a bounded time, whatever they do,
/// and blocks no thread of Swift's.
package protocol WebhookSender: Sendable {
    func post(_ request: WebhookRequest) async -> WebhookAnswer
}
