import Testing

@testable import Shared

@Suite struct HintTargetsTests {
    private func decode(_ bytes: [UInt8], projections: Int = 4) throws -> [EventTarget] {
        try bytes.withUnsafeBytes { try EventTargets.decode($0, projections: projections) }
    }

    private let one = EventTargets.encoded([EventTarget(Audience(.user, subject: 5, code: "é"), projection: 1)])

    @Test func `all kinds are read back`() throws {
        let targets = AudienceKind.allCases.enumerated().map { index, kind in
            EventTarget(
                Audience(kind, subject: UInt128(index) << 90, code: String(repeating: "x", count: index * 4)),
                projection: UInt8(index % 4))
        }
        #expect(try self.decode(EventTargets.encoded(targets)) == targets)
        #expect(try self.decode(EventTargets.encoded([])) == [])
        let many = (0..<EventTargets.most).map { EventTarget(Audience(.user, subject: UInt128($0)), projection: 0) }
        #expect(try self.decode(EventTargets.encoded(many)) == many)
    }

    @Test func `the numbers of the kinds are for ever`() {
        let numbers: [AudienceKind: UInt8] = [
            .announcements: 1, .systemAdmin: 2, .user: 3, .tenant: 4, .property: 5, .department: 6, .frontDesk: 7,
            .kpi: 8, .kpiRevenue: 9, .finance: 10, .owners: 11, .managers: 12, .residents: 13, .stay: 14,
            .propertyPresence: 15, .departmentPresence: 16, .thread: 17,
        ]
        #expect(numbers.count == AudienceKind.allCases.count)
        for (kind, number) in numbers { #expect(kind.rawValue == number) }
    }

    @Test func `every truncation is refused, and what is left over`() {
        for count in self.one.indices {
            #expect(throws: HintError.cut) { try self.decode(Array(self.one[..<count])) }
        }
        #expect(throws: HintError.trailingBytes) { try self.decode(self.one + [0]) }
    }

    @Test func `a kind of a newer node is passed over`() throws {
        let known = EventTarget(Audience(.tenant), projection: 0)
        var bytes = EventTargets.encoded([EventTarget(Audience(.user, code: "abc"), projection: 3), known])
        bytes[2] = 200
        #expect(try self.decode(bytes) == [known])
    }

    @Test func `what cannot be is refused`() {
        func refused(_ index: Int, _ byte: UInt8, projections: Int = 4) -> Bool {
            var bytes = self.one
            bytes[index] = byte
            return (try? self.decode(bytes, projections: projections)) == nil
        }
        #expect(!refused(3, 1))
        #expect(refused(2, 0), "kind 0")
        #expect(refused(3, 1, projections: 1), "a projection that the event has not")
        #expect(refused(4, 65), "a long code")
        #expect(refused(21, 0xFF), "not UTF-8")
        #expect(refused(0, 0x10) && refused(0, 0xFF), "more targets than there can be")
    }
}
