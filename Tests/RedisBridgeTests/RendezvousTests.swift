import Shared
import Testing

@testable import RedisBridge

@Suite struct RendezvousTests {
    private static let servers = (1...5).map { "redis-\($0):6379/0" }
    private static let keys = (0..<20_000).map { "018f3c2a-0000-7000-8000-\(String($0 + 0x1000_0000_0000, radix: 16))" }

    @Test func `each server carries its fair share`() {
        let rendezvous = Rendezvous(servers: Self.servers)
        var counts = [Int](repeating: 0, count: 5)
        for key in Self.keys { counts[rendezvous.index(of: key)] += 1 }
        // Four thousand each; the standard deviation of a fair choice is 57.
        for count in counts { #expect((3_700...4_300).contains(count)) }
    }

    @Test(arguments: 0..<5) func `taking a server away moves only what it carried, evenly`(gone: Int) {
        let before = Rendezvous(servers: Self.servers)
        var left = Self.servers
        left.remove(at: gone)
        let after = Rendezvous(servers: left)
        var inherited = [Int](repeating: 0, count: 4)
        for key in Self.keys {
            let (old, new) = (before.index(of: key), after.index(of: key))
            if old == gone { inherited[new] += 1 } else { #expect(Self.servers[old] == left[new]) }
        }
        for count in inherited { #expect((800...1_200).contains(count)) }
    }

    @Test func `the order of the list decides nothing`() {
        let (one, other) = (Rendezvous(servers: Self.servers), Rendezvous(servers: Self.servers.reversed()))
        for key in Self.keys.prefix(2_000) {
            #expect(Self.servers[one.index(of: key)] == Self.servers.reversed()[other.index(of: key)])
        }
    }

    @Test func `the hash is the same for ever`() {
        // These come from an independent implementation; a change of them moves every tenant of a running cluster.
        #expect(StableHash.of("") == Self.golden[0])
        #expect(StableHash.of("system") == Self.golden[1])
        #expect(StableHash.of("12345678") == Self.golden[2])
        #expect(StableHash.of("redis-1:6379/0") == Self.golden[3])
    }

    private static let golden: [UInt64] = [
        0xE220_A839_7B1D_CDAF, 0x6B52_D839_4C3C_4217,
        0x8217_7327_E1E4_DAAC, 0x6A85_8ED9_732F_66DD,
    ]

    @Test func `alone it carries everything`() {
        #expect(Rendezvous(servers: ["only"]).index(of: "anything") == 0)
    }
}
