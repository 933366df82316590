internal import Ports
internal import Shared

/// What all who work on webhooks work with. An object, so that what waits holds one word of it.
final class WebhookWork: Sendable {
    let apps: [String: WebhookApp]
    let store: any WebhookStore
    let sender: any WebhookSender
    let terms: WebhookTerms
    let metrics: WebhookMetrics
    let log: Logger

    init(
        _ apps: [WebhookApp], store: any WebhookStore, sender: any WebhookSender, terms: WebhookTerms,
        metrics: WebhookMetrics, log: Logger
    ) {
        self.apps = Dictionary(apps.map { ($0.id, $0) }) { first, _ in first }
        self.store = store
        self.sender = sender
        self.terms = terms
        self.metrics = metrics
        self.log = log
    }
}
