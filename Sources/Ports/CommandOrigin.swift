package import Hotel
package import Shared

/// Where a command comes from: all that the log, the audit and the record of operations say of its sender.
package struct CommandOrigin: Sendable {
    /// Through which door it came.
    package enum Source: String, CaseIterable, Sendable { case web, mobile, api, pms, automation, `import` }

    /// The tenant whose rows it may touch; `nil` for the platform's own.
    package var tenant: TenantID?
    package var actor: Actor
    package var source: Source
    /// What makes it safe to repeat; `nil` for what the system does by itself, whose effect is idempotent otherwise.
    package var operation: OperationStamp?
    package var correlation: CorrelationID
    package var device: DeviceID?
    /// The client's address.
    package var address: String?

    package init(
        tenant: TenantID?, actor: Actor, source: Source, operation: OperationStamp?, correlation: CorrelationID,
        device: DeviceID? = nil, address: String? = nil
    ) {
        self.tenant = tenant
        self.actor = actor
        self.source = source
        self.operation = operation
        self.correlation = correlation
        self.device = device
        self.address = address
    }
}

/// A command's `Idempotency-Key`, with what tells the same command from another under the same key.
package struct OperationStamp: Hashable, Sendable {
    package let id: OperationID
    /// SHA-256 of what was asked.
    package let requestHash: [UInt8]

    package init(id: OperationID, requestHash: [UInt8]) {
        self.id = id
        self.requestHash = requestHash
    }
}
