internal import Crypto
internal import Hotel
internal import Ports
package import Shared

/// What requests about users say.
enum UserInput {
    typealias One = SubjectInput.One<Subject.User>
    typealias Invite = SubjectInput.New<Invitation>
    typealias Change = SubjectInput.Change<Subject.User, Edit>
    typealias Roles = SubjectInput.Change<Subject.User, RoleList>
    /// A transition that needs no words.
    typealias Act = SubjectInput.Act<Subject.User>
    /// A transition that needs a reason.
    typealias Suspend = SubjectInput.Change<Subject.User, Reason>

    struct List: RESTInput {
        typealias Order = RESTCursorPair<String, UserID>

        let tenant: TenantID?
        let property: PropertyID?
        let role: String?
        let status: UserStatus?
        let name: String?
        let page: RESTPageRequest<Order>

        init(reading request: inout RESTReader) {
            self.tenant = request.tenant()
            self.property = request.query("property_id", .id())
            self.role = request.query("role", .text(1...40))
            self.status = request.query("status", .oneOf())
            self.name = request.query("q", .text(1...120))
            self.page = request.page()
        }
    }

    struct Accept: RESTInput {
        let body: Acceptance

        init(reading request: inout RESTReader) { self.body = request.body() }
    }
}

/// The body of an invitation.
struct Invitation: JSONDecodable, Sendable {
    static let schemaName = "UserInvitation"

    let user: NewUser
    let roles: [WantedRole]

    init(fields: inout JSONFields) {
        self.user = NewUser(fields: &fields)
        self.roles = fields.required("roles", .wantedRoles(1...20))
    }
}

extension NewUser {
    /// What both the staff of a tenant and its owner are invited with.
    init(fields: inout JSONFields) {
        self.init(
            email: fields.required("email", .text(EmailAddress.self)), name: fields.required("name", .text(Name.self)))
        self.phone = fields.optional("phone", .text(PhoneNumber.self))
        self.locale = fields.optional("locale", .text(LanguageTag.self)) ?? .usual
        self.jobTitle = fields.optional("job_title", .text(Label.self))
    }
}

/// The body of a correction.
struct Edit: JSONDecodable, Sendable {
    static let schemaName = "UserEdit"

    let edit: EditUser.Edit

    init(fields: inout JSONFields) {
        var edit = EditUser.Edit()
        edit.email = fields.optional("email", .text(EmailAddress.self))
        edit.name = fields.optional("name", .text(Name.self))
        edit.locale = fields.optional("locale", .text(LanguageTag.self))
        edit.phone = fields.change("phone", .text(PhoneNumber.self))
        edit.jobTitle = fields.change("job_title", .text(Label.self))
        self.edit = edit
    }
}

/// The body that replaces roles.
struct RoleList: JSONDecodable, Sendable {
    static let schemaName = "UserRoles"

    let roles: [WantedRole]

    init(fields: inout JSONFields) { self.roles = fields.required("roles", .wantedRoles(0...20)) }
}

/// Why somebody is sent away.
struct Reason: JSONDecodable, Sendable {
    let reason: String

    init(fields: inout JSONFields) { self.reason = fields.required("reason", .trimmed(1...2000)) }
}

/// The body with which a link is followed.
struct Acceptance: JSONDecodable, Sendable {
    let token: InvitationToken?
    let password: String

    init(fields: inout JSONFields) {
        // One that is none is a wrong one, not a mistake in the form.
        self.token = InvitationToken(fields.required("token", .string(1...256)))
        self.password = fields.required("password", .string(PasswordRule.anyLength))
    }
}

extension WantedRole: JSONDecodable {
    package static var schemaName: String { "RoleWish" }

    package init(fields: inout JSONFields) {
        self.init(
            fields.required("role", .trimmed(1...40)), property: fields.optional("property_id", .id()),
            department: fields.optional("department_id", .id()))
    }
}

extension JSONRule where Value == [WantedRole] {
    fileprivate static func wantedRoles(_ count: ClosedRange<Int>) -> Self {
        .array(of: .object(WantedRole.self), count: count)
    }
}
