internal import Crypto
internal import Shared

/// What a back end asks its app's HTTP API to tell, read and checked as a whole: of a call with a fault nothing is told
/// (protocol, section 10).
enum AppCall {
    /// Bytes of an event's data.
    static let longestData = 10_240
    private static let longestName = 200
    private static let mostChannels = 100
    private static let mostEvents = 10
    private static let depth = 64

    /// One event for some channels.
    struct Event: Equatable {
        /// JSON texts, for frames.
        let name: [UInt8]
        let data: [UInt8]
        let channels: [String]
        /// The socket that is not told; 0 for none.
        let except: UInt64
        /// What the back end wants to know of the channels.
        let info: AppInfo?
    }

    /// Why a call is refused.
    enum Fault: Error, Equatable {
        case malformed(String)
        case tooLarge
    }

    /// Reads the body of `POST /apps/{id}/events`.
    static func event(_ body: [UInt8], longestChannel: Int) throws(Fault) -> Event {
        try self.read(body) { (reader) throws(Fault) in try self.event(reader, longestChannel) }
    }

    /// Reads the body of `POST /apps/{id}/batch_events`.
    static func batch(_ body: [UInt8], longestChannel: Int) throws(Fault) -> [Event] {
        try self.read(body) { (reader) throws(Fault) in
            guard let slice = reader["batch"], slice.kind == .array, let list = try? reader.inside(slice) else {
                throw .malformed("batch is missing or no array")
            }
            guard (1...self.mostEvents).contains(list.elements.count) else {
                throw .malformed("a batch has 1 to \(self.mostEvents) events")
            }
            var events: [Event] = []
            for element in list.elements {
                guard element.kind == .object, let inner = try? list.inside(element) else {
                    throw .malformed("an event of the batch is no object")
                }
                events.append(try self.event(inner, longestChannel))
            }
            return events
        }
    }

    private static func read<Value>(
        _ body: [UInt8], _ read: (JSONReader) throws(Fault) -> Value
    ) throws(Fault) -> Value {
        let result = body.withUnsafeBytes { bytes -> Result<Value, Fault> in
            guard let reader = try? JSONReader(bytes, limits: JSONLimits(bytes: bytes.count, depth: self.depth)),
                reader.root.kind == .object
            else { return .failure(.malformed("the body is no JSON object")) }
            do throws(Fault) {
                return .success(try read(reader))
            } catch {
                return .failure(error)
            }
        }
        return try result.get()
    }

    private static func event(_ reader: JSONReader, _ longestChannel: Int) throws(Fault) -> Event {
        guard let slice = reader["name"], let name = reader.text(of: slice),
            (1...self.longestName).contains(name.unicodeScalars.count)
        else { throw .malformed("name is missing or not 1 to \(self.longestName) characters") }
        let data = try self.data(reader)
        let channels = try self.channels(reader, longestChannel)
        let info = try self.info(reader)
        guard info?.users != true || channels.allSatisfy({ $0.hasPrefix("presence-") }) else {
            throw .malformed("only presence channels have a user_count")
        }
        return Event(
            name: Array(reader.bytes(of: slice)), data: data, channels: channels, except: try self.sender(reader),
            info: info)
    }

    private static func info(_ reader: JSONReader) throws(Fault) -> AppInfo? {
        guard let slice = reader["info"], slice.kind != .null else { return nil }
        guard let text = reader.text(of: slice) else { throw .malformed("info is no string") }
        return text.isEmpty ? nil : try AppInfo(text)
    }

    /// The data as clients read it: a string, byte for byte; what is none is made one.
    private static func data(_ reader: JSONReader) throws(Fault) -> [UInt8] {
        guard let slice = reader["data"] else { throw .malformed("data is missing") }
        guard let text = reader.text(of: slice) else {
            let bytes = reader.bytes(of: slice)
            guard bytes.count <= self.longestData else { throw .tooLarge }
            return JSONWriter.text { $0.string(String(decoding: bytes, as: UTF8.self)) }
        }
        guard text.utf8.count <= self.longestData else { throw .tooLarge }
        return Array(reader.bytes(of: slice))
    }

    private static func channels(_ reader: JSONReader, _ longest: Int) throws(Fault) -> [String] {
        var names: [String] = []
        if let slice = reader["channels"], slice.kind != .null {
            guard slice.kind == .array, let list = try? reader.inside(slice) else {
                throw .malformed("channels is no array")
            }
            names = list.elements.compactMap { list.text(of: $0) }
            guard names.count == list.elements.count else { throw .malformed("a channel is no string") }
        } else if let slice = reader["channel"], let name = reader.text(of: slice) {
            names = [name]
        }
        guard (1...self.mostChannels).contains(names.count) else {
            throw .malformed("an event is for 1 to \(self.mostChannels) channels")
        }
        if names.count > 1 {
            var known: Set<String> = []
            known.reserveCapacity(names.count)
            names = names.filter { known.insert($0).inserted }
        }
        for name in names { try self.look(at: name, longest, isOnly: names.count == 1) }
        return names
    }

    private static func look(at name: String, _ longest: Int, isOnly: Bool) throws(Fault) {
        if name.hasPrefix("#") {
            guard PusherChannelName.user(ofChannel: name) != nil else {
                throw .malformed("a channel with # is no user's, or the user's id is empty or has other characters")
            }
            return
        }
        guard let channel = PusherChannelName(name, longest: longest) else {
            throw .malformed("a channel is not 1 to \(longest) characters of A-Z, a-z, 0-9 and _-=@,.;")
        }
        guard isOnly || !channel.isEncrypted else { throw .malformed("an encrypted channel is told alone") }
    }

    private static func sender(_ reader: JSONReader) throws(Fault) -> UInt64 {
        guard let slice = reader["socket_id"], slice.kind != .null else { return 0 }
        guard let text = reader.text(of: slice), let id = PusherSocketID(text) else {
            throw .malformed("socket_id is not digits, a dot and digits")
        }
        // One that no node of ours has given is nobody's.
        return id.number ?? 0
    }
}
