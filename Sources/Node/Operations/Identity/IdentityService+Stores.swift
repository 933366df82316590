internal import Crypto
internal import Shared

// The calls of the stores and of the hasher, with what they fail of turned into what a client is refused with.
//
// One plain function each. A generic one that takes the call as an async closure with typed throws would be shorter, but the
// compiler (6.3.1) makes code of it that corrupts the caller's frame when several of them stand in one function.
extension IdentityService {
    func account(of email: LoginEmail, device: DeviceID?) async throws(IdentityRefusal) -> Account? {
        do throws(StoreError) {
            return try await self.accounts.account(of: email, device: device)
        } catch {
            throw IdentityRefusal(error)
        }
    }

    func account(of user: UserID) async throws(IdentityRefusal) -> Account? {
        do throws(StoreError) {
            return try await self.accounts.account(of: user)
        } catch {
            throw IdentityRefusal(error)
        }
    }

    func replace(_ replacement: PasswordReplacement) async throws(IdentityRefusal) -> ReplacedPassword? {
        do throws(StoreError) {
            return try await self.accounts.replacePassword(replacement)
        } catch {
            throw IdentityRefusal(error)
        }
    }

    func open(_ new: NewSession) async throws(IdentityRefusal) -> OpenedSession? {
        do throws(StoreError) {
            return try await self.sessions.open(new)
        } catch {
            throw IdentityRefusal(error)
        }
    }

    func decide(
        family: TokenHash, from client: Client,
        _ decide: @escaping @Sendable (inout StoredSession, Timestamp) -> SessionVerdict
    ) async throws(IdentityRefusal) -> SessionVerdict? {
        do throws(StoreError) {
            return try await self.sessions.decide(family: family, from: client.trace, decide)
        } catch {
            throw IdentityRefusal(error)
        }
    }

    func list(of user: UserID) async throws(IdentityRefusal) -> [UserSession] {
        do throws(StoreError) {
            return try await self.sessions.sessions(of: user)
        } catch {
            throw IdentityRefusal(error)
        }
    }

    /// - Returns: false if the user has no such session.
    func revoke(
        _ session: SessionID, of user: UserID, because reason: SessionEnd, from client: Client
    ) async throws(IdentityRefusal) -> Bool {
        do throws(StoreError) {
            return try await self.sessions.revoke(session, of: user, because: reason, from: client.trace)
        } catch {
            throw IdentityRefusal(error)
        }
    }

    func standing(of token: AccessToken) async throws(IdentityRefusal) -> AccountStanding? {
        do throws(StoreError) {
            return try await self.sessions.standing(of: token.session, user: token.user)
        } catch {
            throw IdentityRefusal(error)
        }
    }

    func hash(_ password: Secret) async throws(IdentityRefusal) -> PasswordHash {
        do throws(PasswordHasher.Refusal) {
            return try await self.hasher.hash(password)
        } catch {
            throw IdentityRefusal(error)
        }
    }
}
