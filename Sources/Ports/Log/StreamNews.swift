package import Shared

/// What a commit appended to one stream, as it is told to the other nodes.
package struct StreamNews: Equatable, Sendable {
    package let stream: EventStream
    package let epoch: Epoch
    /// In order, without a gap; never empty.
    package let events: [LoggedEvent]

    package init(stream: EventStream, epoch: Epoch, events: [LoggedEvent]) {
        self.stream = stream
        self.epoch = epoch
        self.events = events
    }

    /// Says it on the bus. A hint that is lost is found in the log: nothing depends on it but how soon.
    package func publish(on bus: some BusPublisher) {
        for message in Hint.messages(of: self.events, epoch: self.epoch) {
            bus.publish(message, on: .hints(of: self.stream))
        }
    }
}

/// Told after each commit, and never before, what it appended.
package typealias NewsDesk = @Sendable ([StreamNews]) -> Void
