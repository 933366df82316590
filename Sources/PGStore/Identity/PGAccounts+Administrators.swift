package import Crypto
internal import Hotel
package import Ports
package import Shared

/// What came of the wish for a platform administrator.
package enum AdministratorAppointment: Equatable, Sendable {
    case made
    /// There is such a user of the platform; nothing was changed, the password neither.
    case there(isSuperAdmin: Bool)
    /// A tenant's user has the address; nothing was changed.
    case addressTaken
}

extension PGAccounts {
    /// Makes a platform super administrator who can sign in, unless there is a user with this address: the first of all
    /// accounts, which nobody who is signed in could make.
    package func appointAdministrator(
        _ email: LoginEmail, name: String, password: PasswordHash
    ) async throws(StoreError) -> AdministratorAppointment {
        let made: (appointment: AdministratorAppointment, news: [StreamNews])
        do throws(StoreError) {
            made = try await self.database.transaction(preamble: [.tenant(nil)]) { transaction throws(StoreError) in
                let made = try await Self.appoint(email, name, password, transaction)
                return made
            }
        } catch {
            // Somebody made the same at the same moment.
            guard case .refused("23505", _) = error, let found = try await self.administrator(email) else {
                throw error
            }
            return found
        }
        if !made.news.isEmpty { self.news(made.news) }
        return made.appointment
    }

    private func administrator(_ email: LoginEmail) async throws(StoreError) -> AdministratorAppointment? {
        let rows = try await self.database.read([.tenant(nil), Self.search(email)])
        return try Self.found(rows[1])
    }

    private static func search(_ email: LoginEmail) -> PGQuery {
        PGQuery(
            """
            SELECT l.tenant_id, EXISTS (SELECT FROM bellhop.role_assignment a \
            WHERE a.user_id = l.user_id AND a.built_in_role = 'super_admin') FROM bellhop.find_login($1) l
            """, .text(email.description))
    }

    private static func found(_ rows: PGRows) throws(StoreError) -> AdministratorAppointment? {
        guard let row = rows.first else { return nil }
        let (tenant, isSuperAdmin) = try row.read(UInt128.self, Bool.self)
        return tenant == 0 ? .there(isSuperAdmin: isSuperAdmin) : .addressTaken
    }

    private static func appoint(
        _ email: LoginEmail, _ name: String, _ password: PasswordHash, _ transaction: PGTransaction
    ) async throws(StoreError) -> (appointment: AdministratorAppointment, news: [StreamNews]) {
        let rows = try await transaction.run([self.search(email), .now])
        if let found = try self.found(rows[0]) {
            transaction.rollBack()
            return (found, [])
        }
        let user = TenantUser(.new(), of: nil)
        let view = UserView(
            id: user.id, name: name, email: email.description, roles: [Role.superAdmin.rawValue], status: .active)
        var log = IdentityAppend(user, by: .system, from: nil, at: try rows[1][0].read(0))
        log.add(.userCreated(view, tenant: nil), of: EntityReference("user", user.id, version: 1))
        let append = log.append
        let written = try await transaction.commit(with: [
            PGQuery(
                """
                INSERT INTO bellhop.app_user (tenant_id, id, email, name, status, password_hash) \
                VALUES (bellhop.platform(), $1, $2, $3, 'active', $4)
                """, .id(user.id), .text(email.description), .text(name), .text(password.stored)),
            PGQuery(
                """
                INSERT INTO bellhop.role_assignment (tenant_id, id, user_id, built_in_role) \
                VALUES (bellhop.platform(), $1, $2, 'super_admin')
                """, .id(RoleID.new()), .id(user.id)), append.query,
        ])
        return (.made, try append.read(written[2]))
    }
}
