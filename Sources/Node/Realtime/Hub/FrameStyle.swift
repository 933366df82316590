internal import Hotel
internal import Shared

/// How events are written for a subscriber: its protocol, and what of it is the same for everybody in a channel.
package enum FrameStyle: Hashable, Sendable {
    /// Pusher Channels: one text message per event, under the channel's name as it was subscribed.
    case pusher(channel: String)

    var channel: String {
        switch self {
        case .pusher(let channel): channel
        }
    }

    /// What stands between the event's name and its payload; built once per channel.
    var middle: [UInt8] {
        switch self {
        case .pusher(let channel):
            Array(#","channel":"#.utf8) + JSONWriter.text { $0.string(channel) } + Array(#","data":"#.utf8)
        }
    }
}

/// The name of an event on Pusher channels.
///
/// `room:status_changed` is `RoomStatusChanged`, unless the catalogue has another name for it (architecture 4).
package struct PusherEventNames: Sendable {
    private let aliases: [String: String]

    /// - Parameter aliases: the catalogue's own names, by canonical name.
    package init(aliases: [String: String] = [:]) { self.aliases = aliases }

    /// The hotel's own names.
    package static let catalogue = PusherEventNames(
        aliases: Dictionary(EventCatalogue.all.map { ($0.name, $0.pascal) }) { first, _ in first })

    package func name(of canonical: String) -> String { self.aliases[canonical] ?? Self.pascalCase(canonical) }

    private static func pascalCase(_ canonical: String) -> String {
        var name: [UInt8] = []
        var startsWord = true
        for byte in canonical.utf8 {
            switch byte {
            case UInt8(ascii: ":"), UInt8(ascii: "_"), UInt8(ascii: "."), UInt8(ascii: "-"): startsWord = true
            case UInt8(ascii: "a")...UInt8(ascii: "z") where startsWord:
                name.append(byte - 0x20)
                startsWord = false
            default:
                name.append(byte)
                startsWord = false
            }
        }
        return String(decoding: name, as: UTF8.self)
    }
}

/// The parts of one event's frames that all its channels share, each built when it is first needed and at most once.
///
/// A Pusher frame is `{"event":"Name"` + `,"channel":"…","data":` + `"escaped payload"` + `,"seq":N}`.
struct EventParts {
    private let names: PusherEventNames
    /// By canonical name; the catalogue is finite, and what else comes is bounded.
    private var heads: [String: [UInt8]] = [:]
    private static let mostHeads = 4096
    private(set) var head: [UInt8] = []
    private(set) var tail: [UInt8] = []
    private var payloads = [[UInt8]](repeating: [], count: LoggedEvent.mostProjections)
    private var built: UInt8 = 0

    init(names: PusherEventNames) { self.names = names }

    /// Turns to the next event.
    mutating func begin(_ event: LoggedEvent) {
        self.built = 0
        self.tail.removeAll(keepingCapacity: true)
        self.tail.append(contentsOf: #","seq":"#.utf8)
        self.tail.append(contentsOf: String(event.seq).utf8)
        self.tail.append(UInt8(ascii: "}"))
        if let head = self.heads[event.name] {
            self.head = head
        } else {
            self.head = Array(#"{"event":"#.utf8) + JSONWriter.text { $0.string(self.names.name(of: event.name)) }
            if self.heads.count < Self.mostHeads { self.heads[event.name] = self.head }
        }
    }

    /// Makes the payload of a projection ready.
    mutating func prepare(_ projection: Int, of event: LoggedEvent) {
        guard self.built & 1 << UInt8(projection) == 0 else { return }
        self.built |= 1 << UInt8(projection)
        self.payloads[projection].removeAll(keepingCapacity: self.payloads[projection].capacity <= 64 << 10)
        event.appendQuotedPayload(projection, to: &self.payloads[projection])
    }

    /// Appends the message; the projection is ready.
    func append(_ projection: Int, middle: [UInt8], to run: FrameRun) {
        let payload = self.payloads[projection]
        run.appendText(self.head, middle, payload, self.tail)
    }

    func append(_ projection: Int, middle: [UInt8], to bytes: inout [UInt8]) {
        bytes.append(contentsOf: self.head)
        bytes.append(contentsOf: middle)
        bytes.append(contentsOf: self.payloads[projection])
        bytes.append(contentsOf: self.tail)
    }
}
