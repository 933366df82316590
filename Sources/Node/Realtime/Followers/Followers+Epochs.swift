internal import Reactor
internal import Shared

extension Followers {
    /// The database has lost commits and nobody has said so: the stream gets a new epoch, so that no client goes on from a
    /// position that will mean other events. Asked for until the store answers: who forgot it would be told so only by chance.
    func renewEpoch(of stream: EventStream, delivered: StreamHead, attempt: UInt64 = 0) {
        if attempt == 0 {
            let name = BusChannel.hints(of: stream).name
            self.log.error("stream.went_back", ["stream": .id(name), "delivered": .int(Int(delivered.seq))])
            self.followers[stream]?.isRenewing = true
        }
        let (store, handle) = (self.store, self.loop.handle)
        // It has gone back, that is known; how far it has come again since then is of no account. That others have seen it too
        // is told by the epoch.
        let position = StreamHead(epoch: delivered.epoch, seq: .max)
        Task(executorPreference: self.executor) {
            var isDone = true
            do throws(StoreError) {
                _ = try await store.renewEpoch(of: stream, delivered: position)
            } catch {
                isDone = false
            }
            handle.post { [isDone] loop in
                guard let followers = loop.attachment(Followers.self) else { return }
                if isDone {
                    followers.epochRenewed(of: stream)
                } else {
                    followers.epochNotRenewed(of: stream, delivered, attempt)
                }
            }
        }
    }

    private func epochRenewed(of stream: EventStream) {
        self.metrics.renewals.increment()
        self.followers[stream]?.isRenewing = false
        // The new epoch is in the next head.
        if self.followers[stream] != nil { self.askSoon(stream) }
    }

    private func epochNotRenewed(of stream: EventStream, _ delivered: StreamHead, _ attempt: UInt64) {
        self.metrics.storeFailures.increment()
        let terms = self.terms.follower
        let pause = min(terms.firstRestMilliseconds << min(attempt, 10), terms.longestRestMilliseconds)
        self.loop.schedule(after: pause) { [weak self] in
            self?.renewEpoch(of: stream, delivered: delivered, attempt: attempt + 1)
        }
    }
}
