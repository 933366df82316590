internal import Crypto
internal import Hotel
internal import Ports
internal import Shared

// The calls of the stores and of the hasher, with what they fail of turned into what a client is refused with.
//
// One plain function each. A generic one that takes the call as an async closure with typed throws would be shorter, and meets
// the fault of Swift 6.3.1 that README.md describes.
extension IdentityService {
    func account(of email: LoginEmail, device: DeviceID?) async throws(Refusal) -> Account? {
        do throws(StoreError) {
            return try await self.accounts.account(of: email, device: device)
        } catch {
            throw error.refusal
        }
    }

    func account(of user: TenantUser) async throws(Refusal) -> Account? {
        do throws(StoreError) {
            return try await self.accounts.account(of: user)
        } catch {
            throw error.refusal
        }
    }

    func replace(_ replacement: PasswordReplacement) async throws(Refusal) -> ReplacedPassword? {
        do throws(StoreError) {
            return try await self.accounts.replacePassword(replacement)
        } catch {
            throw error.refusal
        }
    }

    func open(_ new: NewSession) async throws(Refusal) -> OpenedSession? {
        do throws(StoreError) {
            return try await self.sessions.open(new)
        } catch {
            throw error.refusal
        }
    }

    func decide(
        family: TokenHash, from client: Client,
        _ decide: @escaping @Sendable (inout StoredSession, Timestamp) -> SessionVerdict
    ) async throws(Refusal) -> SessionVerdict? {
        do throws(StoreError) {
            return try await self.sessions.decide(family: family, from: client.trace, decide)
        } catch {
            throw error.refusal
        }
    }

    func list(of user: TenantUser) async throws(Refusal) -> [UserSession] {
        do throws(StoreError) {
            return try await self.sessions.sessions(of: user)
        } catch {
            throw error.refusal
        }
    }

    /// - Returns: false if the user has no such session.
    func revoke(
        _ session: SessionID, of user: TenantUser, because reason: SessionEnd, from client: Client
    ) async throws(Refusal) -> Bool {
        do throws(StoreError) {
            return try await self.sessions.revoke(session, of: user, because: reason, from: client.trace)
        } catch {
            throw error.refusal
        }
    }

    func hash(_ password: Secret) async throws(Refusal) -> PasswordHash {
        do throws(PasswordHasher.Refusal) {
            return try await self.hasher.hash(password)
        } catch {
            throw error.refusal
        }
    }
}
