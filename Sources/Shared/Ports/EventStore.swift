/// Why a store did not do what it was asked. What a caller may do about it is the difference between the cases.
package enum StoreError: Error, Equatable, Sendable {
    /// Nothing was changed: no connection could be had, or it broke before anything was sent to be committed.
    case unavailable
    /// The deadline passed before an answer came; nothing was changed.
    case timedOut
    /// The connection broke between the commit and its answer: repeat with the same operation id to learn what happened.
    case outcomeUnknown
    /// The store refused a statement. The code is its SQLSTATE; the text is for the log, never for a client.
    case refused(code: String, message: String)
}

/// The log of events, as those read it who deliver it: the truth that hints only announce.
package protocol EventStore: Sendable {
    /// How far these streams have come, by one query for all. A stream that does not exist is left out.
    func heads(of streams: [EventStream]) async throws(StoreError) -> [EventStream: StreamHead]

    /// The events of a stream with `after < seq <= through`, in order, at most `limit` of them.
    func events(
        of stream: EventStream, after: Int64, through: Int64, limit: Int
    ) async throws(StoreError) -> [LoggedEvent]
}
