internal import Hotel
internal import Ports
internal import Shared

/// A tenant as REST shows it.
enum TenantShape {
    static let shape = JSONShape<ShownTenant>.object("Tenant") { members in
        members.member("id", .id(), \.tenant.id)
        members.member("version", .count, \.tenant.version)
        members.member("name", .text, \.tenant.name)
        members.nullable("legal_name", .text, \.tenant.legalName)
        members.member("slug", .text, \.tenant.slug)
        members.member("status", .oneOf(TenantStatus.self), \.tenant.status)
        members.nullable("owner", TenantShape.owner, \.tenant.owner)
        members.member("contact_email", .text(format: "email"), \.tenant.contactEmail)
        members.nullable("phone", .text, \.tenant.phone)
        members.nullable("billing_email", .text(format: "email"), \.tenant.billingEmail)
        members.nullable("plan_name", .text, \.tenant.planName)
        members.nullable("plan_monthly_price", .decimal(integerDigits: 11, fractionDigits: 3)) { shown in
            shown.tenant.planMonthlyPrice.flatMap { JSONNumber($0) }
        }
        members.member("currency", .text, \.tenant.currency)
        members.nullable("approved_at", .timestamp, \.tenant.approvedAt)
        members.nullable("suspended_at", .timestamp, \.tenant.suspendedAt)
        members.nullable("suspend_reason", .text, \.tenant.suspendReason)
        members.member("properties_count", .int(0 ... .max), \.tenant.propertiesCount)
        members.member("users_count", .int(0 ... .max), \.tenant.usersCount)
        members.member("created_at", .timestamp, \.tenant.createdAt)
        members.member("updated_at", .timestamp, \.tenant.updatedAt)
    }

    private static let owner = JSONShape<TenantRecord.Owner>.object("TenantOwner") { members in
        members.member("id", .id(), \.id)
        members.member("name", .text, \.name)
        members.member("status", .oneOf(UserStatus.self), \.status)
    }
}
