internal import Glibc
internal import Ports
internal import Shared
internal import Wire

/// One request and its status, on a thread that may block.
struct HTTPCall {
    typealias Failure = WebhookAnswer.Failure

    private let request: WebhookRequest
    private let terms: HTTPCaller.Terms
    private let trust: TrustKeeper

    init(_ request: WebhookRequest, terms: HTTPCaller.Terms, trust: TrustKeeper) {
        self.request = request
        self.terms = terms
        self.trust = trust
    }

    func answer() -> WebhookAnswer {
        let deadline = Deadline(in: self.terms.limit)
        do throws(Failure) {
            let line = try self.connect(deadline)
            try line.send(self.text, by: deadline)
            return .status(try Self.status(from: line, deadline))
        } catch {
            return .failed(error)
        }
    }

    private var text: [UInt8] {
        var text: [UInt8] = []
        HTTPRequestWriter.append(
            .post, self.request.address.target, host: self.request.address.authority,
            fields: self.request.fields + [("Connection", "close")], body: self.request.body, to: &text)
        return text
    }

    /// A connection to one of the server's addresses, with TLS complete if it is asked for.
    private func connect(_ deadline: Deadline) throws(Failure) -> OutboundLine {
        let address = self.request.address
        let connecting = Deadline(in: self.terms.connectLimit)
        let places = ServerPlaces(of: address.host, port: address.port)
        var (failure, left) = (Failure.unreachable, places.count)
        for place in places {
            // Each that is left gets its share, so that one that swallows everything does not hide the others.
            let share = Deadline(in: connecting.left / max(left, 1))
            left -= 1
            do throws(Failure) {
                let line = try OutboundLine(to: place, by: share)
                guard address.isSecure else { return line }
                guard let trust = self.trust.trust() else { throw .tls }
                try line.secure(by: trust, as: address.host, by: connecting.orEarlier(deadline))
                return line
            } catch {
                failure = error
                guard error == .unreachable || error == .timedOut else { throw error }
            }
        }
        throw failure
    }

    private static func status(from line: OutboundLine, _ deadline: Deadline) throws(Failure) -> Int {
        var reader = StatusReader()
        var buffer = [UInt8](repeating: 0, count: 4_096)
        while true {
            let count = try line.receive(&buffer, by: deadline)
            guard count > 0 else { throw .closed }
            switch reader.feed(buffer[..<count]) {
            case .status(let status): return status
            case .malformed: throw .malformed
            case .more: continue
            }
        }
    }
}

/// A moment that does not move when the clock is set.
struct Deadline {
    private let nanoseconds: UInt64

    init(in limit: Duration) {
        let milliseconds = UInt64(max(0, min(limit / .milliseconds(1), 3_600_000)))
        self.nanoseconds = SystemClock.monotonicNanoseconds + milliseconds * 1_000_000
    }

    private init(nanoseconds: UInt64) { self.nanoseconds = nanoseconds }

    var left: Duration {
        let now = SystemClock.monotonicNanoseconds
        return now < self.nanoseconds ? .nanoseconds(Int64(self.nanoseconds - now)) : .zero
    }

    func orEarlier(_ other: Deadline) -> Deadline {
        Deadline(nanoseconds: min(self.nanoseconds, other.nanoseconds))
    }
}
