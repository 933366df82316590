internal import Shared

/// Why a client's message is none of the protocol. The connection stays open: the client is told.
package enum PusherSyntaxError: Error, Equatable, Sendable {
    case notJSON
    case notAnObject
    /// There is no `event`, or it is no string.
    case eventMissing
    /// A field of `data`, or `data` itself, is missing or not what it has to be.
    case malformed(field: String)
    /// A command of the protocol's own name space that this server does not know.
    case unknownCommand(String)

    /// What the client reads in `pusher:error`; its code is `null`, since any number has a meaning to some client.
    package var message: String {
        switch self {
        case .notJSON: "The message is not JSON"
        case .notAnObject: "The message is not a JSON object"
        case .eventMissing: "The message has no event"
        case .malformed(let field): "The field \(field) is missing or malformed"
        case .unknownCommand(let name): "There is no command \(name)"
        }
    }
}

/// What a Pusher client says: one JSON object per text message (protocol 5 to 7).
package enum PusherCommand: Equatable, Sendable {
    case ping
    case pong
    case subscribe(Subscription)
    case unsubscribe(channel: String)
    /// - Parameters:
    ///   - auth: `KEY:SIGNATURE`.
    ///   - userData: the JSON text that was signed, as it came.
    case signIn(auth: String, userData: String)
    case clientEvent(ClientEvent)
    /// An event that is neither a command nor a client event: clients may not publish those.
    case foreign(name: String)

    /// A wish to hear a channel.
    package struct Subscription: Equatable, Sendable {
        package var channel: String
        /// `KEY:SIGNATURE`; `nil` also for the empty text that public channels come with.
        package var auth: String?
        /// The text that was signed with the channel, as it came; `nil` also for the empty text.
        package var channelData: String?
        /// The position after which the client wants to hear what it missed (our addition).
        package var since: Int64?
        /// The epoch of that position (our addition).
        package var epoch: Int64?
    }

    /// What a client says to the other members of a channel.
    package struct ClientEvent: Equatable, Sendable {
        package var name: String
        package var channel: String
        /// A JSON text, as it came: an object stays an object, a string a string. `nil` if there was none.
        package var data: [UInt8]?
    }

    /// Deeper nesting is no client's.
    private static let depth = 20

    /// Reads one message.
    package init(_ message: UnsafeRawBufferPointer) throws(PusherSyntaxError) {
        let reader: JSONReader
        do throws(JSONError) {
            reader = try JSONReader(message, limits: JSONLimits(bytes: message.count, depth: Self.depth))
        } catch {
            throw .notJSON
        }
        guard reader.root.kind == .object else { throw .notAnObject }
        guard let slice = reader["event"], let event = reader.text(of: slice) else { throw .eventMissing }
        switch event {
        // pysher sends an empty string as the data of these: nothing in it is looked at.
        case "pusher:ping": self = .ping
        case "pusher:pong": self = .pong
        case "pusher:subscribe":
            self = try Self.withData(of: reader) { (data) throws(PusherSyntaxError) in
                .subscribe(try Subscription(data))
            }
        case "pusher:unsubscribe":
            self = try Self.withData(of: reader) { (data) throws(PusherSyntaxError) in
                .unsubscribe(channel: try Self.required("channel", in: data))
            }
        case "pusher:signin":
            self = try Self.withData(of: reader) { (data) throws(PusherSyntaxError) in
                .signIn(auth: try Self.required("auth", in: data), userData: try Self.required("user_data", in: data))
            }
        case _ where event.hasPrefix("pusher:") || event.hasPrefix("pusher_internal:"):
            throw .unknownCommand(event)
        case _ where event.hasPrefix("client-"):
            let channel = try Self.required("channel", in: reader)
            let data = reader["data"].map { Array(reader.bytes(of: $0)) }
            self = .clientEvent(ClientEvent(name: event, channel: channel, data: data))
        default: self = .foreign(name: event)
        }
    }

    /// Lends the object in `data`. Some clients encode it twice: a string that holds an object is as good.
    private static func withData<Result>(
        of message: JSONReader, _ body: (JSONReader) throws(PusherSyntaxError) -> Result
    ) throws(PusherSyntaxError) -> Result {
        guard let slice = message["data"] else { throw .malformed(field: "data") }
        if slice.kind == .object { return try body(try self.object(message.bytes(of: slice))) }
        guard let text = message.text(of: slice) else { throw .malformed(field: "data") }
        let result = Array(text.utf8).withUnsafeBytes { bytes -> Swift.Result<Result, PusherSyntaxError> in
            do throws(PusherSyntaxError) {
                return .success(try body(try self.object(bytes)))
            } catch {
                return .failure(error)
            }
        }
        return try result.get()
    }

    private static func object(_ bytes: UnsafeRawBufferPointer) throws(PusherSyntaxError) -> JSONReader {
        do throws(JSONError) {
            let reader = try JSONReader(bytes, limits: JSONLimits(bytes: bytes.count, depth: self.depth))
            if reader.root.kind == .object { return reader }
        } catch {
            throw .malformed(field: "data")
        }
        throw .malformed(field: "data")
    }

    fileprivate static func required(
        _ name: StaticString, in object: JSONReader
    ) throws(PusherSyntaxError) -> String {
        guard let slice = object[name], let text = object.text(of: slice) else {
            throw .malformed(field: "\(name)")
        }
        return text
    }
}

extension PusherCommand.Subscription {
    fileprivate init(_ data: JSONReader) throws(PusherSyntaxError) {
        self.channel = try PusherCommand.required("channel", in: data)
        self.auth = try Self.text("auth", in: data)
        self.channelData = try Self.text("channel_data", in: data)
        self.since = try Self.position("since", in: data)
        self.epoch = try Self.position("epoch", in: data)
    }

    /// A text that may be missing; empty and `null` are as good as missing.
    private static func text(_ name: StaticString, in object: JSONReader) throws(PusherSyntaxError) -> String? {
        guard let slice = object[name], slice.kind != .null else { return nil }
        guard let text = object.text(of: slice) else { throw .malformed(field: "\(name)") }
        return text.isEmpty ? nil : text
    }

    private static func position(_ name: StaticString, in object: JSONReader) throws(PusherSyntaxError) -> Int64? {
        guard let slice = object[name], slice.kind != .null else { return nil }
        guard let value = object.number(slice)?.int64, value >= 0 else { throw .malformed(field: "\(name)") }
        return value
    }
}
