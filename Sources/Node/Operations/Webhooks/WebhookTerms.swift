package import Ports
internal import Shared

/// How webhooks are gone about.
package struct WebhookTerms: Sendable {
    package var store = WebhookStoreTerms()
    /// How long an app that batches lets events collect.
    package var batchWindow = Duration.seconds(1)
    /// What one request of such an app may hold.
    package var batchEvents = 50
    package var batchBytes = 65_536

    /// What may wait in memory for each app; the oldest go.
    package var mostNotes = 5_000
    package var mostNoteBytes = 4 << 20
    /// Notes that are written down in one transaction.
    package var notesAtOnce = 500
    /// After a failure of a store, doubled with each, up to the last.
    package var firstStorePause = Duration.milliseconds(250)
    package var longestStorePause = Duration.seconds(10)

    /// Memories that are looked at in one transaction.
    package var looksAtOnce = 500
    /// How often what back ends believe is compared with what holds, and how long after a node has died.
    package var comparePause = Duration.seconds(60)
    package var deathPause = Duration.seconds(3)
    /// How often it is looked whether a node has died.
    package var censusPause = Duration.seconds(3)
    /// How long one comparison may take; the next goes on from there.
    package var compareLimit = Duration.seconds(15)

    /// After a request that failed, doubled with each, up to the last; a quarter more or less.
    package var firstRetryPause = Duration.seconds(1)
    package var longestRetryPause = Duration.seconds(60)
    /// After events were given up.
    package var pauseAfterDrop = Duration.seconds(1)
    /// How long one claim of an app's line is worked on before others have their turn: with the time of one request shorter
    /// than the work of a timer may take.
    package var turn = Duration.seconds(8)
    /// To be asked again when this node cannot do a timer's work: it does not know the app, or not yet who is where.
    package var pauseWithoutApp = Duration.seconds(60)
    package var pauseWithoutTruth = Duration.seconds(1)
    /// How long what was noted may take to be written down when the node leaves.
    package var stopLimit = Duration.seconds(2)

    package init() {}

    func store(for app: WebhookApp) -> WebhookStoreTerms {
        var terms = self.store
        if app.webhook.isBatching { terms.window = self.batchWindow }
        return terms
    }

    func retryPause(after failures: Int) -> Duration {
        let pause = min(self.firstRetryPause * (1 << min(max(failures, 1) - 1, 20)), self.longestRetryPause)
        return pause * Double.random(in: 0.75...1.25)
    }

    func storePause(after failures: Int) -> Duration {
        let pause = min(self.firstStorePause * (1 << min(max(failures, 1) - 1, 20)), self.longestStorePause)
        return pause * Double.random(in: 0.75...1.25)
    }
}
