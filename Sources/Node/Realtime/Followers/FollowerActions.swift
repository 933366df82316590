internal import Shared

/// What a follower asks for after an input, in the order of the members. Empty most of the time but for `deliver`.
struct FollowerActions: Equatable {
    /// The stream is followed from this position on.
    var started: StreamHead?
    /// The stream is not what it was: positions of before mean nothing, and it goes on behind this one.
    var reset: StreamHead?
    /// The next events, in order and without a gap.
    var deliver: [LoggedEvent] = []
    /// Events to be read.
    var read: GapRead?
    /// The head is to be read soon.
    var wantsHead = false
    /// There is no such stream.
    var isMissing = false
    /// Delivered before, or already waiting.
    var duplicates = 0

    /// `after < seq <= through`, at most `limit` of them, none of which was recorded before a moment, if one is known. The
    /// number comes back with the answer.
    struct GapRead: Equatable {
        let number: UInt64
        let after: Int64
        let through: Int64
        let limit: Int
        var notBefore: Timestamp?
    }
}

/// What was known of a follower when a question about its stream's head was sent, so that the answer can be judged: what has
/// been delivered since may well be behind an answer that was true when it was given.
struct HeadQuestion: Equatable {
    /// Which of the follower's beginnings it belongs to.
    let generation: UInt64
    let delivered: Int64
}

/// The terms of following; the same for all streams of a node.
struct FollowerTerms {
    /// How long a confirmation is waited for before the stream is followed by asking alone.
    var confirmMilliseconds: UInt64 = 500
    /// How long a hint that was overtaken may take.
    var reorderMilliseconds: UInt64 = 20
    /// Events that one read of a gap asks for.
    var eventsPerRead = 500
    /// Events, and bytes of them, that wait for one that is missing; what is beyond is read again later.
    var mostWaiting = 1024
    var mostWaitingBytes = 4 << 20
    /// The first and the longest pause after a read that failed.
    var firstRestMilliseconds: UInt64 = 100
    var longestRestMilliseconds: UInt64 = 5000
}

extension LoggedEvent {
    /// About what it takes in memory.
    var byteCount: Int { self.projections.reduce(160 + self.targets.count * 64) { $0 + $1.count + 32 } }
}
