/// The bytes of an event's targets: in a hint, and in the log's column `targets`.
///
/// Numbers are big-endian. The layout is for ever, because the log is; a new need gets a new kind of audience.
///
///     bytes   what
///     2       number of targets, at most 4096
///     then for each target
///     1       kind of audience, the raw value of `AudienceKind`; never 0
///     1       projection in which it is told, an index below the number of the event's projections
///     1       n: bytes of the code, at most 64
///     16      subject: the UUID of the user, property or stay, its first digit first; zeros where there is none
///     n       code: the department's slug in UTF-8
///
/// A kind that the reader does not know belongs to a newer node: nobody here can have joined such a channel, so the target is
/// passed over and the event still counts. A node of either version can thus serve while the other is rolled out.
package enum EventTargets {
    package static let most = 4096
    package static let mostCodeBytes = 64

    /// The bytes of a list that keeps to the bounds.
    package static func encoded(_ targets: [EventTarget]) -> [UInt8] {
        var bytes: [UInt8] = []
        Self.append(targets, to: &bytes)
        return bytes
    }

    /// The targets that this node knows.
    ///
    /// - Parameter projections: how many the event has; a target that names another is refused.
    package static func decode(
        _ bytes: UnsafeRawBufferPointer, projections: Int
    ) throws(HintError) -> [EventTarget] {
        var input = HintBytes(bytes)
        let targets = try Self.take(from: &input, projections: projections)
        try input.mustBeEmpty()
        return targets
    }

    static func append(_ targets: [EventTarget], to output: inout [UInt8]) {
        precondition(targets.count <= Self.most, "an event has too many targets")
        output.append(bigEndian: UInt16(targets.count))
        for target in targets {
            let code = target.audience.code.utf8
            precondition(code.count <= Self.mostCodeBytes, "a code is too long")
            output.append(target.audience.kind.rawValue)
            output.append(target.projection)
            output.append(UInt8(code.count))
            output.append(bigEndian: target.audience.subject)
            output.append(contentsOf: code)
        }
    }

    static func take(from input: inout HintBytes, projections: Int) throws(HintError) -> [EventTarget] {
        let count = Int(try input.take(UInt16.self))
        guard count <= Self.most else { throw .malformed }
        // Reserved only as far as the bytes can hold: a count alone must not cost memory.
        var targets: [EventTarget] = []
        targets.reserveCapacity(min(count, input.rest.count / 19))
        for _ in 0..<count {
            let kind = try input.take(UInt8.self)
            let projection = try input.take(UInt8.self)
            let codeBytes = Int(try input.take(UInt8.self))
            let subject = try input.take(UInt128.self)
            guard kind != 0, projection < projections, codeBytes <= Self.mostCodeBytes else { throw .malformed }
            let code = try input.take(text: codeBytes)
            guard let known = AudienceKind(rawValue: kind) else { continue }
            targets.append(EventTarget(Audience(known, subject: subject, code: code), projection: projection))
        }
        return targets
    }
}
