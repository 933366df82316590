internal import Crypto
internal import Hotel
package import Ports
package import Shared
internal import Synchronization
package import Wire

/// `POST /broadcasting/auth` and `/broadcasting/user-auth`: signs subscriptions and sign-ins for pusher-js and Echo, which ask with
/// their bearer token.
package final class BroadcastingService: Sendable {
    package static let path = "/broadcasting/auth"
    package static let userPath = "/broadcasting/user-auth"
    /// So many questions are answered at once; a client that is told to come later does.
    private static let most = 256

    private let signing: ChannelSigning
    private let callers: TokenCallers
    private let directory: any ActorDirectory
    private let cors: CORSPolicy
    private let running = Atomic<Int>(0)

    package init(
        app: AppCredentials, callers: TokenCallers, directory: any ActorDirectory, cors: CORSPolicy
    ) {
        self.signing = ChannelSigning(app: app)
        self.callers = callers
        self.directory = directory
        self.cors = cors
    }

    /// Questions that have not been answered.
    package var unfinished: Int { self.running.load(ordering: .relaxed) }

    /// Says at once what can be said by the head alone; `nil`: it may be answered.
    ///
    /// - Parameter isSecure: whether the client came over TLS, as far as a trusted proxy says.
    package func refusal(of head: HTTPRequest, isSecure: Bool) -> HTTPResponse? {
        let verdict = self.cors.verdict(head, isSecure: isSecure)
        switch head.method {
        case .post: break
        case .options:
            if let preflight = self.cors.preflight(head, verdict: verdict, allow: "POST, OPTIONS") { return preflight }
            var response = HTTPResponse(status: .noContent)
            response.setField("Allow", "POST, OPTIONS")
            return response
        case .get, .head, .put, .patch, .delete, .trace, .other:
            var response = self.refuse(Refusal(.methodNotAllowed), verdict)
            response.setField("Allow", "POST, OPTIONS")
            return response
        }
        if verdict == .refused { return self.refuse(Refusal(.forbidden), verdict) }
        if BearerToken.read(head) == nil { return self.refuse(Refusal(.unauthenticated), verdict) }
        return nil
    }

    /// Signs, or says why not.
    package func answer(_ request: HTTPRequest, isSecure: Bool) async -> HTTPResponse {
        let verdict = self.cors.verdict(request, isSecure: isSecure)
        defer { self.running.subtract(1, ordering: .relaxed) }
        guard self.running.add(1, ordering: .relaxed).newValue <= Self.most else {
            return self.refuse(Refusal(.overloaded), verdict)
        }
        do throws(Refusal) {
            let body = try await self.sign(request)
            var response = HTTPResponse(status: .ok, contentType: "application/json", body: body)
            response.setField("Cache-Control", "no-store")
            self.cors.apply(verdict, to: &response)
            return response
        } catch {
            return self.refuse(error, verdict)
        }
    }

    private func sign(_ request: HTTPRequest) async throws(Refusal) -> [UInt8] {
        guard let token = BearerToken.read(request) else { throw Refusal(.unauthenticated) }
        let caller = try await self.callers.caller(bearing: token)
        if request.path == Self.userPath {
            return try self.signing.answer(
                userBody: request.body, contentType: request.value(.contentType), for: caller)
        }
        var directory: TenantDirectory?
        if let tenant = caller.tenant { directory = try await self.directory(of: tenant) }
        return try self.signing.answer(
            body: request.body, contentType: request.value(.contentType), for: caller, in: directory)
    }

    private func directory(of tenant: TenantID) async throws(Refusal) -> TenantDirectory? {
        do throws(StoreError) {
            return try await self.directory.directory(of: tenant)
        } catch {
            throw error.refusal
        }
    }

    private func refuse(_ refusal: Refusal, _ verdict: CORSPolicy.Verdict) -> HTTPResponse {
        var response = refusal.response(requestID: ID<Subject.Correlation>.new().description)
        response.setField("Cache-Control", "no-store")
        self.cors.apply(verdict, to: &response)
        return response
    }
}
