internal import Hotel
internal import Ports
internal import Shared

/// A role as REST shows it: one of everybody's, or one that a tenant made for itself.
enum ListedRole: Sendable {
    case builtIn(Role)
    case custom(RoleRecord)

    /// A tenant's own has one.
    var version: Int64 { self.custom?.version ?? 0 }

    fileprivate var custom: RoleRecord? {
        if case .custom(let role) = self { role } else { nil }
    }

    fileprivate var code: String {
        switch self {
        case .builtIn(let role): role.rawValue
        case .custom(let role): role.role.code.text
        }
    }

    fileprivate var name: String {
        switch self {
        // As people say it: `room_attendant` is a room attendant.
        case .builtIn(let role):
            role.rawValue.prefix(1).uppercased()
                + role.rawValue.dropFirst().split(separator: "_").joined(separator: " ")
        case .custom(let role): role.name
        }
    }

    fileprivate var scope: String {
        if case .builtIn(let role) = self { role.scope.rawValue } else { Role.Scope.tenant.rawValue }
    }

    private var assigned: AssignedRole {
        switch self {
        case .builtIn(let role): .builtIn(role)
        case .custom(let role): .custom(role.role)
        }
    }

    /// - Parameter isLimited: given within limits, or in full.
    fileprivate func permissions(isLimited: Bool) -> [Permission] {
        Permission.allCases.filter { permission in
            switch self.assigned.cell(permission) {
            case .no: false
            case .yes, .duty: !isLimited
            case .limited: isLimited
            }
        }
    }

    /// Built-in ones first, then by code.
    var order: RESTCursorPair<String, RoleID> {
        switch self {
        case .builtIn(let role): RESTCursorPair("0" + role.rawValue, RoleID(raw: 0))
        case .custom(let role): RESTCursorPair("1" + role.sortKey, role.role.id)
        }
    }
}

enum RoleShape {
    static let shape = JSONShape<ListedRole>.object("Role") { members in
        members.nullable("id", .id()) { $0.custom?.role.id }
        members.nullable("version", .count) { $0.custom?.version }
        members.member("code", .text, \.code)
        members.member("name", .text, \.name)
        members.member("scope", .text, \.scope)
        members.member("built_in", .bool) { $0.custom == nil }
        members.member("permissions", .array(of: .oneOf(Permission.self))) { $0.permissions(isLimited: false) }
        // For the own department, the own work and the like.
        members.member("limited_permissions", .array(of: .oneOf(Permission.self))) {
            $0.permissions(isLimited: true)
        }
        members.nullable("created_at", .timestamp) { $0.custom?.createdAt }
        members.nullable("updated_at", .timestamp) { $0.custom?.updatedAt }
    }
}
