import Shared
import Testing

/// A request as operations declare them.
private struct BookingRequest: JSONDecodable, Equatable {
    enum Board: String, CaseIterable { case none, breakfast, half = "half_board" }

    struct Guest: JSONDecodable, Equatable {
        let name: String
        let email: String?
        let age: Int?

        init(fields: inout JSONFields) {
            self.name = fields.required("name", .trimmed(1...40))
            self.email = fields.optional(
                "email", .string(3...254).parsed(placeholder: "") { $0.contains("@") ? $0 : nil })
            self.age = fields.optional("age", .int(0...150))
        }
    }

    let room: String
    let board: Board
    let guests: [Guest]
    let contact: Guest
    let price: String
    let firstNight: Int
    let lastNight: Int
    let isPaid: Bool
    let share: Double
    let note: JSONChange<String>
    let tags: [String]
    let custom: JSONValue?

    init(fields: inout JSONFields) {
        self.room = fields.required("room", .string(1...20))
        self.board = fields.optional("board", .oneOf(Board.self)) ?? .none
        self.guests = fields.required("guests", .array(of: .object(Guest.self), count: 1...4))
        self.contact = fields.required("contact", .object(Guest.self))
        self.price = fields.required("price", .decimal(integerDigits: 10, fractionDigits: 2))
        self.firstNight = fields.required("first_night", .int(1...366))
        self.lastNight = fields.required("last_night", .int(1...366))
        self.isPaid = fields.optional("paid", .bool) ?? false
        self.share = fields.optional("share", .double(0...1)) ?? 1
        self.note = fields.change("note", .string(0...200))
        self.tags = fields.optional("tags", .array(of: .string(1...10), count: 0...3)) ?? []
        self.custom = fields.optional("custom", .any)
        if fields.isSound && self.lastNight < self.firstNight { fields.fail("last_night", .dateOrder) }
    }
}

@Suite struct JSONFieldsTests {
    private static let smallest = """
        {"room":"12","guests":[{"name":" Zoë "}],"contact":{"name":"B"},"price":120.50,"first_night":1,"last_night":2e0}
        """

    private func decode(_ text: String, ignoringUnknownFields: Bool = false) throws -> BookingRequest {
        try BookingRequest.decode(
            try JSONValue(parsing: Array(text.utf8)), ignoringUnknownFields: ignoringUnknownFields)
    }

    /// The errors of the smallest request after `changes` to it, each as `field code`.
    private func errors(
        _ changes: [String: JSONValue?], ignoringUnknownFields: Bool = false
    ) throws -> [String] {
        guard case .object(var object) = try JSONValue(parsing: Array(Self.smallest.utf8)) else { return ["?"] }
        for (name, value) in changes { object[name] = value }
        do {
            _ = try BookingRequest.decode(.object(object), ignoringUnknownFields: ignoringUnknownFields)
            return []
        } catch {
            return error.entries.map { "\($0.field) \($0.code.rawValue)" }
        }
    }

    @Test func `a request becomes a value`() throws {
        let request = try self.decode(
            """
            {"room":"12","board":"half_board","guests":[{"name":"A","email":"a@b","age":30},{"name":"B","email":null}],
            "contact":{"name":"C"},"price":1.2e2,"first_night":3,"last_night":3,"paid":true,"share":0.25,"note":"hi",
            "tags":["x","y"],"custom":{"any":[1]}}
            """)
        #expect(request.board == .half)
        #expect(request.guests.map(\.email) == ["a@b", nil])
        #expect(request.guests.map(\.age) == [30, nil])
        #expect(request.price == "120")
        #expect(request.isPaid)
        #expect(request.share == 0.25)
        #expect(request.note == .set("hi"))
        #expect(request.tags == ["x", "y"])
        #expect(request.custom == ["any": [1]])
    }

    @Test func `what is optional may be missing`() throws {
        let request = try self.decode(Self.smallest)
        #expect(request.board == .none)
        #expect(request.guests.map(\.name) == ["Zoë"])
        #expect(request.price == "120.5")
        #expect(request.lastNight == 2)
        #expect(request.note == .untouched)
        #expect(request.custom == nil)
    }

    @Test func `every error is reported with its path, in one go`() throws {
        let text = """
            {"board":"full","guests":[{"name":"A"},{"email":"x","age":151},7],"contact":{"nam":"B"},"price":"1",
            "first_night":"1","last_night":1.5,"paid":1,"share":2,"note":false,"tags":["ok","","much too long"],"extra":1}
            """
        #expect(
            throws: JSONFieldErrors([
                .init(field: "room", code: .required),
                .init(field: "board", code: .unknownValue),
                .init(field: "guests[1].name", code: .required),
                .init(field: "guests[1].email", code: .length),
                .init(field: "guests[1].age", code: .range),
                .init(field: "guests[2]", code: .type),
                .init(field: "contact.name", code: .required),
                .init(field: "contact.nam", code: .unknownField),
                .init(field: "price", code: .type),
                .init(field: "first_night", code: .type),
                .init(field: "last_night", code: .type),
                .init(field: "paid", code: .type),
                .init(field: "share", code: .range),
                .init(field: "note", code: .type),
                .init(field: "tags[1]", code: .length),
                .init(field: "tags[2]", code: .length),
                .init(field: "extra", code: .unknownField),
            ])
        ) { try self.decode(text) }
    }

    @Test(
        arguments: [
            ("room", "", "length"), ("room", "123456789012345678901", "length"), ("room", "a\u{0}", "format"),
            ("room", 1, "type"), ("room", nil, "required"), ("guests", [], "length"), ("guests", ["name": "A"], "type"),
            ("guests", [["name": "A"], ["name": "A"], ["name": "A"], ["name": "A"], ["name": "A"]], "length"),
            ("contact", "me", "type"), ("first_night", 0, "range"), ("first_night", 367, "range"), ("board", 1, "type"),
            ("board", "None", "enum"), ("tags", "x", "type"), ("tags", ["a", "b", "c", "d"], "length"),
            ("share", "1", "type"),
            ("paid", "true", "type"), ("note", 1, "type"),
        ] as [(String, JSONValue, String)])
    func `a wrong field is one error`(field: String, value: JSONValue, code: String) throws {
        #expect(try self.errors([field: value]) == ["\(field) \(code)"])
    }

    @Test(
        arguments: [
            ("first_night", 1), ("room", "12345678901234567890"), ("room", "🏨🏨🏨🏨🏨🏨🏨🏨🏨🏨🏨🏨🏨🏨🏨🏨🏨🏨🏨🏨"),
            ("last_night", 366), ("board", nil), ("note", nil), ("tags", []), ("tags", ["a", "b", "c"]), ("share", 0),
            ("share", 1), ("guests", [["name": "A"], ["name": "A"], ["name": "A"], ["name": "A"]]),
        ] as [(String, JSONValue)])
    func `a field at its limit is right`(field: String, value: JSONValue) throws {
        #expect(try self.errors([field: value]).isEmpty)
    }

    @Test(arguments: [
        ("0.01", []), ("9999999999.99", []), ("0.001", ["price range"]), ("10000000000", ["price range"]),
        ("1e400", ["price range"]),
    ])
    func `an amount of money is exact or refused`(text: String, expected: [String]) throws {
        let number = try #require(JSONNumber(text))
        #expect(try self.errors(["price": .number(number)]) == expected)
    }

    @Test func `an integer too large for any type is out of range, a fraction is no integer`() throws {
        let huge = try #require(JSONNumber("1e30"))
        let fraction = try #require(JSONNumber("1.5"))
        #expect(try self.errors(["first_night": .number(huge)]) == ["first_night range"])
        #expect(try self.errors(["first_night": .number(fraction)]) == ["first_night type"])
        #expect(try self.errors(["share": .number(try #require(JSONNumber("1e999")))]) == ["share range"])
    }

    @Test func `a rule between fields is checked only when they are sound`() throws {
        #expect(try self.errors(["first_night": 9]) == ["last_night date_order"])
        #expect(try self.errors(["first_night": 999]) == ["first_night range"])
    }

    @Test func `null clears, silence does not touch`() throws {
        let cleared = try self.decode(Self.smallest.replacing("{\"room\"", with: "{\"note\":null,\"room\""))
        #expect(cleared.note == .cleared)
    }

    @Test func `fields that nobody reads are errors unless the sender may add them`() throws {
        let changes: [String: JSONValue?] = ["new": 1, "contact": ["name": "A", "new": 2]]
        #expect(try self.errors(changes) == ["contact.new unknown_field", "new unknown_field"])
        #expect(try self.errors(changes, ignoringUnknownFields: true).isEmpty)
    }

    @Test(arguments: [nil, true, 1, "x", []] as [JSONValue])
    func `what is no object has no fields`(json: JSONValue) {
        #expect(throws: JSONFieldErrors([.init(field: "", code: .type)])) { try BookingRequest.decode(json) }
    }

    @Test func `the answer does not grow with the nonsense that was sent`() throws {
        var object = JSONObject()
        for index in 0..<200 { object[String(repeating: "x", count: 500) + "\(index)"] = 1 }
        do {
            _ = try BookingRequest.decode(.object(object))
            Issue.record("accepted")
        } catch {
            #expect(error.entries.count == JSONFieldErrors.limit)
            #expect(error.entries.allSatisfy { $0.field.utf8.count <= 64 })
        }
    }
}
