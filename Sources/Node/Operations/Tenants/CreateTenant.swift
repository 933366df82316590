package import Crypto
package import Hotel
package import Ports
package import Shared

/// What is said of a tenant who is to be made.
package struct NewTenant: Sendable {
    package let name: Name
    package let slug: TenantSlug
    package let contactEmail: EmailAddress
    package var legalName: Name?
    package var phone: PhoneNumber?
    package var billingEmail: EmailAddress?
    package var currency = CurrencyCode.placeholder
    package var planName: Label?
    package var planMonthlyPrice: String?

    package init(name: Name, slug: TenantSlug, contactEmail: EmailAddress) {
        self.name = name
        self.slug = slug
        self.contactEmail = contactEmail
    }

    func record(_ id: TenantID, now: Timestamp) -> TenantRecord {
        var tenant = TenantRecord(
            id: id, name: self.name.text, slug: self.slug.text, status: .pending, contactEmail: self.contactEmail.text,
            currency: self.currency.text, createdAt: now, updatedAt: now)
        (tenant.legalName, tenant.phone) = (self.legalName?.text, self.phone?.text)
        (tenant.billingEmail, tenant.planName) = (self.billingEmail?.text, self.planName?.text)
        tenant.planMonthlyPrice = self.planMonthlyPrice
        return tenant
    }
}

extension TenantSlug {
    /// What a tenant of this name may be called in links; `nil` where the name has too little of what a link may hold.
    package init?(from name: Name) {
        var text = ""
        for byte in name.text.lowercased().utf8 {
            let isWord = (0x61...0x7A).contains(byte) || (0x30...0x39).contains(byte)
            if isWord {
                text.unicodeScalars.append(Unicode.Scalar(byte))
            } else if !text.isEmpty, !text.hasSuffix("-") {
                text += "-"
            }
        }
        text = String(text.prefix(Self.length.upperBound))
        while text.hasSuffix("-") { text.removeLast() }
        self.init(text)
    }
}

extension Refusal {
    /// What a constraint says about tenants.
    fileprivate static func ofTakenTenant(_ constraint: String) -> Refusal? {
        constraint == "tenant_slug_key" ? .field("slug", .taken) : nil
    }
}

/// Platform staff open a tenant and invite its owner. The origin's tenant is the one that is made.
package final class CreateTenant: HotelCommand {
    package let tenant: TenantID
    package let new: NewTenant
    package let owner: NewUser
    /// Of the link by which the owner sets a password.
    package let token: TokenHash

    package init(_ tenant: TenantID, _ new: NewTenant, owner: NewUser, token: TokenHash) {
        self.tenant = tenant
        self.new = new
        self.owner = owner
        self.token = token
    }

    package var action: String { "tenant:create" }
    package var subject: EntityReference? { EntityReference("tenant", self.tenant) }

    package func refusal(ofTaken constraint: String) -> Refusal? {
        if constraint == "app_user_email" { return .field("owner.email", .taken) }
        return .ofTakenTenant(constraint)
    }

    /// The id of the tenant that an operation makes: a repeat of it finds what the first attempt has made.
    package static func id(by actor: UserID, under key: OperationID) -> TenantID {
        let digest = Array("tenant\(actor)\(key)".utf8).withUnsafeBytes { SHA256.hash($0) }
        var raw: UInt128 = 0
        digest.span.withUnsafeBytes { bytes in
            for byte in bytes.prefix(16) { raw = raw &<< 8 | UInt128(byte) }
        }
        // Version 8 (RFC 9562 5.8): made of something else than time and chance.
        raw &= ~(UInt128(0xF) &<< 76 | UInt128(0b11) &<< 62)
        return TenantID(raw: raw | UInt128(8) &<< 76 | UInt128(0b10) &<< 62)
    }

    package func decide(at desk: any CommandDesk) async throws(StoreError) -> CommandVerdict {
        // Only an operation so old that it is forgotten finds its tenant.
        let found = try await desk.tenant()
        guard found == nil else { return .refused(Refusal(.operationMismatch)) }
        return self.decide(desk)
    }

    private func decide(_ desk: any CommandDesk) -> CommandVerdict {
        do throws(Refusal) {
            let decision = try TenantMachine.decide(nil, .create, by: desk.origin.actor, self.tenant)
            let now = desk.now
            let ground = UserGround(
                directory: TenantDirectory(self.tenant, status: decision.after, properties: [:]),
                company: self.new.name.text, roles: [])
            let roles = [RoleAssignment(.tenantOwner)]
            let invitation = try UserMachine.decide(
                nil, .invite, by: desk.origin.actor, ManagedUser(self.owner.id, roles, in: ground.directory))
            let link = UserLink.new(.invitation, self.token, now: now)
            var owner = self.owner.record(roles, now: now)
            owner.linkExpiresAt = link.expiresAt
            var record = self.new.record(self.tenant, now: now)
            record.status = decision.after
            (record.approvedAt, record.approvedBy) = (now, desk.origin.actor.id.map { UserID(raw: $0) })
            record.owner = TenantRecord.Owner(id: owner.id, name: owner.name, status: owner.status)
            record.usersCount = 1
            var change = TenantChange(nil, to: record, desk.origin, now: now)
            change.tell(decision)
            var account = AccountChange(nil, to: owner, ground, desk.origin, now: now)
            account.tell(invitation)
            desk.add(record)
            desk.add(owner)
            desk.keep(link: link, of: owner.id)
            let told = account.decidedEvents()
            return .decided(
                change.decision(self.action, told, [account.auditRow("user:invite", event: told.first?.id)]))
        } catch {
            return .refused(error)
        }
    }
}

/// Somebody corrects what is known of a tenant: platform staff, or whoever may within it.
package final class EditTenant: HotelCommand {
    /// What is to be different.
    package struct Edit: Sendable {
        package var name: Name?
        package var contactEmail: EmailAddress?
        package var currency: CurrencyCode?
        package var legalName = JSONChange<Name>.untouched
        package var phone = JSONChange<PhoneNumber>.untouched
        package var billingEmail = JSONChange<EmailAddress>.untouched
        // For the platform's staff alone.
        package var slug: TenantSlug?
        package var planName = JSONChange<Label>.untouched
        package var planMonthlyPrice = JSONChange<String>.untouched

        package init() {}

        /// The first field that a tenant does not change by itself.
        var reserved: String? {
            if self.slug != nil { return "slug" }
            if self.planName != .untouched { return "plan_name" }
            return self.planMonthlyPrice != .untouched ? "plan_monthly_price" : nil
        }

        func applied(to tenant: TenantRecord) -> TenantRecord {
            var tenant = tenant
            if let name = self.name { tenant.name = name.text }
            if let email = self.contactEmail { tenant.contactEmail = email.text }
            if let currency = self.currency { tenant.currency = currency.text }
            if let slug = self.slug { tenant.slug = slug.text }
            tenant.legalName = self.legalName.applied(to: tenant.legalName, \.text)
            tenant.phone = self.phone.applied(to: tenant.phone, \.text)
            tenant.billingEmail = self.billingEmail.applied(to: tenant.billingEmail, \.text)
            tenant.planName = self.planName.applied(to: tenant.planName, \.text)
            tenant.planMonthlyPrice = self.planMonthlyPrice.applied(to: tenant.planMonthlyPrice, \.self)
            return tenant
        }
    }

    package let tenant: TenantID
    package let edit: Edit
    /// The version that the sender has seen; `nil`: whatever holds.
    package let expected: Int64?

    package init(_ tenant: TenantID, _ edit: Edit, expected: Int64?) {
        self.tenant = tenant
        self.edit = edit
        self.expected = expected
    }

    package var action: String { "tenant:update" }
    package var subject: EntityReference? { EntityReference("tenant", self.tenant) }

    package func refusal(ofTaken constraint: String) -> Refusal? { .ofTakenTenant(constraint) }

    package func decide(at desk: any CommandDesk) async throws(StoreError) -> CommandVerdict {
        let found = try await SeenTenant.find(expected: self.expected, at: desk)
        return self.decide(found, at: desk)
    }

    private func decide(_ found: SeenTenant, at desk: any CommandDesk) -> CommandVerdict {
        do throws(Refusal) {
            let before = try found.get()
            let actor = desk.origin.actor
            guard actor.may(.tenantUpdate, at: .tenant(before.id)) == .full else {
                throw Refusal(.forbidden, params: ["permission": .string(Permission.tenantUpdate.rawValue)])
            }
            if actor.tenant != nil, let field = self.edit.reserved {
                throw Refusal(.forbidden, params: ["field": .string(field)])
            }
            var change = TenantChange(before, to: self.edit.applied(to: before), desk.origin, now: desk.now)
            guard !change.changes.isEmpty else {
                let entity = EntityReference("tenant", before.id, version: before.version)
                return .decided(
                    CommandDecision(
                        events: [], audit: [AuditRow(self.action, on: entity)],
                        answer: CommandAnswer(
                            .applied, entity: TenantShape.shape.text(of: ShownTenant(before)), version: before.version))
                )
            }
            change.tellEdit()
            desk.keep(change.after)
            return .decided(change.decision(self.action))
        } catch {
            return .refused(error)
        }
    }
}

/// Platform staff let a tenant in, send it away, or close it.
package final class ChangeTenantStanding: HotelCommand {
    package enum Wish: Sendable {
        /// - Parameter token: of a link for the owner, if they have not set a password yet.
        case approve(token: TokenHash)
        case reject(reason: String)
        case suspend(reason: String)
        case reinstate
        case delete

        var command: TenantCommand {
            switch self {
            case .approve: .approve
            case .reject(let reason): .reject(reason: reason)
            case .suspend(let reason): .suspend(reason: reason)
            case .reinstate: .reinstate
            case .delete: .delete
            }
        }
    }

    package let tenant: TenantID
    package let wish: Wish
    package let expected: Int64?

    package init(_ tenant: TenantID, _ wish: Wish, expected: Int64? = nil) {
        self.tenant = tenant
        self.wish = wish
        self.expected = expected
    }

    package var action: String {
        switch self.wish {
        case .approve: "tenant:approve"
        case .reject: "tenant:reject"
        case .suspend: "tenant:suspend"
        case .reinstate: "tenant:reinstate"
        case .delete: "tenant:delete"
        }
    }

    package var subject: EntityReference? { EntityReference("tenant", self.tenant) }

    package func decide(at desk: any CommandDesk) async throws(StoreError) -> CommandVerdict {
        let found = try await SeenTenant.find(expected: self.expected, at: desk)
        return self.decide(found, at: desk)
    }

    private func decide(_ found: SeenTenant, at desk: any CommandDesk) -> CommandVerdict {
        do throws(Refusal) {
            let before = try found.get()
            let decision = try TenantMachine.decide(
                before.status, self.wish.command, by: desk.origin.actor, before.id)
            var after = before
            after.status = decision.after
            switch self.wish {
            case .approve(let token):
                (after.approvedAt, after.approvedBy) = (desk.now, desk.origin.actor.id.map { UserID(raw: $0) })
                if let owner = before.owner, owner.status == .invited {
                    desk.keep(link: .new(.invitation, token, now: desk.now), of: owner.id)
                }
            case .suspend(let reason): (after.suspendedAt, after.suspendReason) = (desk.now, reason)
            case .reinstate: (after.suspendedAt, after.suspendReason) = (nil, nil)
            case .delete: after.isDeleted = true
            case .reject: break
            }
            var change = TenantChange(before, to: after, desk.origin, now: desk.now)
            change.tell(decision)
            desk.keep(change.after)
            return .decided(change.decision(self.action))
        } catch {
            return .refused(error)
        }
    }
}
