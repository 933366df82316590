internal import Crypto
internal import Hotel
internal import Shared

/// What a Pusher client sends to have a subscription signed: form data from pusher-js and Echo, JSON from others. Fields that
/// nobody here knows are the page's own.
struct ChannelAuthRequest: Equatable {
    let socket: PusherSocketID
    let channel: PusherChannelName

    init(body: [UInt8], contentType: String?) throws(Refusal) {
        let fields = try Fields(body: body, contentType: contentType)
        self.socket = try fields.socketID()
        guard let channel = fields.channel else { throw .field("channel_name", .required) }
        guard let name = PusherChannelName(channel) else { throw .field("channel_name", .format) }
        self.channel = name
    }

    /// The socket for which a sign-in is asked: there is no channel.
    static func socket(body: [UInt8], contentType: String?) throws(Refusal) -> PusherSocketID {
        try Fields(body: body, contentType: contentType).socketID()
    }
}

/// The fields of a request, as they came.
private struct Fields {
    let socket: String?
    let channel: String?

    init(body: [UInt8], contentType: String?) throws(Refusal) {
        guard body.count <= ChannelSigning.longestBody else { throw Refusal(.payloadTooLarge) }
        switch Self.mediaType(contentType) {
        case "application/x-www-form-urlencoded": try self.init(form: body)
        case "application/json": try self.init(json: body)
        default: throw Refusal(.unsupportedMediaType)
        }
    }

    func socketID() throws(Refusal) -> PusherSocketID {
        guard let socket = self.socket else { throw .field("socket_id", .required) }
        guard let id = PusherSocketID(socket) else { throw .field("socket_id", .format) }
        return id
    }

    private init(form body: [UInt8]) throws(Refusal) {
        guard let text = String(validating: body, as: UTF8.self), let query = RESTQuery(text) else {
            throw Refusal(.malformedRequest)
        }
        func field(_ name: String) throws(Refusal) -> String? {
            let values = query.items.filter { $0.name == name }.map(\.value)
            // What two readers could read differently is not signed.
            guard values.count < 2 else { throw .field(name, .repeated) }
            return values.first
        }
        self.socket = try field("socket_id")
        self.channel = try field("channel_name")
    }

    private init(json body: [UInt8]) throws(Refusal) {
        let fields: (socket: String?, channel: String?)?
        fields = body.withUnsafeBytes { bytes in
            guard let reader = try? JSONReader(bytes), reader.root.kind == .object else { return nil }
            return (
                reader["socket_id"].flatMap { reader.text(of: $0) },
                reader["channel_name"].flatMap { reader.text(of: $0) }
            )
        }
        guard let fields else { throw Refusal(.malformedJSON) }
        self.socket = fields.socket
        self.channel = fields.channel
    }

    private static func mediaType(_ contentType: String?) -> String {
        let type = (contentType ?? "").lowercased().prefix { $0 != ";" }
        return String(type.filter { $0 != " " && $0 != "\t" })
    }
}
