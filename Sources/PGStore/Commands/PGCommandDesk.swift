internal import Hotel
internal import Ports
internal import Shared

/// One transaction as commands see it. Loading goes to the server at once; what is kept waits for the commit.
final class PGCommandDesk: CommandDesk {
    let origin: CommandOrigin
    private(set) var now = Timestamp(milliseconds: 0)
    private let transaction: PGTransaction
    private var isOpen = false
    private var repetition: CommandOutcome?
    private var writes: [PGQuery] = []

    init(_ transaction: PGTransaction, _ origin: CommandOrigin) {
        self.transaction = transaction
        self.origin = origin
    }

    /// Has the command decided, and commits what it decided.
    func carryOut(_ command: any HotelCommand) async throws(StoreError) -> Execution {
        let verdict: CommandVerdict
        do throws(StoreError) {
            verdict = try await command.decide(at: self)
            if !self.isOpen { _ = try await self.run([]) }
        } catch {
            guard let repetition = self.repetition else { throw error }
            self.transaction.rollBack()
            return Execution(repetition)
        }
        switch verdict {
        case .refused(let refusal):
            // The operation too: asked again, it is judged by what holds then.
            self.transaction.rollBack()
            return Execution(.refused(refusal))
        case .decided(let decision): return try await self.commit(decision)
        }
    }

    // MARK: For the parts of the desk

    /// Asks for rows, all in one go.
    func run(_ queries: [PGQuery]) async throws(StoreError) -> [PGRows] {
        let opening = self.isOpen ? [] : self.opening
        self.isOpen = true
        let rows = try await self.transaction.run(opening + queries + [Self.clock])
        if let answer = opening.isEmpty ? nil : rows.first { try self.recognise(answer) }
        if let row = rows.last?.first { self.now = try row.read(0, as: Timestamp.self) }
        return Array(rows[opening.count..<rows.count - 1])
    }

    /// Writes something with the commit.
    func write(_ query: PGQuery) { self.writes.append(query) }

    // MARK: The operation

    /// After the rows were locked, in a statement of its own: what a locking statement itself says of the time may be from
    /// before it had to wait.
    private static var clock: PGQuery { .now }

    private var opening: [PGQuery] {
        guard let operation = self.origin.operation else { return [] }
        return [
            PGQuery(
                "SELECT is_new, is_same, result, seq FROM bellhop.begin_operation($1, $2, $3)",
                .uuid(OriginColumns.operator(of: self.origin)), .id(operation.id), .bytea(operation.requestHash))
        ]
    }

    /// Sees whether the operation was done before. Then nothing more is to be decided: it throws, and `carryOut` knows why.
    private func recognise(_ rows: PGRows) throws(StoreError) {
        guard let row = rows.first else { throw .refused(code: "XX000", message: "no operation was begun") }
        let (isNew, isSame, result, seq) = try row.read(Bool.self, Bool.self, [UInt8]?.self, Int64?.self)
        guard !isNew else { return }
        self.repetition =
            isSame
            ? try .repeated(CommandAnswer(kept: result ?? []), seq: seq ?? 0)
            : .refused(Refusal(.operationMismatch))
        throw .refused(code: "23505", message: "the operation was done before")
    }

    // MARK: The commit

    private func commit(_ decision: CommandDecision) async throws(StoreError) -> Execution {
        let home = self.origin.tenant.map { EventStream.tenant($0) } ?? .system
        let append = EventAppend(
            self.origin, events: decision.events.flatMap { self.entries($0) }, audit: decision.audit,
            result: decision.answer.kept)
        let head = PGQuery("SELECT seq FROM bellhop.stream_heads($1)", .uuids([home.raw]))
        let rows = try await self.transaction.commit(with: self.writes + [append.query, head])
        let news = try append.read(rows[self.writes.count])
        guard let seq = try rows.last?.first?.read(0, as: Int64.self) else {
            throw .refused(code: "XX000", message: "the tenant has no stream")
        }
        return Execution(.done(decision.answer, seq: seq), news: news)
    }

    private func entries(_ decided: DecidedEvent) -> [EventEntry] {
        let meta = EventMeta(
            id: decided.id, occurredAt: decided.occurredAt, actor: self.origin.actor,
            correlation: self.origin.correlation, operation: self.origin.operation?.id)
        // What a guest does speaks of that guest.
        let author = self.origin.actor.kind == .resident ? self.origin.actor.id.map { [$0] } ?? [] : []
        let people = decided.people + author.filter { !decided.people.contains($0) }
        return decided.event.drafts(meta).map { draft in
            EventEntry(
                draft, of: decided.entity, people: people, property: decided.property,
                businessDate: decided.businessDate, changes: decided.changes)
        }
    }
}

extension CommandAnswer {
    /// As it is kept with its operation.
    fileprivate var kept: [UInt8] {
        JSONWriter.text { writer in
            writer.object { writer in
                writer.member("kind", self.kind.rawValue)
                writer.member("version", self.version)
                writer.object("registers") { writer in
                    for (name, kind) in self.registers.sorted(by: { $0.key < $1.key }) {
                        writer.name(text: name)
                        writer.string(kind.rawValue)
                    }
                }
                writer.name("entity")
                writer.raw(self.entity)
            }
        }
    }

    fileprivate init(kept: [UInt8]) throws(StoreError) {
        guard let json = try? JSONValue(parsing: kept), let kind = json["kind"]?.text.flatMap(Kind.init(rawValue:)),
            let entity = json["entity"]
        else { throw .refused(code: "XX001", message: "a kept result cannot be read") }
        var registers: [String: Kind] = [:]
        for member in json["registers"]?.members ?? [] {
            registers[member.name] = member.value.text.flatMap(Kind.init(rawValue:))
        }
        self.init(kind, entity: entity.serialized, version: json["version"]?.integer, registers: registers)
    }
}
