internal import Reactor
internal import Shared
internal import Wire

/// Requests to several endpoints from a loop, over a few connections to each that are kept and, when one is gone, made anew.
///
/// Whoever asks is told exactly once: the answer, or why there is none. Nothing is repeated here: only who asks knows whether that
/// is safe. A request waits behind others only when all connections to its endpoint are busy.
final class RequestPool {
    typealias Completion = (Result<HTTPReceivedResponse, ConnectFailure>) -> Void

    private struct Seat {
        let endpoint: Int
        var line: RequestLine
        /// Why the connection was cut from here.
        var fault: ConnectFailure?
    }

    private unowned let loop: EventLoop
    private let addresses: [SocketAddress]
    private let milliseconds: UInt64
    private let linesEach: Int
    private var seats: [Seat] = []
    private var seatsByPlace: [Int: Int] = [:]
    private var waiting: [UInt64: Completion] = [:]
    private var lastNumber: UInt64 = 0
    private var handler: HandlerID?
    private var isClosed = false

    /// - Parameters:
    ///   - addresses: of the endpoints, in their order.
    ///   - linesEach: connections to each endpoint at most.
    ///   - seconds: how long a connection may take, and then how long it may be silent while an answer is owed.
    init(_ endpoints: [Endpoint], addresses: [SocketAddress], linesEach: Int, seconds: Double, loop: EventLoop) {
        (self.addresses, self.linesEach, self.loop) = (addresses, linesEach, loop)
        self.milliseconds = UInt64(seconds * 1000)
        for (place, endpoint) in endpoints.enumerated() {
            for _ in 0..<linesEach { self.seats.append(Seat(endpoint: place, line: RequestLine(endpoint))) }
        }
        self.handler = loop.register(self)
    }

    /// How many connections it may have.
    static func places(endpoints: Int, linesEach: Int) -> Int { endpoints * linesEach }

    /// Sends a request to an endpoint and calls `completion` on the loop's thread, never before this returns.
    func ask(_ endpoint: Int, _ request: ServerRequest, _ completion: @escaping Completion) {
        let own = (endpoint * self.linesEach)..<((endpoint + 1) * self.linesEach)
        // Of those that are equally short an open one, so that quiet times do not open all.
        guard
            let seat = own.min(by: { self.burden($0) < self.burden($1) })
        else { return }
        self.lastNumber += 1
        self.waiting[self.lastNumber] = completion
        self.seats[seat].line.add(self.lastNumber, request)
        if self.seats[seat].line.connection == nil {
            self.connect(seat)
        } else {
            self.flush(seat)
        }
    }

    private func burden(_ seat: Int) -> (Int, Int) {
        (self.seats[seat].line.length, self.seats[seat].line.connection == nil ? 1 : 0)
    }

    /// Ends all connections; whoever waits is not told any more.
    func close() {
        self.isClosed = true
        self.waiting = [:]
        for id in self.seats.compactMap(\.line.connection) { self.loop.drop(id) }
    }

    var hasConnections: Bool { !self.seatsByPlace.isEmpty }

    // MARK: Connections

    private func connect(_ seat: Int) {
        guard let handler = self.handler, !self.isClosed else { return }
        do throws(SystemError) {
            let id = try self.loop.connect(
                to: self.addresses[self.seats[seat].endpoint], handler: handler, within: self.milliseconds)
            self.seats[seat].line.connection = id
            self.seatsByPlace[id.place] = seat
        } catch {
            let lost = self.seats[seat].line.reset()
            let failure = ConnectFailure.system(error.errno)
            self.loop.schedule(after: 0) { [weak self] in self?.fail(lost, failure) }
        }
    }

    private func flush(_ seat: Int) {
        guard self.seats[seat].line.isOpen, let id = self.seats[seat].line.connection,
            let bytes = self.seats[seat].line.takeUnsent()
        else { return }
        self.loop.setDeadline(id, at: self.loop.now + self.milliseconds)
        bytes.withUnsafeBytes { _ = self.loop.send(id, $0) }
    }

    private func complete(_ number: UInt64, _ result: Result<HTTPReceivedResponse, ConnectFailure>) {
        self.waiting.removeValue(forKey: number)?(result)
    }

    private func fail(_ numbers: [UInt64], _ failure: ConnectFailure) {
        for number in numbers { self.complete(number, .failure(failure)) }
    }
}

// MARK: - The loop's calls

extension RequestPool: ConnectionHandler {
    func opened(_ id: ConnectionID, peer: SocketAddress?) {
        guard let seat = self.seatsByPlace[id.place] else { return }
        self.seats[seat].line.isOpen = true
        self.loop.setDeadline(id, at: nil)
        self.flush(seat)
    }

    func received(_ id: ConnectionID, _ bytes: UnsafeMutableRawBufferPointer) {
        guard let seat = self.seatsByPlace[id.place] else { return }
        var input = UnsafeRawBufferPointer(bytes)
        do throws(HTTPError) {
            while let answer = try self.seats[seat].line.nextAnswer(&input) {
                let isQuiet = self.seats[seat].line.length == 0
                self.loop.setDeadline(id, at: isQuiet ? nil : self.loop.now + self.milliseconds)
                self.complete(answer.number, .success(answer.response))
            }
        } catch {
            self.seats[seat].fault = .unreadable
            self.loop.drop(id)
        }
    }

    func inputEnded(_ id: ConnectionID) { self.loop.drop(id) }

    func drained(_ id: ConnectionID) {}

    func deadlinePassed(_ id: ConnectionID) {
        guard let seat = self.seatsByPlace[id.place] else { return }
        self.seats[seat].fault = .timedOut
        self.loop.drop(id)
    }

    func closed(_ id: ConnectionID, _ reason: CloseReason) {
        guard let seat = self.seatsByPlace.removeValue(forKey: id.place) else { return }
        let failure = self.seats[seat].fault ?? ConnectFailure(reason)
        self.seats[seat].fault = nil
        self.fail(self.seats[seat].line.reset(), failure)
    }

    func turnEnded() {}
}
