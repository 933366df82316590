internal import CHiredis

/// A part of a reply. Bytes lie in the reader's buffer and are valid during the call only.
enum ReplyElement {
    case null
    case integer(Int64)
    case bytes(UnsafeRawBufferPointer)
    case status(UnsafeRawBufferPointer)
    case refusal(UnsafeRawBufferPointer)
}

/// Hears the parts of replies in the order in which they stand on the wire. It may stop the reader, not release it.
protocol ReplySink: AnyObject {
    /// An array of so many parts begins; the parts follow, one level deeper.
    func arrayBegan(count: Int, depth: Int)
    /// A part that is no array. `depth` is 0 for a reply that is nothing else; `index` is its place in its array.
    func element(_ element: ReplyElement, depth: Int, index: Int)
}

/// How much of a reply is believed.
struct ReplyLimits: Equatable, Sendable {
    /// Bytes of one string.
    var stringBytes = 8 << 20
    /// Bytes of all strings of one reply.
    var totalBytes = 32 << 20
    /// Parts of one reply, arrays included.
    var elements = 1 << 20
    /// Bytes of a line: a status, a refusal, a number, a length.
    var lineBytes = 64 << 10
}

/// Why a connection's input cannot be read any further.
enum ReplyError: Error, Equatable, Sendable {
    /// Not the protocol of Redis, or nested deeper than it ever is.
    case malformed(String)
    case tooLarge
}

/// hiredis's parser without its sockets and without its reply objects: bytes in, parts of replies out.
///
/// The parts are handed out while the parser walks over them, so that a published message reaches its listener in place:
/// nothing is allocated for it, and it is copied once, into hiredis's buffer.
///
/// What always holds: memory for what has not been understood yet is bounded by the limits, which are checked when a
/// length is announced, not when all of it has come. After an error, or after `stop`, nothing is handed out any more.
final class ReplyReader {
    private let reader: UnsafeMutablePointer<redisReader>
    private let functions: UnsafeMutablePointer<redisReplyObjectFunctions>
    private let limits: ReplyLimits
    var sink: any ReplySink
    private var problem: ReplyError?
    private var isStopped = false
    private var elements = 0
    private var totalBytes = 0

    /// hiredis moves what is left of its buffer to the front after each kilobyte of replies; pieces of this size keep what
    /// is moved small.
    private static let pieceBytes = 4 << 10
    /// `*2147483648` and its like: the digits of a length, a sign, and the end of the line.
    private static let longestLength = 24

    init(limits: ReplyLimits, sink: any ReplySink) {
        self.limits = limits
        self.sink = sink
        self.functions = .allocate(capacity: 1)
        self.functions.initialize(to: Self.callbacks)
        guard let reader = redisReaderCreateWithFunctions(self.functions) else {
            preconditionFailure("no memory for a parser")
        }
        self.reader = reader
        // Safety: hiredis calls back only inside of `redisReaderGetReply`, which is called only by this object.
        self.reader.pointee.privdata = Unmanaged.passUnretained(self).toOpaque()
    }

    deinit {
        redisReaderFree(self.reader)
        self.functions.deallocate()
    }

    /// Hands out nothing more, not even of the bytes that are being read now.
    func stop() { self.isStopped = true }

    /// Reads bytes; hands out the parts that they complete.
    func feed(_ bytes: UnsafeRawBufferPointer) throws(ReplyError) {
        var rest = bytes[...]
        while !rest.isEmpty, !self.isStopped {
            let piece = UnsafeRawBufferPointer(rebasing: rest.prefix(Self.pieceBytes))
            rest = rest.dropFirst(piece.count)
            // Safety: hiredis copies `count` bytes from a buffer that is valid for that many.
            let text = piece.baseAddress?.assumingMemoryBound(to: CChar.self)
            guard redisReaderFeed(self.reader, text, piece.count) == REDIS_OK else { throw self.failure() }
            try self.readReplies()
        }
    }

    private func readReplies() throws(ReplyError) {
        while !self.isStopped {
            var reply: UnsafeMutableRawPointer?
            guard redisReaderGetReply(self.reader, &reply) == REDIS_OK else {
                if self.isStopped { return }
                throw self.failure()
            }
            guard reply != nil else { return try self.judgeWhatWaits() }
            self.elements = 0
            self.totalBytes = 0
        }
    }

    private func failure() -> ReplyError {
        self.isStopped = true
        if let problem = self.problem { return problem }
        // Safety: hiredis ends its text with a zero inside of the array.
        let text = withUnsafeBytes(of: &self.reader.pointee.errstr) { text in
            String(decoding: text.prefix { $0 != 0 }, as: UTF8.self)
        }
        return .malformed(text)
    }

    // MARK: Limits

    /// hiredis would wait for as many bytes as it was promised.
    private func judgeWhatWaits() throws(ReplyError) {
        let (position, length) = (self.reader.pointee.pos, self.reader.pointee.len)
        let depth = Int(self.reader.pointee.ridx)
        guard length > position, depth >= 0, let buffer = self.reader.pointee.buf else { return }
        // Safety: hiredis's buffer holds `len` bytes, of which `pos` have been understood.
        let waiting = UnsafeRawBufferPointer(start: buffer + position, count: length - position)
        guard self.kind(at: depth) == REDIS_REPLY_STRING else {
            guard waiting.count <= self.limits.lineBytes else { throw self.refuse(.tooLarge) }
            return
        }
        let digits = waiting.prefix(Self.longestLength).prefix { $0 != 0x0D }
        guard digits.count < Self.longestLength else { throw self.refuse(.malformed("a length without an end")) }
        let isWhole = digits.count < waiting.count
        guard isWhole, let promised = Int(String(decoding: digits, as: UTF8.self)) else { return }
        if promised > self.limits.stringBytes || promised > self.limits.totalBytes - self.totalBytes {
            throw self.refuse(.tooLarge)
        }
    }

    private func refuse(_ problem: ReplyError) -> ReplyError {
        self.problem = problem
        return self.failure()
    }

    private func kind(at depth: Int) -> CInt {
        withUnsafeBytes(of: &self.reader.pointee.rstack) { stack in
            // Safety: hiredis's stack is an array of nine tasks, and `depth` is its own index.
            stack.load(fromByteOffset: depth * MemoryLayout<redisReadTask>.stride, as: redisReadTask.self).type
        }
    }

    /// Counts a part; `false` if it is one too many.
    private func admit(parts: Int, bytes: Int, longest: Int) -> Bool {
        if self.isStopped { return false }
        self.elements += 1
        self.totalBytes += bytes
        guard self.elements + parts <= self.limits.elements, bytes <= longest, self.totalBytes <= self.limits.totalBytes
        else {
            self.problem = .tooLarge
            return false
        }
        return true
    }

    // MARK: What hiredis calls

    private typealias Task = UnsafePointer<redisReadTask>

    private static let callbacks = redisReplyObjectFunctions(
        createString: { task, text, length in
            guard let task else { return nil }
            let bytes = UnsafeRawBufferPointer(start: text, count: length)
            return ReplyReader.of(task)._withUnsafeGuaranteedRef { $0.took(task, bytes) }
        },
        createArray: { task, count in
            guard let task else { return nil }
            return ReplyReader.of(task)._withUnsafeGuaranteedRef { $0.tookArray(task, Int(count)) }
        },
        createInteger: { task, number in
            guard let task else { return nil }
            return ReplyReader.of(task)._withUnsafeGuaranteedRef {
                $0.took(task, .integer(number), bytes: 0, longest: 0)
            }
        },
        createNil: { task in
            guard let task else { return nil }
            return ReplyReader.of(task)._withUnsafeGuaranteedRef { $0.took(task, .null, bytes: 0, longest: 0) }
        },
        freeObject: { _ in })

    private static func of(_ task: Task) -> Unmanaged<ReplyReader> {
        guard let context = task.pointee.privdata else { preconditionFailure("a task of nobody") }
        // Safety: the pointer is the reader that feeds hiredis right now, further up on this stack.
        return Unmanaged<ReplyReader>.fromOpaque(context)
    }

    private func took(_ task: Task, _ bytes: UnsafeRawBufferPointer) -> UnsafeMutableRawPointer? {
        switch task.pointee.type {
        case REDIS_REPLY_STRING:
            self.took(task, .bytes(bytes), bytes: bytes.count, longest: self.limits.stringBytes)
        case REDIS_REPLY_STATUS:
            self.took(task, .status(bytes), bytes: bytes.count, longest: self.limits.lineBytes)
        default:
            self.took(task, .refusal(bytes), bytes: bytes.count, longest: self.limits.lineBytes)
        }
    }

    /// - Returns: what hiredis holds for the object: any pointer but none, which means failure.
    private func took(
        _ task: Task, _ element: ReplyElement, bytes: Int, longest: Int
    ) -> UnsafeMutableRawPointer? {
        guard self.admit(parts: 0, bytes: bytes, longest: longest) else { return nil }
        self.sink.element(element, depth: Int(self.reader.pointee.ridx), index: Int(task.pointee.idx))
        return UnsafeMutableRawPointer(mutating: task)
    }

    private func tookArray(_ task: Task, _ count: Int) -> UnsafeMutableRawPointer? {
        guard self.admit(parts: count, bytes: 0, longest: 0) else { return nil }
        self.sink.arrayBegan(count: count, depth: Int(self.reader.pointee.ridx))
        return UnsafeMutableRawPointer(mutating: task)
    }
}
