import Hotel
import Shared
import Wire

@testable import Operations

/// A small resource of the tests: towels in memory, with everything that a resource of the hotel has.
struct Towel: Sendable, Equatable {
    enum Color: String, CaseIterable, Sendable { case white, blue, seaGreen = "sea_green" }

    let id: ID<Towel>
    var version: Int64
    var name: String
    var color: Color
    var note: String?
    var isFolded = false
    let madeAt: Timestamp

    static let shape = JSONShape<Towel>.object("Towel") { members in
        members.member("id", .id(), \.id)
        members.member("version", .count, \.version)
        members.member("name", .text, \.name)
        members.member("color", .oneOf(Color.self), \.color)
        members.nullable("note", .text, \.note)
        members.member("folded", .bool, \.isFolded)
        members.member("made_at", .timestamp, \.madeAt)
    }
}

typealias TowelOrder = RESTCursorPair<Timestamp, ID<Towel>>

extension Towel {
    var order: TowelOrder { TowelOrder(self.madeAt, self.id) }
}

struct NewTowel: JSONDecodable {
    let name: String
    let color: Towel.Color
    let note: String?

    init(fields: inout JSONFields) {
        self.name = fields.required("name", .trimmed(1...20))
        self.color = fields.optional("color", .oneOf(Towel.Color.self)) ?? .white
        self.note = fields.optional("note", .string(0...50))
    }
}

struct TowelChange: JSONDecodable {
    let name: String?
    let note: JSONChange<String>
    /// When it was done, if that was offline.
    let effectiveAt: Timestamp?

    init(fields: inout JSONFields) {
        self.effectiveAt = fields.optional("effective_at", .timestamp)
        self.name = fields.optional("name", .trimmed(1...20))
        self.note = fields.change("note", .string(0...50))
    }
}

enum TowelInput {
    struct List: RESTInput {
        let color: Towel.Color?
        let page: RESTPageRequest<TowelOrder>

        init(reading request: inout RESTReader) {
            self.color = request.query("color", .oneOf())
            self.page = request.page()
        }
    }

    struct One: RESTInput {
        let id: ID<Towel>

        init(reading request: inout RESTReader) { self.id = request.path("id", .id()) }
    }

    struct Create: RESTInput {
        let key: OperationID
        let towel: NewTowel

        init(reading request: inout RESTReader) {
            self.key = request.idempotencyKey()
            self.towel = request.body()
        }
    }

    struct Change: RESTInput {
        let id: ID<Towel>
        let key: OperationID
        let version: Int64
        let change: TowelChange

        init(reading request: inout RESTReader) {
            self.id = request.path("id", .id())
            self.key = request.idempotencyKey()
            self.version = request.version()
            self.change = request.body()
        }
    }

    struct Act: RESTInput {
        let id: ID<Towel>
        let key: OperationID
        let version: Int64?

        init(reading request: inout RESTReader) {
            self.id = request.path("id", .id())
            self.key = request.idempotencyKey()
            self.version = request.optionalVersion()
        }
    }

    /// Every kind of parameter there is.
    struct Kinds: RESTInput {
        let number: Int
        let since: Timestamp?
        let owner: UserID?
        let word: String?
        let isOpen: Bool?
        let colors: [Towel.Color]
        let must: Int
        let cookie: String?

        init(reading request: inout RESTReader) {
            self.number = request.query("number", in: -5...5, usually: 3)
            self.since = request.query("since", .timestamp)
            self.owner = request.query("owner", .id())
            self.word = request.query("word", .text(1...5))
            self.isOpen = request.query("open", .bool)
            self.colors = request.query("colors", .list(of: .oneOf(), count: 1...2)) ?? []
            self.must = request.requiredQuery("must", .int(0...9))
            self.cookie = request.cookie("biscuit")
            if request.isSound, self.number == self.must { request.fail("number", .range) }
        }
    }

    struct Login: RESTInput {
        struct Body: JSONDecodable {
            let email: String

            init(fields: inout JSONFields) {
                self.email = fields.required(
                    "email",
                    .string(3...254).parsed(placeholder: "", format: "email") { $0.contains("@") ? $0 : nil })
            }
        }

        let body: Body?

        init(reading request: inout RESTReader) { self.body = request.optionalBody() }
    }
}

/// What a handler may do besides: it is told by the test.
enum Trouble: String, CaseIterable, Sendable {
    case storeAway = "store_away"
    case storeSlow = "store_slow"
    case unknown
    case refusedStatement = "refused_statement"
    case bug
    case rateLimited = "rate_limited"
    case forbidden

    /// What nobody outside may read.
    static let secret = "password 4711 of postgres"

    struct Bug: Error {
        let text = Trouble.secret
    }

    func raise() throws {
        switch self {
        case .storeAway: throw StoreError.unavailable
        case .storeSlow: throw StoreError.timedOut
        case .unknown: throw StoreError.outcomeUnknown
        case .refusedStatement: throw StoreError.refused(code: "42P01", message: Self.secret)
        case .bug: throw Bug()
        case .rateLimited: throw Refusal(.rateLimited, retryAfterSeconds: 7)
        case .forbidden: throw Refusal(.forbidden)
        }
    }

    struct Input: RESTInput {
        let trouble: Trouble

        init(reading request: inout RESTReader) { self.trouble = request.requiredQuery("with", .oneOf()) }
    }

    struct WriteInput: RESTInput {
        let trouble: Trouble

        init(reading request: inout RESTReader) {
            self.trouble = request.path("with", .oneOf())
            _ = request.idempotencyKey()
        }
    }
}

/// The towels of a hotel without a database.
actor Linen {
    private var towels: [ID<Towel>: Towel] = [:]
    private var results: [OperationID: (seq: Int64, kept: [UInt8])] = [:]
    private var seq: Int64 = 100
    private let epoch = Epoch(raw: 7)

    var head: StreamHead { StreamHead(epoch: self.epoch, seq: self.seq) }

    func put(_ towel: Towel) {
        self.seq += 1
        self.towels[towel.id] = towel
    }

    func page(_ input: TowelInput.List) -> RESTPage<Towel> {
        let head = self.head
        let rows = self.towels.values
            .filter { input.color == nil || $0.color == input.color }
            .filter { towel in input.page.after.map { $0 < towel.order } ?? true }
            .sorted { $0.order < $1.order }
        return input.page.answer(Array(rows.prefix(input.page.rowsWanted)), at: head) { $0.order }
    }

    func find(_ id: ID<Towel>) throws -> Towel {
        guard let towel = self.towels[id] else { throw Refusal(.notFound) }
        return towel
    }

    func create(_ input: TowelInput.Create, at moment: Timestamp) -> RESTOutcome<Towel> {
        if let first = self.results[input.key] { return RESTOutcome(duplicateAt: first.seq, kept: first.kept) }
        let towel = Towel(
            id: .new(at: moment), version: 1, name: input.towel.name, color: input.towel.color, note: input.towel.note,
            madeAt: moment)
        self.put(towel)
        self.results[input.key] = (self.seq, Towel.shape.text(of: towel))
        return RESTOutcome(.applied, seq: self.seq, towel)
    }

    func change(_ input: TowelInput.Change) throws -> RESTOutcome<Towel> {
        var towel = try self.find(input.id)
        guard towel.version == input.version else {
            throw Refusal(.versionConflict, current: ["version": .number(JSONNumber(towel.version))])
        }
        towel.version += 1
        towel.name = input.change.name ?? towel.name
        switch input.change.note {
        case .untouched: break
        case .cleared: towel.note = nil
        case .set(let note): towel.note = note
        }
        self.put(towel)
        return RESTOutcome(.applied, seq: self.seq, towel, registers: ["name": .applied, "note": .superseded])
    }

    func fold(_ input: TowelInput.Act) throws -> RESTOutcome<Towel> {
        var towel = try self.find(input.id)
        guard !towel.isFolded else {
            throw Refusal(.transitionNotAllowed, current: ["state": "folded", "allowed": []])
        }
        towel.isFolded = true
        self.put(towel)
        return RESTOutcome(.applied, seq: self.seq, towel)
    }

    func remove(_ id: ID<Towel>) throws {
        guard self.towels.removeValue(forKey: id) != nil else { throw Refusal(.notFound) }
    }
}
