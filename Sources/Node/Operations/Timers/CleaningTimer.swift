package import Ports
package import Shared

/// What no command causes and must happen all the same: once in a while, on one node of the cluster, what has expired is
/// deleted.
package enum CleaningTimer {
    private static let pause = Duration.seconds(3_600)
    private static let batch = 1_000

    /// The timer, which is always there.
    package static let timer = NewTimer(TimerKey(tenant: nil, kind: Self.kind, key: "all"), due: .now)

    private static let kind: TimerKind = {
        guard let kind = TimerKind("system.cleaning") else { preconditionFailure("the kind has an unlawful name") }
        return kind
    }()

    /// Its work: in small transactions, so that it holds up nobody. Done twice it finds nothing the second time.
    package static func handler(_ store: any Cleaning, log: Logger) -> TimerHandler {
        TimerHandler(Self.kind) { _ in
            var deleted = 0
            while !Task.isCancelled {
                let count = try await store.deleteExpired(Self.batch)
                deleted += count
                guard count == Self.batch else { break }
            }
            if deleted > 0 { log.info("store.cleaned", ["rows": .int(deleted)]) }
            return .later(Self.pause)
        }
    }
}
