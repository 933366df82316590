import Testing

@testable import Reactor

@Suite struct ConnectionSlabTests {
    @Test func `an id of a closed connection never names the next owner of its place`() throws {
        let slab = try ConnectionSlab(capacity: 2)
        let first = try #require(slab.claim(descriptor: 10, handler: 0, state: .open))
        #expect(slab.live(first) != nil)
        slab.slots[first.place].state = .closed
        #expect(slab.live(first) == nil)
        slab.release(first.place)
        #expect(slab.live(first) == nil)
        let second = try #require(slab.claim(descriptor: 11, handler: 0, state: .open))
        #expect(second.place == first.place)
        #expect(second != first)
        #expect(slab.live(first) == nil)
        #expect(slab.live(second)?.pointee.descriptor == 11)
    }

    @Test func `it is full at its capacity and has room again after a release`() throws {
        let slab = try ConnectionSlab(capacity: 3)
        let ids = (0..<3).compactMap { slab.claim(descriptor: $0, handler: 0, state: .open) }
        #expect(ids.count == 3)
        #expect(slab.claim(descriptor: 9, handler: 0, state: .open) == nil)
        slab.release(ids[1].place)
        #expect(slab.inUse == 2)
        #expect(slab.claim(descriptor: 9, handler: 0, state: .open)?.place == ids[1].place)
    }

    @Test func `no connection has generation zero, not even after four billion`() throws {
        let slab = try ConnectionSlab(capacity: 1)
        let first = try #require(slab.claim(descriptor: 1, handler: 0, state: .open))
        slab.slots[first.place].generation = .max
        slab.release(first.place)
        #expect(slab.claim(descriptor: 1, handler: 0, state: .open)?.generation == 1)
    }

    @Test func `ids from nowhere are refused`() throws {
        let slab = try ConnectionSlab(capacity: 1)
        #expect(slab.live(ConnectionID(raw: .max)) == nil)
        #expect(slab.live(ConnectionID(generation: 0, place: 0)) == nil)
    }

    @Test func `an idle connection costs at most 48 bytes here`() {
        #expect(MemoryLayout<ConnectionSlot>.stride <= 48)
    }
}
