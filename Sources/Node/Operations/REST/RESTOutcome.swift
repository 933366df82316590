package import Hotel
package import Ports
internal import Shared

/// What became of a write.
package struct RESTOutcome<Entity> {
    /// How it ended.
    package enum Kind: String, CaseIterable, Sendable {
        case applied
        /// A later write was there before it; the entity says what holds.
        case superseded
        /// It was done before under the same key; the entity is what it gave then.
        case duplicate
    }

    /// The entity, as it is now or as it was kept when the write was done first.
    package enum Content {
        case entity(Entity)
        /// What its shape wrote, as JSON.
        case kept([UInt8])
    }

    package var kind: Kind
    /// The position of the stream from which the write is visible.
    package var seq: Int64
    package var content: Content
    /// The fate of each register, where one write names several (`domain.md` 11.2).
    package var registers: [String: Kind] = [:]
    /// The version of what was kept, if that is known.
    package var keptVersion: Int64?

    package init(_ kind: Kind, seq: Int64, _ entity: Entity, registers: [String: Kind] = [:]) {
        self.kind = kind
        self.seq = seq
        self.content = .entity(entity)
        self.registers = registers
    }

    /// What a command was answered, now or when it was done first.
    package init(_ outcome: CommandOutcome) throws(Refusal) {
        let answer: CommandAnswer
        switch outcome {
        case .done(let done, let seq): (self.kind, self.seq, answer) = (Kind(done.kind), seq, done)
        case .repeated(let kept, let seq): (self.kind, self.seq, answer) = (.duplicate, seq, kept)
        case .refused(let refusal): throw refusal
        }
        self.content = .kept(answer.entity)
        self.keptVersion = answer.version
        self.registers = answer.registers.mapValues { Kind($0) }
    }

    /// A repeat of a write whose result was kept.
    package init(duplicateAt seq: Int64, kept entity: [UInt8]) {
        self.kind = .duplicate
        self.seq = seq
        self.content = .kept(entity)
    }

    /// How an outcome with such an entity is written: `{"outcome":…,"seq":N,"<name>":{…}}`.
    ///
    /// - Parameter registers: those that one write may name; none leaves the member out.
    static func shape(
        _ name: StaticString, _ entity: JSONShape<Entity>, registers: [String]
    ) -> JSONShape<RESTOutcome<Entity>> {
        func members(_ members: inout JSONMembers<RESTOutcome<Entity>>) {
            self.add(name, entity, to: &members) { $0 }
            if registers.isEmpty { return }
            members.optional("registers", Self.registers(registers)) { $0.registers.isEmpty ? nil : $0.registers }
        }
        // With registers of its own it is described where it stands: another write of the entity may name others.
        guard registers.isEmpty, let name = entity.schema.name else { return .object(members) }
        return .object("\(name)Outcome", members)
    }

    /// The members that every outcome has.
    static func add<Whole>(
        _ name: StaticString, _ entity: JSONShape<Entity>, to members: inout JSONMembers<Whole>,
        _ outcome: @escaping @Sendable (Whole) -> RESTOutcome<Entity>
    ) {
        members.member("outcome", .oneOf(Kind.self)) { outcome($0).kind }
        members.member("seq", .count) { outcome($0).seq }
        members.member(name, Self.content(entity)) { outcome($0).content }
    }

    private static func content(_ entity: JSONShape<Entity>) -> JSONShape<Content> {
        JSONShape<Content>(entity.schema) { content, json in
            switch content {
            case .entity(let value): entity.write(value, &json)
            case .kept(let text): json.raw(text)
            }
        }
    }

    private static func registers(_ names: [String]) -> JSONShape<[String: Kind]> {
        let kind = JSONShape.oneOf(Kind.self)
        let members = names.map { JSONSchema.Member(name: $0, schema: kind.schema, isRequired: false) }
        return JSONShape(.object(.init(name: nil, members: members))) { registers, json in
            json.object { json in
                for name in names {
                    guard let register = registers[name] else { continue }
                    json.name(text: name)
                    kind.write(register, &json)
                }
            }
        }
    }
}

extension RESTOutcome: Sendable where Entity: Sendable {}
extension RESTOutcome.Content: Sendable where Entity: Sendable {}

extension RESTOutcome.Kind {
    fileprivate init(_ kind: CommandAnswer.Kind) {
        switch kind {
        case .applied: self = .applied
        case .superseded: self = .superseded
        }
    }
}
