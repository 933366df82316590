import Shared
import Testing

@testable import Operations

@Suite(.timeLimit(.minutes(5))) struct RESTPageTests {
    private func names(_ page: Answer) -> [String] {
        (page.json?["items"]?.elements ?? []).compactMap { $0["name"]?.text }
    }

    private func path(_ next: String?, _ query: String = "") -> String {
        let after = next.map { "after=\($0)" } ?? ""
        let all = [query, after].filter { !$0.isEmpty }.joined(separator: "&")
        return "/v1/towels" + (all.isEmpty ? "" : "?" + all)
    }

    @Test(arguments: [1, 7, 50, 199, 200])
    func `a thousand items are paged without loss or repeat while others come and go`(limit: Int) async throws {
        let laundry = try Laundry()
        // Three of each moment: the order needs its second column.
        for number in 0..<1_000 { _ = await laundry.towel("t\(number)", madeAt: Int64(number / 3) * 2) }
        let before = await laundry.linen.head
        var seen: [String] = []
        var next: String?
        var inserted = 0
        // With one item a page only the first hundred pages: what is to be shown shows by then.
        for _ in 0..<(limit == 1 ? 100 : 1_000) {
            let page = try await laundry.get(self.path(next, "limit=\(limit)"))
            #expect(page.status == 200)
            #expect(page.json?["seq"]?.integer == before.seq && page.json?["epoch"]?.integer == before.epoch.raw)
            seen += self.names(page)
            next = page.json?["next"]?.text
            guard next != nil else { break }
            #expect(self.names(page).count == limit)
            // Behind the place where the reader is, and before it: neither may move what it sees of the others.
            _ = await laundry.towel("early\(inserted)", madeAt: -1)
            _ = await laundry.towel("late\(inserted)", madeAt: 1_000_000 + Int64(inserted))
            inserted += 1
        }
        let old = seen.filter { $0.hasPrefix("t") }
        #expect(Set(seen).count == seen.count)
        #expect(!seen.contains { $0.hasPrefix("early") })
        if limit == 1 {
            #expect(old.count == 100)
        } else {
            #expect(Set(old).count == 1_000 && next == nil)
        }
    }

    @Test func `a list that fits has no next, one more item has`() async throws {
        let laundry = try Laundry()
        let empty = try await laundry.get("/v1/towels")
        #expect(empty.json?["items"] == [] && empty.json?["next"] == .null && empty.json?["seq"]?.integer == 100)
        for number in 0..<200 { _ = await laundry.towel("t\(number)", madeAt: Int64(number)) }
        let whole = try await laundry.get("/v1/towels?limit=200")
        #expect(self.names(whole).count == 200 && whole.json?["next"] == .null)
        _ = await laundry.towel("last", madeAt: 1_000)
        let most = try await laundry.get("/v1/towels?limit=200")
        let next = try #require(most.json?["next"]?.text)
        #expect(self.names(try await laundry.get(self.path(next, "limit=200"))) == ["last"])
        #expect(self.names(try await laundry.get("/v1/towels")).count == 50)
    }

    @Test func `a page has one to two hundred items`() async throws {
        let laundry = try Laundry()
        for (limit, error) in [("0", "range"), ("201", "range"), ("-1", "range"), ("", "type"), ("ten", "type")] {
            #expect(try await laundry.get("/v1/towels?limit=\(limit)").fieldErrors == ["limit \(error)"])
        }
        #expect(try await laundry.get("/v1/towels?limit=1").status == 200)
        #expect(try await laundry.get("/v1/towels?limit=200").status == 200)
    }

    private func firstCursor(of laundry: Laundry, _ query: String = "limit=2") async throws -> String {
        for number in 0..<5 { _ = await laundry.towel("t\(number)", color: .blue, madeAt: Int64(number)) }
        let page = try await laundry.get("/v1/towels?\(query)")
        return try #require(page.json?["next"]?.text)
    }

    @Test func `a changed cursor is no cursor, whatever was changed`() async throws {
        let laundry = try Laundry()
        let cursor = try await self.firstCursor(of: laundry)
        for index in cursor.utf8.indices {
            var bytes = Array(cursor.utf8)
            let place = cursor.utf8.distance(from: cursor.utf8.startIndex, to: index)
            bytes[place] = bytes[place] == UInt8(ascii: "A") ? UInt8(ascii: "B") : UInt8(ascii: "A")
            let changed = try await laundry.get(self.path(String(decoding: bytes, as: UTF8.self), "limit=2"))
            #expect(changed.status == 422 && changed.fieldErrors == ["after format"])
        }
        for text in [String(cursor.dropLast()), cursor + "A", cursor + "=", "A", "AAAA", cursor + cursor] {
            #expect(try await laundry.get(self.path(text, "limit=2")).fieldErrors == ["after format"], "\(text)")
        }
        #expect(try await laundry.get("/v1/towels?after=").fieldErrors == ["after format"])
        let long = String(repeating: "A", count: 4_000)
        #expect(try await laundry.get(self.path(long)).fieldErrors == ["after format"])
    }

    @Test func `a cursor belongs to its list, its filters and its reader`() async throws {
        let laundry = try Laundry()
        let cursor = try await self.firstCursor(of: laundry, "color=blue&limit=2")
        let good = try await laundry.get(self.path(cursor, "color=blue&limit=3"))
        #expect(self.names(good) == ["t2", "t3", "t4"])
        #expect(try await laundry.get(self.path(cursor, "color=white")).fieldErrors == ["after format"])
        #expect(try await laundry.get(self.path(cursor)).fieldErrors == ["after format"])
        let other = try await laundry.get(self.path(cursor, "color=blue"), token: "other-token")
        #expect(other.fieldErrors == ["after format"])
    }

    @Test func `keys can be changed under way`() async throws {
        let old = try Laundry(cursorKeys: [[1]])
        let cursor = try await self.firstCursor(of: old)
        let between = try Laundry(cursorKeys: [[2], [1]])
        #expect(try await between.get(self.path(cursor, "limit=2")).status == 200)
        let new = try Laundry(cursorKeys: [[2]])
        #expect(try await new.get(self.path(cursor, "limit=2")).status == 422)
    }

    @Test func `what is sealed comes back as it was`() throws {
        let seal = RESTCursorSeal(keys: [[1]], boundTo: ["a", "bc"])
        let head = StreamHead(epoch: Epoch(raw: 5), seq: .max)
        typealias Key = RESTCursorPair<String, RESTCursorPair<Int64, UserID>>
        for text in ["", "ü \u{0}", String(repeating: "x", count: 600)] {
            let key = Key(text, .init(.min, UserID(raw: .max)))
            let opened: (position: StreamHead, key: Key)? = seal.open(try #require(seal.seal(head, key)))
            #expect(opened?.position == head && opened?.key == key)
        }
        let sealed = try #require(seal.seal(head, Int64(1)))
        // Sealed for one order, read as another, or with parts that only concatenate to the same text.
        let asText: (position: StreamHead, key: String)? = seal.open(sealed)
        #expect(asText == nil)
        let other: (position: StreamHead, key: Int64)? = RESTCursorSeal(keys: [[1]], boundTo: ["ab", "c"]).open(sealed)
        #expect(other == nil)
    }
}
