internal import Crypto
internal import Hotel
internal import Shared

/// What a Pusher client sends to have a subscription signed: form data from pusher-js and Echo, JSON from others. Fields that
/// nobody here knows are the page's own.
struct ChannelAuthRequest: Equatable {
    let socket: PusherSocketID
    let channel: PusherChannelName

    init(body: [UInt8], contentType: String?) throws(Refusal) {
        guard body.count <= ChannelSigning.longestBody else { throw Refusal(.payloadTooLarge) }
        switch Self.mediaType(contentType) {
        case "application/x-www-form-urlencoded": try self.init(form: body)
        case "application/json": try self.init(json: body)
        default: throw Refusal(.unsupportedMediaType)
        }
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
        try self.init(socket: field("socket_id"), channel: field("channel_name"))
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
        try self.init(socket: fields.socket, channel: fields.channel)
    }

    private init(socket: String?, channel: String?) throws(Refusal) {
        guard let socket else { throw .field("socket_id", .required) }
        guard let channel else { throw .field("channel_name", .required) }
        guard let id = PusherSocketID(socket) else { throw .field("socket_id", .format) }
        guard let name = PusherChannelName(channel) else { throw .field("channel_name", .format) }
        self.socket = id
        self.channel = name
    }

    private static func mediaType(_ contentType: String?) -> String {
        let type = (contentType ?? "").lowercased().prefix { $0 != ";" }
        return String(type.filter { $0 != " " && $0 != "\t" })
    }
}
