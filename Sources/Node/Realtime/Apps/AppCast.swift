internal import Shared

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
    private static let version: UInt8 = 1
    private static let headBytes = 11

    /// The socket that is not told, because it is the sender; 0 for none.
    let except: UInt64
    let channel: String
    /// Where the message begins in the bytes.
    let start: Int

    /// - Parameter event, data: JSON texts, taken over as they are.
    static func bytes(
        _ channel: String, event: UnsafeRawBufferPointer, data: UnsafeRawBufferPointer,
        except: UInt64 = 0
    ) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(Self.headBytes + 2 * channel.utf8.count + event.count + data.count + 64)
        bytes.append(Self.version)
        withUnsafeBytes(of: except.bigEndian) { bytes.append(contentsOf: $0) }
        withUnsafeBytes(of: UInt16(channel.utf8.count).bigEndian) { bytes.append(contentsOf: $0) }
        bytes.append(contentsOf: channel.utf8)
        bytes.append(contentsOf: #"{"event":"#.utf8)
        bytes.append(contentsOf: event)
        // A channel's alphabet has nothing that JSON would escape.
        bytes.append(contentsOf: #","channel":""#.utf8)
        bytes.append(contentsOf: channel.utf8)
        bytes.append(contentsOf: #"","data":"#.utf8)
        bytes.append(contentsOf: data)
        bytes.append(UInt8(ascii: "}"))
        return bytes
    }

    /// - Returns: `nil` for what no node of this version has sent.
    init?(reading bytes: UnsafeRawBufferPointer) {
        guard bytes.count > Self.headBytes, bytes[0] == Self.version else { return nil }
        self.except = UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 1, as: UInt64.self))
        let count = Int(UInt16(bigEndian: bytes.loadUnaligned(fromByteOffset: 9, as: UInt16.self)))
        guard bytes.count > Self.headBytes + count else { return nil }
        let name = UnsafeRawBufferPointer(rebasing: bytes[Self.headBytes..<Self.headBytes + count])
        self.channel = String(decoding: name, as: UTF8.self)
        self.start = Self.headBytes + count
    }
}
