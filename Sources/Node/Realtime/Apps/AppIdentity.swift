internal import Crypto
internal import Shared

/// What an app's back end has signed about a user, read (protocol, sections 4 and 6).
enum AppIdentity {
    /// Why it says nothing.
    enum Fault: Error, Equatable {
        case malformed(String)
        case tooLong(String)
    }

    /// Somebody as whom a socket has signed in.
    struct User {
        let id: String
        /// JSON, or empty.
        let info: [UInt8]
        /// The ids of the users whose coming and going is of interest.
        var watchlist: [String]
        /// Whether there were more than may be watched.
        var isTruncated: Bool
    }

    private static let longestText = 64 << 10
    private static let depth = 20
    static let longestWatchlist = 100
    /// Bytes of an id: what SDKs send is shorter.
    private static let longestID = 512

    /// Who comes into a presence channel, from `channel_data`.
    static func member(_ text: String) throws(Fault) -> PresenceMember {
        try self.read(text, "channel_data") { (reader) throws(Fault) in
            guard let slice = reader["user_id"], let id = self.id(slice, reader), !id.isEmpty else {
                throw .malformed("channel_data has no user_id")
            }
            let info = reader["user_info"].flatMap { $0.kind == .null ? nil : Array(reader.bytes(of: $0)) } ?? []
            guard let member = PresenceMember(id: id, info: info) else {
                throw .tooLong(
                    "user_id has more than \(PresenceMember.idCharacters) characters, or user_info more than \(PresenceMember.infoBytes) bytes"
                )
            }
            return member
        }
    }

    /// Who signs in, from `user_data`.
    static func user(_ text: String) throws(Fault) -> User {
        try self.read(text, "user_data") { (reader) throws(Fault) in
            guard let slice = reader["id"], let id = reader.text(of: slice), !id.isEmpty else {
                throw .malformed("user_data has no id, or one that is no string")
            }
            let info = reader["user_info"].flatMap { $0.kind == .object ? Array(reader.bytes(of: $0)) : nil } ?? []
            guard id.utf8.count <= self.longestID else { throw .tooLong("id is too long") }
            var user = User(id: id, info: info, watchlist: [], isTruncated: false)
            guard let list = reader["watchlist"], list.kind != .null else { return user }
            guard list.kind == .array, let items = try? reader.inside(list) else {
                throw .malformed("watchlist is no array")
            }
            var known: Set<String> = []
            for element in items.elements {
                guard let id = items.text(of: element), (1...self.longestID).contains(id.utf8.count) else {
                    throw .malformed("watchlist has something that is no user's id")
                }
                guard known.insert(id).inserted else { continue }
                guard known.count <= self.longestWatchlist else {
                    user.isTruncated = true
                    break
                }
                user.watchlist.append(id)
            }
            return user
        }
    }

    /// A string, or the decimal text of a number.
    private static func id(_ slice: JSONSlice, _ reader: JSONReader) -> String? {
        if let text = reader.text(of: slice) { return text }
        guard let number = reader.number(slice) else { return nil }
        return number.int64.map { "\($0)" } ?? String(decoding: reader.bytes(of: slice), as: UTF8.self)
    }

    private static func read<Value>(
        _ text: String, _ name: String, _ read: (JSONReader) throws(Fault) -> Value
    ) throws(Fault) -> Value {
        let bytes = Array(text.utf8)
        guard bytes.count <= self.longestText else { throw .tooLong("\(name) is too long") }
        let result = bytes.withUnsafeBytes { bytes -> Result<Value, Fault> in
            guard let reader = try? JSONReader(bytes, limits: JSONLimits(bytes: bytes.count, depth: self.depth)),
                reader.root.kind == .object
            else { return .failure(.malformed("\(name) is no JSON object")) }
            do throws(Fault) {
                return .success(try read(reader))
            } catch {
                return .failure(error)
            }
        }
        return try result.get()
    }
}
