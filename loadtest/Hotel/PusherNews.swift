internal import Shared

/// What a node says on a socket of the Pusher protocol, as far as the load tester has to know.
enum PusherNews: Equatable, Sendable {
    case established(socketID: String)
    case ping
    case subscribed(channel: String)
    case refused(status: Int)
    case error(code: Int)
    case event(HotelEvent)
    /// Ticks, pongs and what else may come.
    case other
    case damaged

    /// Reads one message.
    init(_ message: UnsafeRawBufferPointer) {
        guard let reader = try? JSONReader(message), let slice = reader["event"], let event = reader.text(of: slice)
        else {
            self = .damaged
            return
        }
        let channel = reader["channel"].flatMap { reader.text(of: $0) }
        switch event {
        case "pusher:connection_established":
            self = Self.data(of: reader)["socket_id"]?.text.map { .established(socketID: $0) } ?? .damaged
        case "pusher:ping": self = .ping
        case "pusher_internal:subscription_succeeded": self = channel.map { .subscribed(channel: $0) } ?? .damaged
        case "pusher:subscription_error":
            self = .refused(status: Int(Self.data(of: reader)["status"]?.integer ?? 0))
        case "pusher:error": self = .error(code: Int(Self.data(of: reader)["code"]?.integer ?? 0))
        case _ where event.hasPrefix("pusher:") || event.hasPrefix("pusher_internal:") || event.hasPrefix("bellhop:"):
            self = .other
        default:
            guard let channel, let seq = reader["seq"].flatMap({ reader.number($0)?.int64 }) else {
                // What is told without a place in the stream may be missed.
                self = .other
                return
            }
            let key = Self.data(of: reader)["meta"]?["op_id"]?.text
            self = .event(HotelEvent(name: event, channel: channel, seq: seq, stamp: key.flatMap { CommandStamp($0) }))
        }
    }

    /// The data, which is an object or a string that holds one.
    private static func data(of reader: JSONReader) -> JSONValue {
        guard let slice = reader["data"] else { return .null }
        if slice.kind == .string, let text = reader.text(of: slice) {
            return (try? JSONValue(parsing: Array(text.utf8))) ?? .null
        }
        return (try? JSONValue(parsing: reader.bytes(of: slice))) ?? .null
    }
}

/// An event of the hotel's log, as a socket hears it.
struct HotelEvent: Equatable, Sendable {
    var name: String
    var channel: String
    var seq: Int64
    /// Of the command that it tells of; `nil` if that is not the load tester's.
    var stamp: CommandStamp?
    /// The one event that every change of a room has; others may go with it.
    static let change = "RoomStatusChanged"
}

/// Reads messages, each text only once: all sockets of a channel are told the same bytes, most often one right after the other.
struct PusherNewsReader {
    private static let depth = 16
    private var recent: [(bytes: [UInt8], news: PusherNews)] = []
    private var next = 0

    mutating func read(_ message: UnsafeRawBufferPointer) -> PusherNews {
        for known in self.recent where known.bytes.count == message.count {
            if known.bytes.withUnsafeBytes({ $0.elementsEqual(message) }) { return known.news }
        }
        let news = PusherNews(message)
        guard case .event = news else { return news }
        let entry = (bytes: Array(message), news: news)
        if self.recent.count < Self.depth {
            self.recent.append(entry)
        } else {
            self.recent[self.next] = entry
            self.next = (self.next + 1) % Self.depth
        }
        return news
    }
}
