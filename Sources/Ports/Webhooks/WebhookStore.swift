package import Shared

/// Something that an app's back end believes or not.
package struct WebhookSubject: Hashable, Sendable {
    /// What is believed of it. The raw values are the store's words.
    package enum Kind: String, Sendable {
        /// That somebody hears the channel.
        case channel
        /// That the user is in the presence channel.
        case member
        /// How many subscriptions the channel has.
        case count
    }

    package let kind: Kind
    package let channel: String
    /// Empty unless it is about a member.
    package let user: String

    package static func channel(_ name: String) -> WebhookSubject {
        WebhookSubject(kind: .channel, channel: name, user: "")
    }

    package static func member(_ user: String, of channel: String) -> WebhookSubject {
        WebhookSubject(kind: .member, channel: channel, user: user)
    }

    package static func count(_ channel: String) -> WebhookSubject {
        WebhookSubject(kind: .count, channel: channel, user: "")
    }

    package init(kind: Kind, channel: String, user: String) {
        self.kind = kind
        self.channel = channel
        self.user = user
    }
}

/// What was found out about a subject that somebody noted.
package struct WebhookFact: Sendable {
    package let subject: WebhookSubject
    /// Of counts it says nothing: they are read later.
    package let holds: Bool
    /// What to tell if it holds and was not told, as JSON; `nil` if it is only remembered.
    package let event: [UInt8]?

    package init(_ subject: WebhookSubject, holds: Bool, event: [UInt8]? = nil) {
        self.subject = subject
        self.holds = holds
        self.event = event
    }
}

/// All that is noted of one app in one transaction.
package final class WebhookNotes: Sendable {
    package let app: String
    /// No subject twice.
    package let facts: [WebhookFact]
    /// Events that are told as they are, as JSON, in their order; behind those of the facts.
    package let others: [[UInt8]]
    package let terms: WebhookStoreTerms

    package init(app: String, facts: [WebhookFact], others: [[UInt8]], terms: WebhookStoreTerms) {
        self.app = app
        self.facts = facts
        self.others = others
        self.terms = terms
    }
}

/// How an app's events are kept.
package struct WebhookStoreTerms: Sendable {
    /// How long what is gone may come back before it is told to be gone.
    package var grace = Duration.seconds(3)
    /// How long changes of a count are collected.
    package var countPause = Duration.seconds(1)
    /// When to look again where nobody can say yet.
    package var unsettledPause = Duration.seconds(2)
    /// How long events are collected before a request.
    package var window = Duration.zero
    /// How many events may wait; the oldest are dropped.
    package var bound = 10_000
    /// How long a request is repeated before its events are dropped, and how long whatever waits behind it may wait
    /// while nothing succeeds.
    package var patience = Duration.seconds(300)
    package var horizon = Duration.seconds(600)

    package init() {}
}

/// What came of notes, or of a look.
package struct WebhookOutcome: Sendable {
    /// The channels of what the back end believes otherwise from now on.
    package let told: [String]
    package let queued: Int
    /// How many of the oldest events had to go.
    package let dropped: Int

    package init(told: [String], queued: Int, dropped: Int) {
        self.told = told
        self.queued = queued
        self.dropped = dropped
    }
}

/// Something that was told, as it is remembered.
package struct WebhookMemory: Sendable {
    package let subject: WebhookSubject
    /// When somebody wanted it to be looked at.
    package let lookAt: Timestamp?

    package init(_ subject: WebhookSubject, lookAt: Timestamp?) {
        self.subject = subject
        self.lookAt = lookAt
    }
}

/// What a look at one memory gave.
package struct WebhookFinding: Sendable {
    package let memory: WebhookMemory
    /// `nil` if nobody can say yet.
    package let holds: Bool?
    /// Of counts.
    package let number: Int
    /// What to tell if it is gone, or the count is another; `nil` if it is only forgotten.
    package let event: [UInt8]?

    package init(_ memory: WebhookMemory, holds: Bool?, number: Int = 0, event: [UInt8]? = nil) {
        self.memory = memory
        self.holds = holds
        self.number = number
        self.event = event
    }
}

/// All findings of one app under one claim.
package final class WebhookFindings: Sendable {
    package let timer: ClaimedTimer
    package let findings: [WebhookFinding]
    package let terms: WebhookStoreTerms

    package init(under timer: ClaimedTimer, _ findings: [WebhookFinding], terms: WebhookStoreTerms) {
        self.timer = timer
        self.findings = findings
        self.terms = terms
    }
}

/// An event that waits to be sent.
package struct QueuedWebhook: Sendable {
    package let id: Int64
    /// As JSON.
    package let event: [UInt8]

    package init(id: Int64, event: [UInt8]) {
        self.id = id
        self.event = event
    }
}

/// One request to a back end that has ended.
package final class WebhookAttempt: Sendable {
    package let timer: ClaimedTimer
    /// The events that were in it.
    package let ids: [Int64]
    package let isDone: Bool
    package let terms: WebhookStoreTerms

    package init(under timer: ClaimedTimer, ids: [Int64], isDone: Bool, terms: WebhookStoreTerms) {
        self.timer = timer
        self.ids = ids
        self.isDone = isDone
        self.terms = terms
    }
}

/// What came of an attempt.
package struct WebhookStanding: Equatable, Sendable {
    /// Requests in a row that were not done.
    package let failures: Int
    package let dropped: Int
    /// Whether something waits. If not the claim has ended.
    package let isLeft: Bool

    package init(failures: Int, dropped: Int, isLeft: Bool) {
        self.failures = failures
        self.dropped = dropped
        self.isLeft = isLeft
    }
}

/// What the back ends of external apps believe, and the events that wait for them, in order by app. The key of all its timers is
/// an app's id.
///
/// What always holds: what a back end believes and the event that tells it change in one transaction, of which there is one at a
/// time per app; what waits has a timer of the kind `webhook.deliver`, what is to be looked at one of `webhook.look`.
package protocol WebhookStore: Sendable {
    /// Remembers and queues. Repeating it after an unknown outcome repeats only `others`.
    func note(_ notes: WebhookNotes) async throws(StoreError) -> WebhookOutcome

    /// What is to be looked at now, those first that have waited longest.
    func due(_ app: String, limit: Int) async throws(StoreError) -> [WebhookMemory]

    /// Writes down what the look gave and ends the claim of `webhook.look`, or sets it for the next look.
    ///
    /// - Throws: `.refused` if the claim was lost (`StoreError.isLostTimerClaim`).
    func settle(_ findings: WebhookFindings) async throws(StoreError) -> WebhookOutcome

    /// All that an app's back end believes, in one order, from behind `after` on.
    func told(_ app: String, after: WebhookSubject?, limit: Int) async throws(StoreError) -> [WebhookMemory]

    /// What waits for an app's back end, in order.
    func waiting(for app: String, limit: Int) async throws(StoreError) -> [QueuedWebhook]

    /// Takes what was sent out of the line, or counts a failure; ends the claim of `webhook.deliver` if nothing is left.
    ///
    /// - Throws: `.refused` if the claim was lost: then nothing was changed, and another sends those events, too.
    func end(_ attempt: WebhookAttempt) async throws(StoreError) -> WebhookStanding
}
