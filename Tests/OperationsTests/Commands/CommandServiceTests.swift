import Hotel
import Operations
import Ports
import Shared
import Testing

/// A store that does as it is told: what the service makes of each outcome is looked at here. That the real one keeps its word is
/// shown in PGStoreTests.
private final class ToldStore: HotelStore {
    let execution: Execution
    let noted = Locked<[AuditedAttempt]>([])
    let isAway = Locked(false)

    init(_ execution: Execution) { self.execution = execution }

    func execute(_ order: CommandOrder) async throws -> Execution { self.execution }

    func note(_ attempts: [AuditedAttempt]) async throws(StoreError) {
        if self.isAway.withLock({ $0 }) { throw .unavailable }
        self.noted.withLock { $0 += attempts }
    }
}

private final class HeardBus: BusPublisher {
    let messages = Locked<[(BusChannel, Int)]>([])

    func publish(_ message: [UInt8], on channel: BusChannel) {
        self.messages.withLock { $0.append((channel, message.count)) }
    }
}

@Suite(.timeLimit(.minutes(5))) struct CommandServiceTests {
    private final class Wish: HotelCommand {
        var action: String { "room:update" }
        var subject: EntityReference? { nil }
        func decide(at desk: any CommandDesk) async throws(StoreError) -> CommandVerdict {
            .refused(Refusal(.notFound))
        }
    }

    private static let tenant = TenantID.new()
    private static let origin = CommandOrigin(
        tenant: Self.tenant, actor: .system, source: .automation, operation: nil, correlation: .new())
    private static let answer = CommandAnswer(.applied, entity: Array("{}".utf8), version: 1)

    private static func news(_ stream: EventStream) -> StreamNews {
        let event = LoggedEvent(
            seq: 1, recordedAt: Timestamp(milliseconds: 1), id: .new(), name: "room:status_changed", targets: [],
            projections: [Array("{".utf8)])
        return StreamNews(stream: stream, epoch: Epoch(raw: 1), events: [event])
    }

    private func perform(
        _ execution: Execution, within patience: Duration = .seconds(5)
    ) async throws -> (store: ToldStore, bus: HeardBus, log: AttemptLog) {
        let (store, bus) = (ToldStore(execution), HeardBus())
        var terms = AttemptLog.Terms()
        terms.gathering = .milliseconds(1)
        let log = AttemptLog(store: store, log: .silent, terms: terms)
        let service = CommandService(store: store, bus: bus, attempts: log)
        _ = try await service.perform(CommandOrder(Wish(), from: Self.origin, deadline: .now + patience))
        await log.settle()
        return (store, bus, log)
    }

    @Test func `what was committed is told on the channel of each stream`() async throws {
        let told = try await self.perform(
            Execution(.done(Self.answer, seq: 1), news: [Self.news(.tenant(Self.tenant)), Self.news(.system)]))
        let channels = told.bus.messages.withLock { $0.map(\.0) }
        #expect(channels == [.hints(of: .tenant(Self.tenant)), .hints(of: .system)])
        #expect(told.store.noted.withLock { $0.isEmpty })
    }

    @Test func `a repeat and a refusal are told to nobody, and audited`() async throws {
        let again = try await self.perform(Execution(.repeated(Self.answer, seq: 1)))
        #expect(again.bus.messages.withLock { $0.isEmpty })
        #expect(again.store.noted.withLock { $0.map(\.row.outcome) } == [.duplicate])
        let refused = try await self.perform(Execution(.refused(Refusal(.forbidden))))
        #expect(refused.bus.messages.withLock { $0.isEmpty })
        #expect(refused.store.noted.withLock { $0.map(\.row.reason) } == ["forbidden"])
    }

    @Test func `nothing is begun for a sender who has gone`() async throws {
        await #expect(throws: StoreError.timedOut) {
            _ = try await self.perform(Execution(.done(Self.answer, seq: 1)), within: .zero)
        }
    }

    @Test func `attempts come in batches, and what does not fit is counted`() async throws {
        let store = ToldStore(Execution(.refused(Refusal(.forbidden))))
        var terms = AttemptLog.Terms()
        terms.most = 5
        terms.batch = 2
        terms.gathering = .milliseconds(1)
        let log = AttemptLog(store: store, log: .silent, terms: terms)
        await log.settle()
        for _ in 0..<8 { log.note(AuditedAttempt(Self.origin, AuditRow("room:update", .rejected))) }
        await log.settle()
        let kept = store.noted.withLock { $0.count }
        // The first batch may have been taken before the last came.
        #expect(kept >= 5 && kept + log.dropped == 8)
        store.isAway.withLock { $0 = true }
        let before = log.dropped
        log.note(AuditedAttempt(Self.origin, AuditRow("room:update", .rejected)))
        await log.settle()
        #expect(log.dropped == before + 1)
    }

    @Test(arguments: [
        ("committed:1", true), ("committed:0", false), ("committed", false), ("committed:x", false), ("other:1", false),
        ("", false),
    ])
    func `a fault is a point and a passage`(text: String, isOne: Bool) {
        #expect((FaultPoints.Wish(setting: text)?.description == text) == isOne)
    }
}
