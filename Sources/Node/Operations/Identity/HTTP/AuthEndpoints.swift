internal import Crypto
package import Shared
package import Wire

/// Answers what lies below `/v1/auth`, and a user's own sessions.
///
/// Below `/v1/auth` a browser sends its cookie by itself, so nothing is done there for a request that another site's page could
/// have made its visitor send: it must be JSON, which no form can send, and come from a page of ours. A request without `Origin` is
/// no page's; it is served only if it brings its own token, or asks for one.
package struct AuthEndpoints: Sendable {
    /// One case per method and path; the tables of routes are made of it.
    package enum Endpoint: Equatable, Sendable {
        /// `POST /v1/auth/login`
        case login
        /// `POST /v1/auth/refresh`
        case refresh
        /// `POST /v1/auth/logout`
        case logout
        /// `POST /v1/auth/password`
        case password
        /// `GET /v1/me/sessions`
        case sessions
        /// `DELETE /v1/me/sessions/{id}`; `nil` stands for what is no id.
        case endSession(SessionID?)
    }

    /// More than any of these bodies needs.
    package static let longestBody = 8192

    private let service: IdentityService
    private let cors: CORSPolicy

    package init(service: IdentityService, cors: CORSPolicy) {
        self.service = service
        self.cors = cors
    }

    /// Answers a request. Never on an event loop's thread for long: it waits only where it suspends.
    ///
    /// - Parameters:
    ///   - client: as the trusted proxies have it.
    ///   - now: the node's clock, by which access tokens expire.
    package func answer(
        _ endpoint: Endpoint, _ request: HTTPRequest, from client: ClientAddress, now: Timestamp
    ) async -> HTTPResponse {
        do throws(IdentityRefusal) {
            let call = Call(request: request, client: client, now: now, cookies: AuthCookies.read(request))
            switch endpoint {
            case .login: return try await self.login(call)
            case .refresh: return try await self.refresh(call)
            case .logout: return try await self.logout(call)
            case .password: return try await self.password(call)
            case .sessions: return try await self.sessions(call)
            case .endSession(let session): return try await self.endSession(session, call)
            }
        } catch {
            return error.response
        }
    }

    /// One request with what was read of it.
    private struct Call {
        let request: HTTPRequest
        let client: ClientAddress
        let now: Timestamp
        let cookies: AuthCookies.Sent

        func client(device: DeviceID?) -> IdentityService.Client {
            IdentityService.Client(address: self.client.address, device: device ?? self.cookies.device)
        }

        /// RFC 6750 2.1: the token of `Authorization: Bearer`.
        var bearer: String? {
            guard let value = self.request.value(.authorization), value.utf8.count < 4096 else { return nil }
            let parts = value.split(separator: " ", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2, parts[0].lowercased() == "bearer" else { return nil }
            return String(parts[1])
        }
    }

    // MARK: below /v1/auth

    private func login(_ call: Call) async throws(IdentityRefusal) -> HTTPResponse {
        let origin = try self.origin(call)
        let body: LoginRequest = try self.body(call)
        guard let email = body.email else { throw .malformed }
        // A page gets no refresh token to read, whatever it says that it is.
        let isNative = origin == .none && body.client == .native
        guard isNative || origin == .ours else { throw .wrongOrigin }
        let client = call.client(device: body.device)
        let signedIn = try await self.service.login(email, Secret(body.password.utf8), from: client)
        var response = self.answer { json in
            json.member("access_token", signedIn.accessToken)
            json.member("expires_at", signedIn.expiresAt.description)
            if isNative { json.member("refresh_token", signedIn.refreshToken.text) }
            json.member("device_id", signedIn.device.description)
            signedIn.profile.write(to: &json)
        }
        if !isNative {
            AuthCookies.set(signedIn.refreshToken, on: &response)
            AuthCookies.set(signedIn.device, on: &response)
        }
        return response
    }

    private func refresh(_ call: Call) async throws(IdentityRefusal) -> HTTPResponse {
        let (token, isNative, device) = try self.session(call)
        guard let token else { throw .unauthenticated }
        let refreshed: Refreshed
        do throws(IdentityRefusal) {
            refreshed = try await self.service.refresh(token, from: call.client(device: device))
        } catch {
            // A cookie that is worth nothing would be sent again and again.
            return self.refusal(error, clearingCookie: !isNative && error == .unauthenticated)
        }
        var response = self.answer { json in
            json.member("access_token", refreshed.accessToken)
            json.member("expires_at", refreshed.expiresAt.description)
            if isNative, let next = refreshed.refreshToken { json.member("refresh_token", next.text) }
        }
        if !isNative, let next = refreshed.refreshToken { AuthCookies.set(next, on: &response) }
        return response
    }

    /// Ends the session of whatever the client holds, and succeeds also if that was nothing any more.
    private func logout(_ call: Call) async throws(IdentityRefusal) -> HTTPResponse {
        let (token, isNative, device) = try self.session(call)
        let client = call.client(device: device)
        if let token { try await self.service.logout(token, from: client) }
        if let bearer = call.bearer, let access = try? self.service.token(bearer, now: call.now) {
            try await self.service.logout(access, from: client)
        }
        var response = HTTPResponse(status: .noContent)
        response.setField("Cache-Control", "no-store")
        if !isNative { AuthCookies.clear(on: &response) }
        return response
    }

    private func password(_ call: Call) async throws(IdentityRefusal) -> HTTPResponse {
        // A page must be ours; who is none, brings the access token as everywhere.
        _ = try self.origin(call)
        let access = try self.service.token(call.bearer, now: call.now)
        let body: PasswordRequest = try self.body(call)
        let changed = try await self.service.changePassword(
            from: body.old, to: body.new, as: access, from: call.client(device: body.device))
        return self.answer { json in
            json.member("access_token", changed.accessToken)
            json.member("expires_at", changed.expiresAt.description)
        }
    }

    /// What a refresh or a logout is about: the body's token of a client without a page, or the cookie of a page of ours.
    private func session(
        _ call: Call
    ) throws(IdentityRefusal) -> (token: RefreshToken?, isNative: Bool, device: DeviceID?) {
        let origin = try self.origin(call)
        let body: SessionRequest = try self.body(call)
        switch origin {
        case .none:
            // Without a page, a cookie proves nothing about who sends it.
            guard body.refreshToken != nil || call.bearer != nil else { throw .wrongOrigin }
            return (body.refreshToken, true, body.device)
        case .ours:
            guard body.refreshToken == nil else { throw .wrongOrigin }
            return (call.cookies.refresh, false, body.device)
        }
    }

    // MARK: the user's sessions

    private func sessions(_ call: Call) async throws(IdentityRefusal) -> HTTPResponse {
        let access = try self.service.token(call.bearer, now: call.now)
        let sessions = try await self.service.sessions(of: access)
        return self.answer { json in
            json.array("items") { json in
                for session in sessions {
                    json.object { session.write(isCurrent: session.id == access.session, to: &$0) }
                }
            }
        }
    }

    private func endSession(_ session: SessionID?, _ call: Call) async throws(IdentityRefusal) -> HTTPResponse {
        let access = try self.service.token(call.bearer, now: call.now)
        guard let session else { throw .notFound }
        try await self.service.endSession(session, as: access, from: call.client(device: nil))
        var response = HTTPResponse(status: .noContent)
        response.setField("Cache-Control", "no-store")
        return response
    }

    // MARK: reading and writing

    private enum Origin { case none, ours }

    private func origin(_ call: Call) throws(IdentityRefusal) -> Origin {
        switch self.cors.verdict(call.request, isSecure: call.client.isSecure) {
        case .noOrigin: return .none
        case .sameOrigin, .allowed: return .ours
        case .refused: throw .wrongOrigin
        }
    }

    private func body<Body: JSONDecodable>(_ call: Call) throws(IdentityRefusal) -> Body {
        let type = call.request.value(.contentType)?.lowercased() ?? ""
        // RFC 8259 11: parameters mean nothing here.
        guard type == "application/json" || type.hasPrefix("application/json;") else { throw .notJSON }
        guard call.request.body.count <= Self.longestBody else { throw .tooLarge }
        let json: JSONValue
        do throws(JSONError) {
            json = try JSONValue(parsing: call.request.body, limits: JSONLimits(bytes: Self.longestBody, depth: 4))
        } catch {
            throw .malformed
        }
        do throws(JSONFieldErrors) {
            return try Body.decode(json)
        } catch {
            throw .fields(error)
        }
    }

    private func answer(_ members: (inout JSONWriter) -> Void) -> HTTPResponse {
        let body = JSONWriter.text { $0.object(members) }
        var response = HTTPResponse(status: .ok, contentType: "application/json", body: body)
        response.setField("Cache-Control", "no-store")
        return response
    }

    private func refusal(_ refusal: IdentityRefusal, clearingCookie: Bool) -> HTTPResponse {
        var response = refusal.response
        if clearingCookie { AuthCookies.clear(on: &response) }
        return response
    }
}

extension UserProfile {
    fileprivate func write(to json: inout JSONWriter) {
        json.object("user") { json in
            json.member("id", self.id.description)
            json.member("name", self.name)
            json.member("email", self.email.description)
            json.member("tenant_id", self.tenant?.description)
            json.array("roles") { json in for role in self.roles { json.string(role) } }
            json.array("permissions") { json in for permission in self.permissions { json.string(permission) } }
            json.array("properties") { json in for property in self.properties { json.string(property.description) } }
        }
    }
}

extension UserSession {
    fileprivate func write(isCurrent: Bool, to json: inout JSONWriter) {
        json.member("id", self.id.description)
        json.member("device_id", self.device.description)
        json.member("started_at", self.startedAt.description)
        json.member("last_used_at", self.lastUsedAt.description)
        json.member("expires_at", self.expiresAt.description)
        json.member("address", self.address)
        json.member("current", isCurrent)
    }
}
