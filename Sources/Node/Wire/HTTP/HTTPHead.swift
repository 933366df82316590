/// What a request's head says, as positions in its bytes: trivially copied, nothing is decoded yet.
struct HTTPHead: Sendable {
    /// What was learnt on the way through the head.
    struct Traits: OptionSet, Sendable {
        let rawValue: UInt16
        static let version11 = Traits(rawValue: 1 << 0)
        static let escapedPath = Traits(rawValue: 1 << 1)
        static let query = Traits(rawValue: 1 << 2)
        static let close = Traits(rawValue: 1 << 3)
        static let connectionUpgrade = Traits(rawValue: 1 << 4)
        static let upgradeWebSocket = Traits(rawValue: 1 << 5)
        static let expectsContinue = Traits(rawValue: 1 << 6)
        static let chunked = Traits(rawValue: 1 << 7)
        static let contentLength = Traits(rawValue: 1 << 8)
    }

    var traits: Traits = []
    var method = HTTPMethod.other
    var fieldCount: UInt8 = 0
    var methodStart: UInt16 = 0
    var methodCount: UInt16 = 0
    var targetStart: UInt16 = 0
    var pathCount: UInt16 = 0
    /// Without the question mark.
    var queryCount: UInt16 = 0
    /// The length of the whole head; the field spans are stored behind it.
    var byteCount: UInt16 = 0
    var contentLength = 0
    /// By raw value of `HTTPFieldName`: one more than the first such field's position, 0 for none.
    var index = InlineArray<21, UInt8>(repeating: 0)

    var announcesBody: Bool {
        self.traits.contains(.chunked) || self.contentLength > 0
    }
}
