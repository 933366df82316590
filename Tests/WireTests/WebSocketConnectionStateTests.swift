import Testing

@testable import Wire

@Suite struct WebSocketConnectionStateTests {
    typealias Action = WebSocketConnectionState.Action

    static let timings: WebSocketTimings = {
        var timings = WebSocketTimings()
        timings.pingAfter = 1000
        timings.pongWithin = 500
        timings.closeWithin = 200
        return timings
    }()

    /// A moment in a connection's life, reached at time 0.
    enum Moment: CaseIterable {
        case open, pinged, closeSent, closeReceived, failed, dropped
    }

    enum Input: CaseIterable {
        case ping, pingWhileFull, writable, close, failure, end, ourClose, earlyTimer, timer
    }

    static func state(_ moment: Moment, _ role: WebSocketRole) -> WebSocketConnectionState {
        // The first ping is due at 0, so that `pinged` starts there too.
        var timings = Self.timings
        timings.pingAfter = moment == .pinged ? 0 : 1000
        var state = WebSocketConnectionState(role: role, now: 0, timings: timings)
        switch moment {
        case .open: break
        case .pinged: _ = state.deadlinePassed(now: 0, timings: Self.timings)
        case .closeSent: _ = state.close(.goingAway, now: 0, timings: Self.timings)
        case .closeReceived: _ = state.closeReceived(.normal, now: 0, timings: Self.timings)
        case .failed: _ = state.failed(.invalidText, now: 0, timings: Self.timings)
        case .dropped: _ = state.socketClosed()
        }
        return state
    }

    static func apply(_ input: Input, to state: inout WebSocketConnectionState) -> Action {
        let payload = UnsafeRawBufferPointer(start: nil, count: 0)
        let due = state.deadline ?? 10_000
        switch input {
        case .ping: return state.pingReceived(payload, canSend: true)
        case .pingWhileFull: return state.pingReceived(payload, canSend: false)
        case .writable: return state.writable()
        case .close: return state.closeReceived(.normal, now: 50, timings: Self.timings)
        case .failure: return state.failed(.messageTooLarge(limit: 1), now: 50, timings: Self.timings)
        case .end: return state.socketClosed()
        case .ourClose: return state.close(.goingAway, now: 50, timings: Self.timings)
        case .earlyTimer: return state.deadlinePassed(now: due - 1, timings: Self.timings)
        case .timer: return state.deadlinePassed(now: due, timings: Self.timings)
        }
    }

    static func expected(_ moment: Moment, _ input: Input, _ role: WebSocketRole) -> Action {
        switch (moment, input) {
        case (.dropped, _), (_, .pingWhileFull), (_, .writable), (_, .earlyTimer): .nothing
        case (_, .end): .dropSocket
        case (.open, .timer): .sendPing
        case (_, .timer): .dropSocket
        case (.open, .ping), (.pinged, .ping): .sendPong([])
        case (.open, .close), (.pinged, .close): role == .server ? .sendCloseAndFinish(.normal) : .sendClose(.normal)
        case (.open, .failure), (.pinged, .failure): .sendCloseAndFinish(.messageTooBig)
        case (.open, .ourClose), (.pinged, .ourClose): .sendClose(.goingAway)
        case (.closeSent, .close): role == .server ? .finish : .nothing
        case (.closeSent, .failure): .finish
        case (.closeSent, _), (.closeReceived, _), (.failed, _): .nothing
        }
    }

    @Test(arguments: Moment.allCases, [WebSocketRole.server, .client])
    func `every input at every moment has its answer`(moment: Moment, role: WebSocketRole) {
        for input in Input.allCases {
            var state = Self.state(moment, role)
            let action = Self.apply(input, to: &state)
            #expect(action == Self.expected(moment, input, role), "\(input)")
        }
    }

    @Test(arguments: Moment.allCases, [WebSocketRole.server, .client])
    func `no two or three inputs send anything after our close frame`(moment: Moment, role: WebSocketRole) {
        for first in Input.allCases {
            for second in Input.allCases {
                for third in Input.allCases {
                    var state = Self.state(moment, role)
                    var isClosed = ![.open, .pinged].contains(moment)
                    for input in [first, second, third] {
                        let action = Self.apply(input, to: &state)
                        switch action {
                        case .sendPing, .sendPong, .sendClose, .sendCloseAndFinish:
                            #expect(!isClosed, "\(first) \(second) \(third)")
                        case .nothing, .finish, .dropSocket: break
                        }
                        switch action {
                        case .sendClose, .sendCloseAndFinish, .finish, .dropSocket: isClosed = true
                        case .nothing, .sendPing, .sendPong: break
                        }
                        #expect(state.isOpen == !isClosed, "\(first) \(second) \(third)")
                    }
                }
            }
        }
    }

    @Test(arguments: Moment.allCases) func `every moment but the last has a deadline`(moment: Moment) {
        let deadlines: [Moment: UInt64] = [
            .open: 1000, .pinged: 500, .closeSent: 200, .closeReceived: 200, .failed: 200,
        ]
        #expect(Self.state(moment, .server).deadline == deadlines[moment])
        #expect(Self.state(moment, .server).isOpen == (moment == .open || moment == .pinged))
    }

    @Test func `whatever is heard puts the ping off, and after the last one the socket goes`() {
        var state = Self.state(.open, .server)
        state.heard(now: 700, timings: Self.timings)
        #expect(state.deadline == 1700)
        let ping = state.deadlinePassed(now: 1700, timings: Self.timings)
        #expect(ping == .sendPing && state.deadline == 2200)
        state.heard(now: 2199, timings: Self.timings)
        #expect(state.deadline == 3199)
        let second = state.deadlinePassed(now: 3200, timings: Self.timings)
        let end = state.deadlinePassed(now: 3700, timings: Self.timings)
        #expect(second == .sendPing && end == .dropSocket && state.closeCode == .abnormal)
    }

    @Test func `who does not answer is told so where the protocol has a code for it`() {
        var timings = Self.timings
        timings.silenceCode = .pongMissing
        var state = Self.state(.pinged, .server)
        let end = state.deadlinePassed(now: 500, timings: timings)
        #expect(end == .sendCloseAndFinish(.pongMissing) && state.closeCode == .pongMissing && !state.isOpen)
        let last = state.deadlinePassed(now: 700, timings: timings)
        #expect(last == .dropSocket)
    }

    @Test func `without an interval nobody is ever asked`() {
        var timings = WebSocketTimings()
        timings.pingAfter = nil
        var state = WebSocketConnectionState(role: .client, now: 5, timings: timings)
        #expect(state.deadline == nil)
        state.heard(now: 9, timings: timings)
        let action = state.deadlinePassed(now: .max, timings: timings)
        #expect(state.deadline == nil && action == .nothing)
    }

    @Test func `a flood of pings against a full outbox leaves one pong, the latest`() {
        var state = Self.state(.open, .server)
        for number in 0..<100 as Range<UInt8> {
            let action = [number].withUnsafeBytes { state.pingReceived($0, canSend: false) }
            #expect(action == .nothing)
        }
        let pong = state.writable()
        let nothing = state.writable()
        #expect(pong == .sendPong([99]) && nothing == .nothing)
    }

    @Test func `a pong that waits is dropped by a close and by a newer answer`() {
        for input in [Input.close, .failure, .end, .ourClose, .ping] {
            var state = Self.state(.open, .server)
            _ = Self.apply(.pingWhileFull, to: &state)
            _ = Self.apply(input, to: &state)
            let action = state.writable()
            #expect(action == .nothing, "\(input)")
        }
    }

    @Test func `the code tells who ended the connection and why`() {
        var ours = Self.state(.closeSent, .server)
        _ = ours.closeReceived(.normal, now: 1, timings: Self.timings)
        #expect(ours.closeCode == .goingAway)
        #expect(Self.state(.closeReceived, .server).closeCode == .normal)
        #expect(Self.state(.failed, .server).closeCode == .invalidPayload)
        #expect(Self.state(.dropped, .server).closeCode == .abnormal)
    }

    @Test func `a connection's state is a few words`() {
        #expect(MemoryLayout<WebSocketConnectionState>.size <= 32)
    }
}
