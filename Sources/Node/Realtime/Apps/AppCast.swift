internal import Shared
internal import Wire

/// A share of an app's channels that travels together between nodes.
struct AppShare: Hashable, Sendable {
    /// The app's number on this node.
    let app: Int
    let share: UInt8

    init(app: Int, channel: String) {
        self.app = app
        self.share = AppChannel.share(of: channel)
    }
}

/// An event of an external app on its way between nodes: whom not to tell, the channel, and the message as clients read it, built
/// once.
struct AppCast {
    /// What the first byte says, which is the version, too.
    private enum Kind: UInt8 {
        case published = 1
        case passing = 2
    }

    private static let headBytes = 11

    /// The socket that is not told, because it is the sender; 0 for none.
    let except: UInt64
    let channel: String
    /// Whether a cache channel remembers it: what a back end published.
    let isRemembered: Bool
    /// Where the message begins in the bytes.
    let start: Int

    /// What a back end published.
    ///
    /// - Parameter event, data: JSON texts, taken over as they are.
    static func bytes(
        _ channel: String, event: UnsafeRawBufferPointer, data: UnsafeRawBufferPointer, except: UInt64 = 0
    ) -> [UInt8] {
        var bytes = self.head(.published, channel, room: event.count + data.count + 64, except: except)
        self.append(channel, event: event, data: data, to: &bytes)
        bytes.append(UInt8(ascii: "}"))
        return bytes
    }

    /// What a client told the others.
    ///
    /// - Parameter user: of the sender, in a presence channel.
    static func bytes(
        of event: PusherCommand.ClientEvent, by socket: UInt64, user: String?
    ) -> [UInt8] {
        let data = event.data ?? Array("null".utf8)
        var bytes = self.head(.passing, event.channel, room: data.count + 512, except: socket)
        JSONWriter.text { $0.string(event.name) }.withUnsafeBytes { name in
            data.withUnsafeBytes { self.append(event.channel, event: name, data: $0, to: &bytes) }
        }
        if let user {
            bytes.append(contentsOf: #","user_id":"#.utf8)
            bytes.append(contentsOf: JSONWriter.text { $0.string(user) })
        }
        bytes.append(UInt8(ascii: "}"))
        return bytes
    }

    /// How many subscribers there are: what stands before and behind the number.
    static func count(in channel: String) -> (head: [UInt8], tail: [UInt8]) {
        var head = self.head(.passing, channel, room: 160, except: 0)
        head.append(contentsOf: #"{"event":"pusher_internal:subscription_count","channel":""#.utf8)
        head.append(contentsOf: channel.utf8)
        head.append(contentsOf: #"","data":"{\"subscription_count\":"#.utf8)
        return (head, Array(#"}"}"#.utf8))
    }

    private static func head(_ kind: Kind, _ channel: String, room: Int, except: UInt64) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(Self.headBytes + 2 * channel.utf8.count + room)
        bytes.append(kind.rawValue)
        withUnsafeBytes(of: except.bigEndian) { bytes.append(contentsOf: $0) }
        withUnsafeBytes(of: UInt16(channel.utf8.count).bigEndian) { bytes.append(contentsOf: $0) }
        bytes.append(contentsOf: channel.utf8)
        return bytes
    }

    private static func append(
        _ channel: String, event: UnsafeRawBufferPointer, data: UnsafeRawBufferPointer, to bytes: inout [UInt8]
    ) {
        bytes.append(contentsOf: #"{"event":"#.utf8)
        bytes.append(contentsOf: event)
        // A channel's alphabet has nothing that JSON would escape.
        bytes.append(contentsOf: #","channel":""#.utf8)
        bytes.append(contentsOf: channel.utf8)
        bytes.append(contentsOf: #"","data":"#.utf8)
        bytes.append(contentsOf: data)
    }

    /// - Returns: `nil` for what no node of this version has sent.
    init?(reading bytes: UnsafeRawBufferPointer) {
        guard bytes.count > Self.headBytes, let kind = Kind(rawValue: bytes[0]) else { return nil }
        self.isRemembered = kind == .published
        self.except = UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 1, as: UInt64.self))
        let count = Int(UInt16(bigEndian: bytes.loadUnaligned(fromByteOffset: 9, as: UInt16.self)))
        guard bytes.count > Self.headBytes + count else { return nil }
        let name = UnsafeRawBufferPointer(rebasing: bytes[Self.headBytes..<Self.headBytes + count])
        self.channel = String(decoding: name, as: UTF8.self)
        self.start = Self.headBytes + count
    }

    /// The message in the bytes of a cast; empty if they are none.
    static func message(in bytes: [UInt8]) -> [UInt8] {
        bytes.withUnsafeBytes { bytes in AppCast(reading: bytes).map { Array(bytes[$0.start...]) } ?? [] }
    }
}
