/// An event as followers deliver it: what the log and a hint say, ready to be framed.
///
/// A projection is the event's payload for one audience: the text of a JSON object whose last member is `meta`, **without its
/// two closing braces**. What is known only when the event is appended is spliced in there, so that nothing is encoded twice.
package struct LoggedEvent: Equatable, Sendable {
    /// At most so many projections of one event (architecture 1.2).
    package static let mostProjections = 4

    package let seq: Int64
    /// When it was appended, by the database's clock.
    package let recordedAt: Timestamp
    package let id: EventID
    /// The canonical name, `entity:action`.
    package let name: String
    package let targets: [EventTarget]
    package let projections: [[UInt8]]

    package init(
        seq: Int64, recordedAt: Timestamp, id: EventID, name: String, targets: [EventTarget], projections: [[UInt8]]
    ) {
        self.seq = seq
        self.recordedAt = recordedAt
        self.id = id
        self.name = name
        self.targets = targets
        self.projections = projections
    }

    /// Appends the whole payload of one projection.
    package func appendPayload(_ projection: Int, to output: inout [UInt8]) {
        output.append(contentsOf: self.projections[projection])
        output.append(contentsOf: #","seq":"#.utf8)
        JSONText.append(self.seq.magnitude, to: &output)
        output.append(contentsOf: #","recorded_at":""#.utf8)
        self.recordedAt.append(to: &output)
        output.append(contentsOf: #""}}"#.utf8)
    }
}
