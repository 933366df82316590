import Shared
import Testing

@Suite struct PresenceNewsTests {
    private func read(_ bytes: [UInt8]) -> PresenceNews? { bytes.withUnsafeBytes { PresenceNews($0) } }

    @Test func `what is written is read again, whatever an id holds`() throws {
        for id in ["7", "a b", " ", "é\u{0}\n+1 2 3", String(repeating: "x", count: 128)] {
            for info in ["", #"{"name":"Ada"}"#, " 1 2", String(repeating: "i", count: 1_024)] {
                let member = try #require(PresenceMember(id: id, info: Array(info.utf8)))
                for change in [PresenceChange.added(member), .removed(id: id)] {
                    let news = PresenceNews(version: 1_700_000_000_000_001, change: change)
                    #expect(self.read(news.bytes) == news)
                }
            }
        }
    }

    @Test(arguments: [
        "", "+", "+1", "+1 1", "+1 1 ", "x1 1 a", "+-1 1 a", "+1 -1 a", "+1 2 a", "-1 1 ab", "+ 1 a", "+1  a", "+1 0 ",
        "+9999999999999999999 1 a", "+1 99999999999999999999 a", "+1 1 \u{7F}\u{7F}\u{7F}é",
    ])
    func `what no directory wrote is nothing, or harmless`(text: String) {
        let news = self.read(Array(text.utf8))
        #expect(news == nil || text.hasPrefix("+1 1 \u{7F}"))
    }

    @Test func `bytes that are no text, and too many of them, are refused`() {
        #expect(self.read(Array("+1 1 ".utf8) + [0xFF]) == nil)
        #expect(self.read(Array("+1 2000 ".utf8) + [UInt8](repeating: 0x61, count: 2_000)) == nil)
        #expect(self.read(Array("+1 1 a".utf8) + [UInt8](repeating: 0x61, count: 100_000)) == nil)
        #expect(self.read(Array("+1 1 a".utf8) + [UInt8](repeating: 0x61, count: 1_025)) == nil)
    }

    @Test func `members have limits`() {
        #expect(PresenceMember(id: "") == nil)
        #expect(PresenceMember(id: String(repeating: "é", count: 128)) != nil)
        #expect(PresenceMember(id: String(repeating: "a", count: 129)) == nil)
        #expect(PresenceMember(id: "e" + String(repeating: "\u{301}", count: 100_000)) == nil)
        #expect(PresenceMember(id: "a", info: [UInt8](repeating: 32, count: 1_024)) != nil)
        #expect(PresenceMember(id: "a", info: [UInt8](repeating: 32, count: 1_025)) == nil)
    }

    @Test func `channels of an app share few shards, the same everywhere`() {
        let shards = Set((0..<2_000).map { AppChannel(app: "app", name: "presence-\($0)").news.shard })
        #expect(shards.count == 64 && shards.allSatisfy { $0.hasPrefix("app:") })
        let room = AppChannel(app: "7", name: "presence-room")
        #expect(room.news.shard == "7:\(StableHash.of("presence-room") % 64)")
    }
}
