import Glibc
import Testing

@testable import Reactor

@Suite struct OutboxTests {
    @Test(arguments: 1...20) func `bytes come out as they went in, whatever the pieces`(seed: UInt64) {
        var random = SplitMix(state: seed)
        var outbox = Outbox(now: 0)
        var model: [UInt8] = []
        for _ in 0..<200 {
            if random.next() % 2 == 0 {
                let size = Int(random.next() % [10, 5000, 60_000][Int(random.next() % 3)])
                let bytes = (0..<min(size, 200_000)).map { UInt8(truncatingIfNeeded: $0 &+ model.count) }
                bytes.withUnsafeBytes { outbox.append($0) }
                model += bytes
            } else {
                let front = outbox.withVectors { vectors in
                    vectors.flatMap { Array(UnsafeRawBufferPointer(start: $0.iov_base, count: $0.iov_len)) }
                }
                #expect(model.starts(with: front))
                #expect(front.isEmpty == model.isEmpty)
                let taken = front.isEmpty ? 0 : Int(random.next() % UInt64(front.count + 1))
                outbox.consume(taken, now: 1)
                model.removeFirst(taken)
            }
            #expect(outbox.byteCount == model.count)
            #expect(outbox.isEmpty == model.isEmpty)
        }
    }
}
