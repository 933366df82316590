package import Shared

/// A record on its way out of a store.
///
/// A class, because of the fault of Swift 6.3.1 that README.md describes.
package final class Found<Record: Sendable>: Sendable {
    package let record: Record

    package init(_ record: Record) { self.record = record }
}

/// A record of a property on the desk, with the property that it is at. A class for the same reason.
package final class SiteFile<Record: Sendable>: Sendable {
    package let record: Record
    package let site: PropertySite

    package init(_ record: Record, at site: PropertySite) {
        self.record = record
        self.site = site
    }
}

/// What every record has that people configure.
package protocol ConfiguredRecord: Sendable {
    /// Rises by one with each change.
    var version: Int64 { get set }
    var updatedAt: Timestamp { get set }
}
