package import Shared
internal import Wire

/// What a client wants of a list: how many, after which.
///
/// The first page says at which position of the stream the list is true; every further page says the same position, because a
/// client that has all of them goes on from there and what happened while it was reading comes to it as events.
package struct RESTPageRequest<Key: RESTCursorKey>: Sendable {
    /// At most so many items.
    package let limit: Int
    /// Where the page before ended; `nil` for the first.
    package let after: Key?
    /// Of the first page; `nil` if this is it: then the position has to be read before the rows are.
    package let position: StreamHead?
    private let seal: RESTCursorSeal

    init(limit: Int, after: Key?, position: StreamHead?, seal: RESTCursorSeal) {
        self.limit = limit
        self.after = after
        self.position = position
        self.seal = seal
    }

    /// How many rows to read: one more than is shown tells whether there are more.
    package var rowsWanted: Int { self.limit + 1 }

    /// The page made of the rows that were read.
    ///
    /// - Parameters:
    ///   - rows: in the order of their keys, after `after`; at most `rowsWanted`.
    ///   - position: of the stream, read before the rows; on further pages it does not count.
    package func answer<Item>(_ rows: [Item], at position: StreamHead, key: (Item) -> Key) -> RESTPage<Item> {
        let items = Array(rows.prefix(self.limit))
        let position = self.position ?? position
        let next = rows.count > items.count ? items.last.flatMap { self.seal.seal(position, key($0)) } : nil
        return RESTPage(items: items, next: next, position: position)
    }
}

/// One page of a list: `{"items":[…],"next":"…"|null,"seq":N,"epoch":E}`.
package struct RESTPage<Item> {
    package let items: [Item]
    /// What to ask for next, `nil` at the end.
    package let next: String?
    package let position: StreamHead

    /// How a page of such items is written.
    static func shape(of item: JSONShape<Item>) -> JSONShape<RESTPage<Item>> {
        let name = item.schema.name.map { "\($0)Page" }
        func members(_ members: inout JSONMembers<RESTPage<Item>>) {
            members.member("items", .array(of: item)) { $0.items }
            members.nullable("next", .text) { $0.next }
            members.member("seq", .count) { $0.position.seq }
            // With `seq`, what `since` of a subscription takes (contract 5).
            members.member("epoch", .count) { $0.position.epoch.raw }
        }
        return name.map { .object($0, members) } ?? .object(members)
    }
}

extension RESTPage: Sendable where Item: Sendable {}
extension RESTPage: Equatable where Item: Equatable {}

extension JSONSchema {
    /// The name of a record that has one.
    var name: String? {
        if case .object(let object) = self { object.name } else { nil }
    }
}

extension RESTReader {
    /// No list gives more at once (`domain.md` 9).
    package static let mostItems = 200

    /// The two parameters of paging, `limit` and `after`.
    ///
    /// - Parameter order: the type of what the list is ordered by.
    package mutating func page<Key: RESTCursorKey>(
        by order: Key.Type = Key.self, most: Int = RESTReader.mostItems, usually: Int = 50
    ) -> RESTPageRequest<Key> {
        precondition((1...Self.mostItems).contains(most), "a page has at most \(Self.mostItems) items")
        let limit = self.query("limit", in: 1...most, usually: usually, note: "At most so many items.")
        let text = self.rawQuery(
            .init(
                name: "after", place: .query, schema: .text(.init(length: 1...RESTCursorSeal.longest)),
                isRequired: false,
                note: "`next` of the page before, unchanged; the other parameters as they were."))
        guard let arrival = self.arrival else {
            return RESTPageRequest(
                limit: limit, after: nil, position: nil, seal: RESTCursorSeal(keys: [], boundTo: []))
        }
        let owner = arrival.caller.map { "\($0.tenant.map { "\($0)" } ?? "") \($0.user)" } ?? ""
        let filters = self.filters.flatMap { [$0.name, $0.value] }
        let seal = RESTCursorSeal(
            keys: arrival.cursorKeys,
            boundTo: [arrival.operationID, owner, arrival.visit.http.path] + filters)
        guard let text else { return RESTPageRequest(limit: limit, after: nil, position: nil, seal: seal) }
        guard let opened: (position: StreamHead, key: Key) = seal.open(text) else {
            self.fail("after", .format)
            return RESTPageRequest(limit: limit, after: nil, position: nil, seal: seal)
        }
        return RESTPageRequest(limit: limit, after: opened.key, position: opened.position, seal: seal)
    }
}
