import Testing

@testable import LoadTest

/// The small parts of a run in the hotel.
@Suite struct HotelTests {
    // MARK: Stamps

    @Test(
        arguments: [
            (run: 0, number: 0, due: 0), (run: 0xFFFF_FFFF, number: 0xFFF_FFFF, due: (1 << 62) - 1),
            (run: 0xDEAD_BEEF, number: 0xABC_D123, due: 123_456_789_012_345),
        ] as [(run: UInt64, number: UInt64, due: UInt64)])
    func `a stamp survives the way through its key, a UUID of version 8`(run: UInt64, number: UInt64, due: UInt64) {
        let stamp = CommandStamp(run: run, number: number, due: due)
        #expect(CommandStamp(stamp.key) == stamp)
        #expect(UInt64(stamp.run) == run && UInt64(stamp.number) == number && stamp.due == due)
        let letters = Array(stamp.key)
        #expect(letters.count == 36 && letters[14] == "8" && "89ab".contains(letters[19]))
    }

    @Test(arguments: [
        "", "x", "01a1fdd5-f87e-77b3-8c38-bf18383ea1a1", "01a1fdd5-f87e-87b3-4c38-bf18383ea1a1",
        "01a1fdd5-f87e-87b3-8c38-bf18383ea1",
    ]) func `a key of somebody else is none of ours`(key: String) {
        #expect(CommandStamp(key) == nil)
    }

    // MARK: The brief

    static let brief = {
        var brief = HotelBrief()
        brief.channels = ["a", "b"]
        brief.passes = [.init(token: "t\"1", audience: 0), .init(token: "t2", audience: 1)]
        brief.rooms = [.init(id: "r1", pass: 1, nextIsClean: true), .init(id: "r2", pass: 0, nextIsClean: false)]
        return brief
    }()

    @Test func `a brief survives the way through its line`() {
        #expect(!Self.brief.encoded.contains("\n"))
        #expect(HotelBrief(encoded: Self.brief.encoded) == Self.brief)
        #expect(Self.brief.audience(of: Self.brief.rooms[0]) == 1)
    }

    @Test(arguments: [
        "", "{}", "[]", #"{"channels":["a"],"passes":[{"token":"t","audience":1}],"rooms":[]}"#,
        #"{"channels":["a"],"passes":[{"token":"t","audience":0}],"rooms":[{"id":"r","pass":1,"clean":true}]}"#,
    ]) func `a brief that names what is not there is refused`(text: String) {
        #expect(HotelBrief(encoded: text) == nil)
    }

    @Test func `audiences take turns while each has rooms`() {
        let rooms = ["a1", "a2", "a3", "b1"].map { HotelBrief.Room(id: $0, pass: 0, nextIsClean: true) }
        let mixed = FrontDesk.interleaved([Array(rooms[..<3]), Array(rooms[3...])])
        #expect(mixed.map(\.id) == ["a1", "b1", "a2", "a3"])
        #expect(FrontDesk.interleaved([]) == [])
    }

    // MARK: The rota

    @Test func `rooms take turns, go to and fro, and wait for their answer`() throws {
        var rota = RoomRota(Self.brief.rooms)
        let (one, other) = (rota.take(), rota.take())
        let first = try #require(one)
        let second = try #require(other)
        #expect(first == .init(room: 0, isClean: true) && second == .init(room: 1, isClean: false))
        let third = rota.take()
        #expect(third == nil)
        rota.changed(second)
        let fourth = rota.take()
        #expect(fourth == .init(room: 1, isClean: true))
        rota.changed(first)
        let turns = [rota.take(), rota.take()]
        #expect(turns == [.init(room: 0, isClean: false), nil])
    }

    @Test func `a refused room is believed to be what was asked for`() throws {
        var rota = RoomRota([HotelBrief.Room(id: "r", pass: 0, nextIsClean: true)])
        let turn = rota.take()
        rota.refused(try #require(turn))
        let next = rota.take()
        #expect(next == .init(room: 0, isClean: false))
    }

    @Test func `without rooms there is no turn`() {
        var rota = RoomRota([])
        let turn = rota.take()
        #expect(turn == nil)
    }

    // MARK: What sockets are told

    private static func news(_ text: String) -> PusherNews { Array(text.utf8).withUnsafeBytes { PusherNews($0) } }

    @Test func `a node's messages are read`() {
        let stamp = CommandStamp(run: 1, number: 2, due: 3)
        let meta = #"{\"meta\":{\"op_id\":\"\#(stamp.key)\"}}"#
        let cases: [(String, PusherNews)] = [
            (
                #"{"event":"pusher:connection_established","data":"{\"socket_id\":\"1.2\",\"activity_timeout\":9}"}"#,
                .established(socketID: "1.2")
            ),
            (
                #"{"event":"pusher_internal:subscription_succeeded","channel":"c","data":"{}"}"#,
                .subscribed(channel: "c")
            ),
            (#"{"event":"pusher:subscription_error","channel":"c","data":"{\"status\":401}"}"#, .refused(status: 401)),
            (#"{"event":"pusher:error","data":{"code":4009,"message":"no"}}"#, .error(code: 4009)),
            (#"{"event":"pusher:error","data":{"code":null,"message":"no"}}"#, .error(code: 0)),
            (#"{"event":"pusher:ping","data":"{}"}"#, .ping), (#"{"event":"bellhop:tick","data":"{}"}"#, .other),
            (#"{"event":"KpiUpdated","channel":"c","data":"{}"}"#, .other),
            (
                #"{"event":"RoomStatusChanged","channel":"c","seq":5,"data":"\#(meta)"}"#,
                .event(.init(name: "RoomStatusChanged", channel: "c", seq: 5, stamp: stamp))
            ),
            (
                #"{"event":"X","channel":"c","seq":6,"data":{"meta":{"op_id":"\#(stamp.key)"}}}"#,
                .event(.init(name: "X", channel: "c", seq: 6, stamp: stamp))
            ),
            (
                #"{"event":"X","channel":"c","seq":6,"data":{"meta":{"op_id":null}}}"#,
                .event(.init(name: "X", channel: "c", seq: 6))
            ),
            ("", .damaged), ("{", .damaged), ("[]", .damaged), (#"{"event":5}"#, .damaged),
            (#"{"event":"pusher:connection_established","data":"{}"}"#, .damaged),
        ]
        for (text, expected) in cases { #expect(Self.news(text) == expected, "\(text)") }
    }

    @Test func `messages that were read before are known again, however many come between`() {
        var reader = PusherNewsReader()
        for turn in 0..<3 {
            for seq in 1...40 as ClosedRange<Int64> {
                let text = Array(#"{"event":"X","channel":"c","seq":\#(seq),"data":{}}"#.utf8)
                let news = text.withUnsafeBytes { reader.read($0) }
                #expect(news == .event(.init(name: "X", channel: "c", seq: seq)), "\(turn)")
            }
        }
    }
}
