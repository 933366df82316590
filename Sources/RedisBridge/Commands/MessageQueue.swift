/// Published messages that wait for a server to take them. Bounded in number and bytes; policy at the bound: the **oldest**
/// is dropped. A hint says how far its stream has come, so the newest makes up for all before it.
struct MessageQueue {
    private let limit: Int
    private let byteLimit: Int
    private var messages = Ring<[UInt8]>()
    private(set) var byteCount = 0

    init(limit: Int, byteLimit: Int) {
        self.limit = max(1, limit)
        self.byteLimit = byteLimit
    }

    var count: Int { self.messages.count }
    var isEmpty: Bool { self.messages.isEmpty }

    /// - Returns: how many were dropped for it; the message itself if it is longer than all may be together.
    mutating func append(_ message: [UInt8]) -> Int {
        guard message.count <= self.byteLimit else { return 1 }
        var dropped = 0
        while self.messages.count >= self.limit || self.byteCount + message.count > self.byteLimit {
            guard self.popFirst() != nil else { break }
            dropped += 1
        }
        self.messages.append(message)
        self.byteCount += message.count
        return dropped
    }

    mutating func popFirst() -> [UInt8]? {
        guard let message = self.messages.popFirst() else { return nil }
        self.byteCount -= message.count
        return message
    }

    /// - Returns: how many there were.
    mutating func removeAll() -> Int {
        defer {
            self.messages = Ring()
            self.byteCount = 0
        }
        return self.messages.count
    }
}
