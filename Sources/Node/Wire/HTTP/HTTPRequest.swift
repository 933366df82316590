/// One request: an owned copy of its head, its fields found by position, and its body.
///
/// It may be sent to other threads. Path, query and fields are decoded when they are asked for.
package struct HTTPRequest: Sendable {
    /// The head's bytes, and behind them one `HTTPFieldSpan` per field: one allocation for everything.
    let storage: [UInt8]
    let head: HTTPHead
    /// The body, without its transfer coding; empty in a `.head` event.
    package internal(set) var body: [UInt8] = []

    init(_ head: HTTPHead, bytes: UnsafePointer<UInt8>, spans: UnsafePointer<HTTPFieldSpan>) {
        let count = Int(head.byteCount)
        let spanBytes = Int(head.fieldCount) &* MemoryLayout<HTTPFieldSpan>.stride
        self.head = head
        var storage: [UInt8] = []
        storage.reserveCapacity(count &+ spanBytes)
        storage.append(contentsOf: UnsafeBufferPointer(start: bytes, count: count))
        storage.append(contentsOf: UnsafeRawBufferPointer(start: spans, count: spanBytes))
        self.storage = storage
    }

    package var method: HTTPMethod { self.head.method }

    /// The method as it was sent.
    package var methodName: String {
        self.string(from: Int(self.head.methodStart), count: Int(self.head.methodCount))
    }

    /// Whether the request is HTTP/1.1; otherwise it is HTTP/1.0.
    package var isVersion11: Bool { self.head.traits.contains(.version11) }

    /// Whether the connection stays open after the answer. HTTP/1.0 is answered and closed.
    package var keepAlive: Bool {
        self.head.traits.contains(.version11) && !self.head.traits.contains(.close)
    }

    /// Whether the client asks for `Upgrade: websocket` in the form of RFC 6455 4.1: a GET in HTTP/1.1, without a body.
    package var wantsUpgrade: Bool {
        self.head.traits.isSuperset(of: [.version11, .connectionUpgrade, .upgradeWebSocket]) && self.method == .get
            && !self.head.announcesBody
    }

    /// Whether the client waits for `100 Continue` before it sends the body.
    package var expectsContinue: Bool {
        self.head.traits.contains(.expectsContinue) && self.head.announcesBody
    }

    /// The announced length of the body, `nil` when it comes in chunks or there is none.
    package var contentLength: Int? {
        self.head.traits.contains(.contentLength) ? self.head.contentLength : nil
    }

    /// The path, decoded. The parser has refused all that is not UTF-8, that has dot segments, or an escaped slash.
    package var path: String {
        self.withPath { path in
            guard self.head.traits.contains(.escapedPath) else { return String(decoding: path, as: UTF8.self) }
            return String(decoding: HTTPPath.decoded(path), as: UTF8.self)
        }
    }

    /// The path as it was sent.
    package var rawPath: String {
        self.string(from: Int(self.head.targetStart), count: Int(self.head.pathCount))
    }

    /// The query as it was sent, without the question mark; `nil` when there is no question mark.
    package var rawQuery: String? {
        guard self.head.traits.contains(.query) else { return nil }
        return self.string(from: self.queryStart, count: Int(self.head.queryCount))
    }

    /// The query's items in their order, decoded as form data.
    package var queryItems: [(name: String, value: String)] {
        var items: [(name: String, value: String)] = []
        self.withQuery { query in
            var start = 0
            while start < query.count {
                let end = query[start...].firstIndex(of: UInt8(ascii: "&")) ?? query.count
                let split = query[start..<end].firstIndex(of: UInt8(ascii: "=")) ?? end
                let name = UnsafeRawBufferPointer(rebasing: query[start..<split])
                let value = UnsafeRawBufferPointer(rebasing: query[min(split &+ 1, end)..<end])
                if start < end {
                    items.append((name: HTTPRequest.formDecoded(name), value: HTTPRequest.formDecoded(value)))
                }
                start = end &+ 1
            }
        }
        return items
    }

    /// The first query item of that name.
    package func queryValue(_ name: String) -> String? {
        self.withQuery { query in
            for item in query.split(separator: UInt8(ascii: "&")) {
                let split = item.firstIndex(of: UInt8(ascii: "=")) ?? item.endIndex
                guard HTTPRequest.says(query[item.startIndex..<split], name) else { continue }
                return HTTPRequest.formDecoded(
                    UnsafeRawBufferPointer(rebasing: query[min(split &+ 1, item.endIndex)..<item.endIndex]))
            }
            return nil
        }
    }

    private static func says(_ item: Slice<UnsafeRawBufferPointer>, _ name: String) -> Bool {
        guard self.isEscaped(item) else { return item.elementsEqual(name.utf8) }
        return self.formDecoded(UnsafeRawBufferPointer(rebasing: item)) == name
    }

    private static func isEscaped(_ bytes: some Sequence<UInt8>) -> Bool {
        bytes.contains { $0 == UInt8(ascii: "%") || $0 == UInt8(ascii: "+") }
    }

    private var queryStart: Int { Int(self.head.targetStart) &+ Int(self.head.pathCount) &+ 1 }

    private static func formDecoded(_ bytes: UnsafeRawBufferPointer) -> String {
        guard self.isEscaped(bytes) else { return String(decoding: bytes, as: UTF8.self) }
        return String(decoding: HTTPPath.decoded(bytes, plusIsSpace: true), as: UTF8.self)
    }

    /// Calls `body` with the path as it was sent.
    func withPath<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        self.withBytes(from: Int(self.head.targetStart), count: Int(self.head.pathCount), body)
    }

    /// Calls `body` with the query as it was sent; empty when there is none.
    func withQuery<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        self.withBytes(from: self.queryStart, count: Int(self.head.queryCount), body)
    }

    func withBytes<Result>(from start: Int, count: Int, _ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        self.storage.withUnsafeBytes { bytes in
            guard count > 0 else { return body(UnsafeRawBufferPointer(start: nil, count: 0)) }
            return body(UnsafeRawBufferPointer(rebasing: bytes[start..<(start &+ count)]))
        }
    }

    func string(from start: Int, count: Int) -> String {
        self.withBytes(from: start, count: count) { String(decoding: $0, as: UTF8.self) }
    }
}
