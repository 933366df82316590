internal import Hotel
internal import Shared
package import Wire

/// The document of what is told live: AsyncAPI 3.0, beside the one of the REST side.
///
/// All of it comes from the tables by which events are told: the catalogue, the channels and who may join them, the forms of the
/// protocol's own messages. So it cannot say anything else than the node does.
package enum AsyncAPIDocument {
    static let path = "asyncapi.json"

    /// The document, the same bytes for the same program and app.
    ///
    /// - Parameter key: of Bellhop's own app, which clients name in the path; it is no secret.
    package static func file(appKey key: String) -> StaticFile {
        var builder = AsyncAPIBuilder(appKey: key, records: self.records)
        let document = builder.document()
        precondition(builder.conflicts.isEmpty, "two records are called \(builder.conflicts)")
        return StaticFile(path: self.path, bytes: document.serialized)
    }

    /// What events of configured things show: what REST shows, without what is nobody else's business.
    static let records = [
        PropertyShape.kind.told, DepartmentShape.kind.told, RoomTypeShape.kind.told, RoomShape.kind.told,
    ].reduce(into: [String: JSONSchema]()) { records, record in records[record.name] = record.schema }
}

extension ConfiguredKind {
    /// How its events tell a record.
    fileprivate var told: (name: String, schema: JSONSchema) {
        guard case .object(var object) = self.shape.schema else { preconditionFailure("\(self.name) is no object") }
        object.members.removeAll { self.untold.contains($0.name) }
        return (self.name, .object(object))
    }
}
