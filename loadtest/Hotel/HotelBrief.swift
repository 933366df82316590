internal import Shared

/// What the coordinator found in the hotel before the run and tells its workers: who they are there, what they listen to, which
/// rooms they may change.
struct HotelBrief: Equatable, Sendable {
    /// A user who has signed in.
    struct Pass: Equatable, Sendable {
        var token: String
        /// Everybody of an audience hears the same events.
        var audience: Int
    }

    struct Room: Equatable, Sendable {
        var id: String
        /// Who changes it.
        var pass: Int
        /// What the next change makes it: clean, else dirty.
        var nextIsClean: Bool
    }

    /// The channel of each audience.
    var channels: [String] = []
    var passes: [Pass] = []
    var rooms: [Room] = []

    func audience(of room: Room) -> Int { self.passes[room.pass].audience }

    /// One line of JSON.
    var encoded: String {
        let text = JSONWriter.text { json in
            json.object { json in
                json.array("channels") { json in for channel in self.channels { json.string(channel) } }
                json.array("passes") { json in
                    for pass in self.passes {
                        json.object { json in
                            json.member("token", pass.token)
                            json.member("audience", pass.audience)
                        }
                    }
                }
                json.array("rooms") { json in
                    for room in self.rooms {
                        json.object { json in
                            json.member("id", room.id)
                            json.member("pass", room.pass)
                            json.member("clean", room.nextIsClean)
                        }
                    }
                }
            }
        }
        return String(decoding: text, as: UTF8.self)
    }

    init() {}

    /// Reads ``encoded``; `nil` for anything else, also when it names a pass or an audience that is not there.
    init?(encoded: some StringProtocol) {
        guard let json = try? JSONValue(parsing: Array(encoded.utf8)) else { return nil }
        self.channels = (json["channels"]?.elements ?? []).compactMap(\.text)
        self.passes = (json["passes"]?.elements ?? []).compactMap { pass in
            guard let token = pass["token"]?.text, let audience = pass["audience"]?.integer else { return nil }
            return Pass(token: token, audience: Int(audience))
        }
        self.rooms = (json["rooms"]?.elements ?? []).compactMap { room in
            guard let id = room["id"]?.text, let pass = room["pass"]?.integer, case .bool(let clean)? = room["clean"]
            else { return nil }
            return Room(id: id, pass: Int(pass), nextIsClean: clean)
        }
        guard !self.passes.isEmpty, self.passes.allSatisfy({ self.channels.indices.contains($0.audience) }),
            self.rooms.allSatisfy({ self.passes.indices.contains($0.pass) })
        else { return nil }
    }
}

/// The cluster's answer to a command, as the commander tells everybody who waits for the event.
struct Confirmation: Equatable, Sendable {
    var number: UInt32
    var audience: Int
    /// When the command should have been sent, and when it was answered: monotonic nanoseconds.
    var due: UInt64
    var answered: UInt64
    /// The position of the stream from which the change is visible.
    var seq: Int64

    init(number: UInt32, audience: Int, due: UInt64, answered: UInt64, seq: Int64) {
        (self.number, self.audience, self.due, self.answered, self.seq) = (number, audience, due, answered, seq)
    }

    /// Five words.
    var encoded: String { "\(self.number) \(self.audience) \(self.due) \(self.answered) \(self.seq)" }

    init?(encoded: some StringProtocol) {
        let words = encoded.split(separator: " ", omittingEmptySubsequences: false)
        guard words.count == 5, let number = UInt32(words[0]), let audience = Int(words[1]), audience >= 0,
            let due = UInt64(words[2]), let answered = UInt64(words[3]), let seq = Int64(words[4])
        else { return nil }
        self.init(number: number, audience: audience, due: due, answered: answered, seq: seq)
    }
}
