/// What a server answered.
package enum RedisValue: Equatable, Sendable {
    /// There is nothing of that name.
    case null
    /// A number.
    case integer(Int64)
    /// A string of bytes.
    case bytes([UInt8])
    /// A word such as `OK`.
    case status(String)
    /// Several values.
    case array([RedisValue])
    /// A refusal; inside of an array only, since a whole answer that is one is thrown.
    case refusal(RedisRefusal)
}

/// How a server says no.
package struct RedisRefusal: Error, Equatable, Sendable {
    /// Its first word, `WRONGTYPE` for example.
    package let code: String
    /// The whole of it, for the log: it may quote what was asked, so it is never shown to a client.
    package let message: String

    init(_ message: String) {
        self.message = message
        self.code = String(message.prefix { $0 != " " })
    }
}

/// Why a command has no answer. What the caller may do about it is the difference between the cases.
package enum RedisError: Error, Equatable, Sendable {
    /// Nothing was sent: the server cannot be reached, or does not take us in.
    case unavailable
    /// Nothing was sent: too many commands wait for this server already.
    case overloaded
    /// No answer came in time. Whether the command was carried out is not known.
    case timedOut
    /// The connection broke behind the command. Whether it was carried out is not known.
    case connectionLost
    /// The server understood and refused.
    case refused(RedisRefusal)
    /// Nothing was sent: we are about to end.
    case stopped
}

extension RedisValue {
    /// Copies a part of a reply.
    init(_ element: ReplyElement) {
        switch element {
        case .null: self = .null
        case .integer(let number): self = .integer(number)
        case .bytes(let bytes): self = .bytes(Array(bytes))
        case .status(let bytes): self = .status(String(decoding: bytes, as: UTF8.self))
        case .refusal(let bytes): self = .refusal(RedisRefusal(String(decoding: bytes, as: UTF8.self)))
        }
    }
}

/// Makes values of the parts of replies.
struct ValueBuilder {
    private var open: [(missing: Int, values: [RedisValue])] = []

    /// - Returns: the whole value, if an empty array is one.
    mutating func begin(count: Int) -> RedisValue? {
        guard count > 0 else { return self.add(.array([])) }
        var values: [RedisValue] = []
        // What the header says is a claim: memory is given for what has come.
        values.reserveCapacity(min(count, 256))
        self.open.append((count, values))
        return nil
    }

    /// - Returns: the whole value, if this was the last part of it.
    mutating func add(_ value: RedisValue) -> RedisValue? {
        var value = value
        while let last = self.open.indices.last {
            self.open[last].values.append(value)
            self.open[last].missing -= 1
            guard self.open[last].missing == 0 else { return nil }
            value = .array(self.open.removeLast().values)
        }
        return value
    }

    mutating func add(_ element: ReplyElement) -> RedisValue? {
        self.add(RedisValue(element))
    }
}
