internal import Hotel
internal import Ports
internal import Shared

/// What requests about tenants say.
enum TenantInput {
    struct One: RESTInput {
        let id: TenantID

        init(reading request: inout RESTReader) { self.id = request.path("id", .id()) }
    }

    struct List: RESTInput {
        typealias Order = RESTCursorPair<String, TenantID>

        let status: TenantStatus?
        let name: String?
        let page: RESTPageRequest<Order>

        init(reading request: inout RESTReader) {
            self.status = request.query("status", .oneOf())
            self.name = request.query("q", .text(1...120))
            self.page = request.page()
        }
    }

    struct Create: RESTInput {
        let key: OperationID
        let body: TenantOpening

        init(reading request: inout RESTReader) {
            self.key = request.idempotencyKey()
            self.body = request.body()
        }
    }

    struct Change: CommandInput {
        let id: TenantID
        var tenant: TenantID? { self.id }
        let key: OperationID
        let version: Int64?
        let body: TenantEdit

        init(reading request: inout RESTReader) {
            self.id = request.path("id", .id())
            self.key = request.idempotencyKey()
            self.version = request.optionalVersion()
            self.body = request.body()
        }
    }

    /// A transition that needs no words.
    struct Act: CommandInput {
        let id: TenantID
        var tenant: TenantID? { self.id }
        let key: OperationID
        let version: Int64?

        init(reading request: inout RESTReader) {
            self.id = request.path("id", .id())
            self.key = request.idempotencyKey()
            self.version = request.optionalVersion()
        }
    }

    /// A transition that needs a reason.
    struct Explained: CommandInput {
        let id: TenantID
        var tenant: TenantID? { self.id }
        let key: OperationID
        let version: Int64?
        let body: Reason

        init(reading request: inout RESTReader) {
            self.id = request.path("id", .id())
            self.key = request.idempotencyKey()
            self.version = request.optionalVersion()
            self.body = request.body()
        }
    }
}

/// The body with which platform staff open a tenant.
struct TenantOpening: JSONDecodable, Sendable {
    let tenant: NewTenant
    let owner: NewUser

    init(fields: inout JSONFields) {
        let name = fields.required("name", .text(Name.self))
        let slug = fields.optional("slug", .text(TenantSlug.self))
        let derived = TenantSlug(from: name)
        if slug == nil, derived == nil, fields.isSound { fields.fail("slug", .required) }
        var tenant = NewTenant(
            name: name, slug: slug ?? derived ?? .placeholder,
            contactEmail: fields.required("contact_email", .text(EmailAddress.self)))
        tenant.legalName = fields.optional("legal_name", .text(Name.self))
        tenant.phone = fields.optional("phone", .text(PhoneNumber.self))
        tenant.billingEmail = fields.optional("billing_email", .text(EmailAddress.self))
        tenant.currency = fields.optional("currency", .text(CurrencyCode.self)) ?? tenant.currency
        tenant.planName = fields.optional("plan_name", .text(Label.self))
        tenant.planMonthlyPrice = fields.optional("plan_monthly_price", .price)
        self.tenant = tenant
        self.owner = fields.required("owner", .object(Owner.self)).user
    }

    /// Who is invited to own it.
    private struct Owner: JSONDecodable {
        static let schemaName = "TenantOwnerInvitation"

        let user: NewUser

        init(fields: inout JSONFields) { self.user = NewUser(fields: &fields) }
    }
}

/// The body of a correction.
struct TenantEdit: JSONDecodable, Sendable {
    let edit: EditTenant.Edit

    init(fields: inout JSONFields) {
        var edit = EditTenant.Edit()
        edit.name = fields.optional("name", .text(Name.self))
        edit.contactEmail = fields.optional("contact_email", .text(EmailAddress.self))
        edit.currency = fields.optional("currency", .text(CurrencyCode.self))
        edit.legalName = fields.change("legal_name", .text(Name.self))
        edit.phone = fields.change("phone", .text(PhoneNumber.self))
        edit.billingEmail = fields.change("billing_email", .text(EmailAddress.self))
        edit.slug = fields.optional("slug", .text(TenantSlug.self))
        edit.planName = fields.change("plan_name", .text(Label.self))
        edit.planMonthlyPrice = fields.change("plan_monthly_price", .price)
        self.edit = edit
    }
}

extension JSONRule where Value == String {
    /// What a tenant pays: never less than nothing.
    fileprivate static var price: Self {
        .decimal(integerDigits: 11, fractionDigits: 3).parsed(placeholder: "0", refusing: .range) { text in
            text.hasPrefix("-") ? nil : text
        }
    }
}
