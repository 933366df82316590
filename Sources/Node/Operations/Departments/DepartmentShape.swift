internal import Hotel
internal import Ports
internal import Shared

/// A department as REST shows it, and as its events tell it.
enum DepartmentShape {
    static let shape = JSONShape<DepartmentRecord>.object("Department") { members in
        members.member("id", .id(), \.id)
        members.member("version", .count, \.version)
        members.member("property_id", .id(), \.property)
        members.member("code", .text, \.code.text)
        members.member("slug", .text, \.slug.text)
        members.member("name", .text, \.name.text)
        members.member("kind", .oneOf(DepartmentKind.self), \.kind)
        members.nullable("supervisor_user_id", .id(), \.supervisor)
        members.member("opening_hours", .any, \.openingHours)
        members.member("active", .bool, \.isActive)
        members.member("created_at", .timestamp, \.createdAt)
        members.member("updated_at", .timestamp, \.updatedAt)
    }

    static let kind = ConfiguredKind<DepartmentRecord>(
        name: "department", shape: Self.shape,
        reference: { EntityReference("department", $0.id, version: $0.version) })
}

/// What requests about departments say.
enum DepartmentInput {
    typealias One = SubjectInput.One<Subject.Department>
    typealias Create = SubjectInput.New<New>
    typealias Change = SubjectInput.Edit<Subject.Department, Edit>
    typealias Remove = SubjectInput.Act<Subject.Department>

    struct List: RESTInput {
        typealias Order = RESTCursorPair<PropertyID, RESTCursorPair<String, DepartmentID>>

        let tenant: TenantID?
        let property: PropertyID?
        let kind: DepartmentKind?
        let page: RESTPageRequest<Order>

        init(reading request: inout RESTReader) {
            self.tenant = request.tenant()
            self.property = request.query("property_id", .id())
            self.kind = request.query("kind", .oneOf())
            self.page = request.page()
        }
    }

    struct New: JSONDecodable, Sendable {
        static let schemaName = "NewDepartment"

        let property: PropertyID
        let fields: Edits<DepartmentRecord>

        init(fields: inout JSONFields) {
            self.property = fields.required("property_id", .id())
            self.fields = DepartmentInput.read(&fields, isNew: true)
        }
    }

    struct Edit: JSONDecodable, Sendable {
        static let schemaName = "DepartmentChange"

        let fields: Edits<DepartmentRecord>

        init(fields: inout JSONFields) { self.fields = DepartmentInput.read(&fields, isNew: false) }
    }

    private static func read(_ fields: inout JSONFields, isNew: Bool) -> Edits<DepartmentRecord> {
        var edits = Edits<DepartmentRecord>()
        fields.edit("code", .text(Code.self), \.code, into: &edits, isRequired: isNew)
        fields.edit("name", .text(Name.self), \.name, into: &edits, isRequired: isNew)
        fields.edit("kind", .oneOf(DepartmentKind.self), \.kind, into: &edits, isRequired: isNew)
        fields.edit("supervisor_user_id", .id(), orNull: \.supervisor, into: &edits)
        fields.edit("opening_hours", OpeningInterval.week, \.openingHours, into: &edits)
        fields.edit("active", .bool, \.isActive, into: &edits)
        return edits
    }
}
