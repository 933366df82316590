internal import Reactor
internal import Shared
internal import Wire

/// A server that is asked one thing after the other by a thread that waits.
final class BlockingServer: Sendable {
    let endpoint: Endpoint
    private let group: LoopGroup

    /// - Parameter seconds: for each answer.
    init(_ endpoint: Endpoint, seconds: Double) throws(SystemError) {
        self.endpoint = endpoint
        guard let address = endpoint.resolved() else { throw SystemError("getaddrinfo", errno: 2) }
        self.group = try LoopGroup(count: 1, options: LoopOptions(), places: 8) { loop throws(SystemError) in
            loop.attach(RequestPool([endpoint], addresses: [address], linesEach: 1, seconds: seconds, loop: loop))
        }
    }

    /// Why it does not answer at all; `nil` if it does.
    func reachability() -> ConnectFailure? {
        if case .failure(let failure) = self.ask(ServerRequest(.get, "/readyz")) { failure } else { nil }
    }

    func ask(_ request: ServerRequest) -> Result<HTTPReceivedResponse, ConnectFailure> {
        let answer = Locked<Result<HTTPReceivedResponse, ConnectFailure>?>(nil)
        let done = Semaphore()
        self.group.handles[0].post { loop in
            loop.attachment(RequestPool.self)?.ask(0, request) { result in
                answer.withLock { $0 = result }
                done.signal()
            }
        }
        done.wait()
        return answer.withLock { $0 } ?? .failure(.hungUp)
    }

    func stop() { self.group.stop() }
}
