internal import Crypto
internal import Hotel
package import Ports
internal import Shared
internal import Wire

/// What lies below `/v1/auth` and `/v1/me`: signing in and out, and what a user is and has.
///
/// Below `/v1/auth` a browser sends its cookie by itself, so nothing is done there for a request that another site's page could
/// have made its visitor send: it must be JSON, which no form can send, and come from a page of ours. A request without `Origin` is
/// no page's; it is served only if it brings its own token, or asks for one.
package struct AuthResource: Sendable {
    private let service: IdentityService
    private let callers: TokenCallers
    private let directory: any ActorDirectory

    package init(service: IdentityService, callers: TokenCallers, directory: any ActorDirectory) {
        self.service = service
        self.callers = callers
        self.directory = directory
    }

    package static let tags = [
        RESTTag("Sign-in", "Tokens: how they are had, kept alive and given back."),
        RESTTag("Me", "The user that asks."),
    ]

    /// The lines of the table.
    package var operations: [RESTOperation] { self.signIn + self.me }

    private var signIn: [RESTOperation] {
        [
            .open(
                .post, "/v1/auth/login", id: "login",
                "Signs in. Pages get the refresh token as a cookie, other clients in the body.", tag: "Sign-in",
                effect: .repeatable, takes: LoginInput.self, answers: .reply(IssuedTokens.signedIn),
                refuses: Self.refusals + [.userSuspended, .tenantPending, .tenantSuspended]
            ) { try await self.login($0, $1) },
            .open(
                .post, "/v1/auth/refresh", id: "refresh", "Exchanges the refresh token, and gives an access token.",
                tag: "Sign-in", effect: .repeatable, takes: SessionInput.self,
                answers: .reply(IssuedTokens.refreshed),
                refuses: Self.refusals + [.userSuspended, .tenantPending, .tenantSuspended]
            ) { try await self.refresh($0, $1) },
            .open(
                .post, "/v1/auth/logout", id: "logout",
                "Ends the session of whatever the client holds, also if that is nothing any more.", tag: "Sign-in",
                effect: .repeatable, takes: SessionInput.self, answers: .nothingWithFields, refuses: Self.refusals
            ) { try await self.logout($0, $1) },
            RESTOperation(
                .post, "/v1/auth/password", id: "changePassword",
                "Changes the own password. All other sessions and all access tokens end.", tag: "Sign-in",
                permission: nil, effect: .repeatable, takes: PasswordInput.self,
                answers: .one(IssuedTokens.refreshed), refuses: [.forbidden, .outcomeUnknown]
            ) { try await self.password($0) },
        ]
    }

    private var me: [RESTOperation] {
        [
            RESTOperation(
                .get, "/v1/me", id: "getMe", "Who asks, what they may do where, and which channels they listen to.",
                tag: "Me", permission: nil, takes: RESTNoInput.self, answers: .one(Me.shape)
            ) { try await self.tellMe($0.caller) },
            RESTOperation(
                .get, "/v1/me/sessions", id: "listMySessions", "The own sessions that live, the newest first.",
                tag: "Me", permission: nil, takes: RESTNoInput.self, answers: .one(ListedSession.list)
            ) { try await self.sessions($0.caller) },
            RESTOperation(
                .delete, "/v1/me/sessions/{id:uuid}", id: "endMySession",
                "Ends one of the own sessions; ending it again changes nothing.", tag: "Me", permission: nil,
                effect: .repeatable, takes: EndSessionInput.self, answers: .nothing, refuses: [.outcomeUnknown]
            ) { try await self.endSession($0) },
        ]
    }

    private static let refusals: [RefusalCode] = [.unauthenticated, .forbidden, .outcomeUnknown]

    // MARK: below /v1/auth

    private func login(_ input: LoginInput, _ visit: RESTVisit) async throws -> RESTReply<IssuedTokens> {
        let origin = try Self.origin(visit)
        guard let email = input.body.email else { throw Refusal.field("email", .format) }
        // A page gets no refresh token to read, whatever it says that it is.
        let isNative = origin == .none && input.body.client == .native
        guard isNative || origin == .ours else { throw Refusal.wrongOrigin }
        let client = Self.client(visit, input.body.device ?? input.deviceCookie)
        let signedIn = try await self.service.login(email, Secret(input.body.password.utf8), from: client)
        let issued = IssuedTokens(
            accessToken: signedIn.accessToken, expiresAt: signedIn.expiresAt,
            refreshToken: isNative ? signedIn.refreshToken : nil, device: signedIn.device, profile: signedIn.profile)
        let cookies = [AuthCookies.set(signedIn.refreshToken), AuthCookies.set(signedIn.device)]
        return RESTReply(issued, fields: isNative ? [] : cookies)
    }

    private func refresh(_ input: SessionInput, _ visit: RESTVisit) async throws -> RESTReply<IssuedTokens> {
        let held = try Self.held(input, visit)
        guard let token = held.token else { throw Refusal(.unauthenticated) }
        let refreshed: Refreshed
        do throws(Refusal) {
            refreshed = try await self.service.refresh(token, from: held.client)
        } catch {
            // A cookie that is worth nothing would be sent again and again.
            let isWorthless = !held.isNative && error.code == .unauthenticated
            throw RefusalWithFields(refusal: error, fields: isWorthless ? AuthCookies.clearing : [])
        }
        let issued = IssuedTokens(
            accessToken: refreshed.accessToken, expiresAt: refreshed.expiresAt,
            refreshToken: held.isNative ? refreshed.refreshToken : nil)
        let cookies = refreshed.refreshToken.map { [AuthCookies.set($0)] } ?? []
        return RESTReply(issued, fields: held.isNative ? [] : cookies)
    }

    private func logout(_ input: SessionInput, _ visit: RESTVisit) async throws -> RESTReply<Void> {
        let held = try Self.held(input, visit)
        if let token = held.token { try await self.service.logout(token, from: held.client) }
        if let bearer = BearerToken.read(visit.http), let access = try? self.callers.token(bearer) {
            try await self.service.logout(access, from: held.client)
            self.callers.forget(session: access.session)
        }
        return RESTReply((), fields: held.isNative ? [] : AuthCookies.clearing)
    }

    private func password(_ request: RESTRequest<PasswordInput>) async throws -> IssuedTokens {
        // A page must be ours; who is none, brings the access token as everywhere.
        _ = try Self.origin(request.visit)
        let body = request.input.body
        let client = Self.client(request.visit, body.device ?? request.input.deviceCookie)
        let changed = try await self.service.changePassword(
            from: body.old, to: body.new, as: request.caller.token, from: client)
        self.callers.forget(user: request.caller.user)
        return IssuedTokens(accessToken: changed.accessToken, expiresAt: changed.expiresAt)
    }

    // MARK: below /v1/me

    private func tellMe(_ caller: RESTCaller) async throws -> Me {
        guard let profile = try await self.service.accounts.profile(of: caller.account) else {
            throw Refusal(.unauthenticated)
        }
        guard let tenant = caller.tenant else { return Me(caller, profile, in: nil) }
        guard let directory = try await self.directory.directory(of: tenant) else { throw Refusal(.unauthenticated) }
        return Me(caller, profile, in: directory)
    }

    private func sessions(_ caller: RESTCaller) async throws -> [ListedSession] {
        try await self.service.sessions(of: caller.token).map { session in
            ListedSession(session: session, isCurrent: session.id == caller.session)
        }
    }

    private func endSession(_ request: RESTRequest<EndSessionInput>) async throws {
        let client = Self.client(request.visit, nil)
        try await self.service.endSession(request.input.session, as: request.caller.token, from: client)
        self.callers.forget(session: request.input.session)
    }

    // MARK: who it is that asks

    private enum Origin { case none, ours }

    private static func origin(_ visit: RESTVisit) throws(Refusal) -> Origin {
        switch visit.origin {
        case .noOrigin: return .none
        case .sameOrigin, .allowed: return .ours
        case .refused: throw .wrongOrigin
        }
    }

    private static func client(_ visit: RESTVisit, _ device: DeviceID?) -> IdentityService.Client {
        // Those few whose socket did not say where they are count as one address.
        IdentityService.Client(address: visit.client?.address ?? .unknown, device: device)
    }

    private struct Held {
        let token: RefreshToken?
        let isNative: Bool
        let client: IdentityService.Client
    }

    /// What a refresh or a logout is about: the body's token of a client without a page, or the cookie of a page of ours.
    private static func held(_ input: SessionInput, _ visit: RESTVisit) throws(Refusal) -> Held {
        let client = self.client(visit, input.body.device ?? input.deviceCookie)
        switch try self.origin(visit) {
        case .none:
            // Without a page, a cookie proves nothing about who sends it.
            guard input.body.refreshToken != nil || BearerToken.read(visit.http) != nil else { throw .wrongOrigin }
            return Held(token: input.body.refreshToken, isNative: true, client: client)
        case .ours:
            guard input.body.refreshToken == nil else { throw .wrongOrigin }
            return Held(token: input.refreshCookie, isNative: false, client: client)
        }
    }
}
