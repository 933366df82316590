internal import Shared
internal import Wire

/// Comes into the hotel before a run: signs the users in, asks what they listen to and which rooms they may change.
///
/// Once for all workers, since logins are throttled and each costs the cluster as much as thousands of commands.
struct FrontDesk {
    private static let patience = 20.0
    private static let roomsPerPage = 100
    /// A run whose tokens end before it does would be cut off in the middle.
    private static let spareSeconds = 30.0

    private let plan: Plan
    private let access: HotelAccess
    private let server: BlockingServer

    /// Asks everything, one thing after the other; blocks, so never on a loop.
    static func brief(_ plan: Plan, _ access: HotelAccess) throws(Campaign.Failure) -> HotelBrief {
        var reasons: [String] = []
        for endpoint in plan.publishers {
            let server: BlockingServer
            do throws(SystemError) {
                server = try BlockingServer(endpoint, seconds: Self.patience)
            } catch {
                throw .hopeless("cannot begin: \(error)")
            }
            defer { server.stop() }
            // Any node will do: one that is gone does not matter.
            if let failure = server.reachability() {
                reasons.append("\(endpoint): \(failure.explanation)")
                continue
            }
            return try FrontDesk(plan: plan, access: access, server: server).brief()
        }
        throw .hopeless("no node can be reached: \(reasons.joined(separator: "; "))")
    }

    private func brief() throws(Campaign.Failure) -> HotelBrief {
        var brief = HotelBrief()
        var known: Set<String> = []
        var roomsByAudience: [[HotelBrief.Room]] = []
        for email in HotelAccess.users {
            let token = try self.login(email)
            let me = try self.get("/v1/me", token, email)
            guard let channel = Self.channel(me) else {
                throw .hopeless("\(email) may not listen to a channel of a tenant: /v1/me names none")
            }
            let pass = brief.passes.count
            let audience = brief.channels.firstIndex(of: channel) ?? brief.channels.count
            if audience == brief.channels.count {
                brief.channels.append(channel)
                roomsByAudience.append([])
            }
            brief.passes.append(HotelBrief.Pass(token: token, audience: audience))
            for room in try self.rooms(token, email, pass: pass) where known.insert(room.id).inserted {
                roomsByAudience[audience].append(room)
            }
        }
        brief.rooms = Self.interleaved(roomsByAudience)
        guard !brief.rooms.isEmpty else { throw .hopeless("there is no room that could be changed") }
        return brief
    }

    /// The audiences take turns for as long as each has rooms.
    static func interleaved(_ rooms: [[HotelBrief.Room]]) -> [HotelBrief.Room] {
        (0..<(rooms.map(\.count).max() ?? 0)).flatMap { place in rooms.compactMap { place < $0.count ? $0[place] : nil }
        }
    }

    private static func channel(_ me: JSONValue) -> String? {
        // Below it are those of a part of the tenant.
        (me["channels"]?.elements ?? []).compactMap(\.text).first { name in
            name.hasPrefix("private-tenant.") && name.split(separator: ".").count == 2
        }
    }

    // MARK: Signing in

    private func login(_ email: String) throws(Campaign.Failure) -> String {
        let body: JSONValue = [
            "email": .string(email), "password": .string(self.access.password), "client": "native",
        ]
        let response = try self.ask(ServerRequest(.post, "/v1/auth/login", json: body.serialized))
        switch response.status {
        case 200: break
        case 401:
            throw .hopeless(
                "\(email) cannot sign in: BELLHOP_DEMO_PASSWORD in \(self.access.file) is wrong, or there is no demo hotel"
            )
        case 429:
            let seconds = response.value(named: "retry-after") ?? "some"
            throw .hopeless("logins are throttled: try again in \(seconds) seconds")
        case let status: throw self.unexpected("POST /v1/auth/login", status)
        }
        guard let json = try? JSONValue(parsing: response.body), let token = json["access_token"]?.text,
            let expiry = json["expires_at"]?.text.flatMap({ Timestamp(rfc3339: $0) })
        else { throw .hopeless("the answer to the login of \(email) has no token") }
        let life = Double(expiry.milliseconds - SystemClock.now.milliseconds) / 1000
        let wanted = self.plan.warmupSeconds + self.plan.seconds + self.plan.graceSeconds + Self.spareSeconds
        guard life >= wanted else {
            throw .hopeless(
                "a token lives for \(NumberText.fixed(life, 0)) s and this run wants \(NumberText.fixed(wanted, 0)) s:"
                    + " shorten --seconds")
        }
        return token
    }

    // MARK: Rooms

    private func rooms(_ token: String, _ email: String, pass: Int) throws(Campaign.Failure) -> [HotelBrief.Room] {
        var rooms: [HotelBrief.Room] = []
        var page = "/v1/rooms?limit=\(Self.roomsPerPage)"
        while true {
            let json = try self.get(page, token, email)
            rooms += (json["items"]?.elements ?? []).compactMap { Self.room($0, pass: pass) }
            guard let next = json["next"]?.text else { return rooms }
            page = "/v1/rooms?limit=\(Self.roomsPerPage)&after=\(next)"
        }
    }

    /// `nil` for what is no room that a housekeeper cleans.
    private static func room(_ json: JSONValue, pass: Int) -> HotelBrief.Room? {
        guard let id = json["id"]?.text, let status = json["hk_status"]?.text, case .bool(false)? = json["is_pseudo"]
        else { return nil }
        return HotelBrief.Room(id: id, pass: pass, nextIsClean: status == "dirty" || status == "pickup")
    }

    // MARK: Asking

    private func get(_ path: String, _ token: String, _ email: String) throws(Campaign.Failure) -> JSONValue {
        let response = try self.ask(ServerRequest(.get, path, token: token))
        guard response.status == 200 else { throw self.unexpected("GET \(path) as \(email)", response.status) }
        guard let json = try? JSONValue(parsing: response.body) else {
            throw .hopeless("the answer to GET \(path) is no JSON")
        }
        return json
    }

    private func ask(_ request: ServerRequest) throws(Campaign.Failure) -> HTTPReceivedResponse {
        switch self.server.ask(request) {
        case .success(let response): return response
        case .failure(let failure):
            throw .hopeless("\(self.server.endpoint): \(failure.explanation)")
        }
    }

    private func unexpected(_ what: String, _ status: Int) -> Campaign.Failure {
        .hopeless("\(what) is answered with HTTP \(status) by \(self.server.endpoint)")
    }
}
