internal import Shared
internal import Synchronization

/// Why statements of a transaction gave nothing.
enum PoolFailure: Error, Equatable, Sendable {
    /// Too many wait already, or the database is being closed.
    case turnedAway
    /// The deadline passed while the server could not be reached.
    case unreachable
    /// The deadline passed, or the task was cancelled.
    case timedOut
    /// The connection ended, and with it the transaction.
    case lost
    /// The connection ended between a commit and its answer.
    case outcomeUnknown
    case refused(PGServerError)

    var storeError: StoreError {
        switch self {
        case .turnedAway, .unreachable, .lost: .unavailable
        case .timedOut: .timedOut
        case .outcomeUnknown: .outcomeUnknown
        case .refused(let error): error.refusal
        }
    }

    /// Whether nothing stayed of the transaction and doing it again may go better.
    var isTransient: Bool {
        switch self {
        case .lost: true
        case .refused(let error): error.isConflict || error.isStaleStatement
        case .turnedAway, .unreachable, .timedOut, .outcomeUnknown: false
        }
    }
}

/// The way back to the task that waits for its statements.
struct Reply: Sendable {
    typealias Outcome = Result<[PGRows], PoolFailure>

    private let answer: Answer<Outcome>
    private let gaveUp: WaitingTask

    /// - Parameter fallback: what the task is told when everybody has let go of the reply.
    init(_ continuation: CheckedContinuation<Outcome, Never>, of task: WaitingTask, fallback: PoolFailure) {
        self.answer = Answer(continuation, fallback: .failure(fallback))
        self.gaveUp = task
    }

    /// Whether the task was cancelled before its request came to the loop.
    var isCancelled: Bool { self.gaveUp.isCancelled.load(ordering: .acquiring) }

    /// Answers, unless that has been done.
    func give(_ outcome: Outcome) { self.answer.give(outcome) }
}

/// Whether a task that waits for a loop has been cancelled: said here before the loop is told, so that a request that comes
/// after the cancellation knows of it.
final class WaitingTask: Sendable {
    let isCancelled = Atomic<Bool>(false)
}
