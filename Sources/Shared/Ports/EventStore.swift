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
    ///
    /// - Parameter notBefore: what was recorded earlier is left out, so that the store need not look where it keeps old events:
    ///   a moment that is no later than the first event that is wanted.
    func events(
        of stream: EventStream, after: Int64, through: Int64, limit: Int, notBefore: Timestamp?
    ) async throws(StoreError) -> [LoggedEvent]

    /// For a follower that has delivered more than the stream has, although its epoch is the same: the database has lost
    /// commits, and nobody has said so. The first who asks gives the stream a new epoch; asking again changes nothing.
    ///
    /// - Parameter delivered: the epoch, and how far the follower had come; nothing happens where the log has come as far. `.max`
    ///   where it is known that it went back, however far it has come again.
    /// - Returns: the head that holds now; `nil` if there is no such stream.
    func renewEpoch(of stream: EventStream, delivered: StreamHead) async throws(StoreError) -> StreamHead?
}
