import Reactor
import Shared
import Synchronization
import TestSupport
import Testing
import Wire

@testable import LoadTest

/// Requests to servers that behave as the test says.
@Suite(.timeLimit(.minutes(1))) struct RequestPoolTests {
    private static func endpoint(_ port: UInt16) -> Endpoint {
        Endpoint(scheme: .http, host: "127.0.0.1", port: port, path: "/")
    }

    private static func ask(_ manner: ScriptedServer.Manner, times: Int = 1) throws -> [Result<Int, ConnectFailure>] {
        let server = try ScriptedServer(manner)
        defer { server.stop() }
        let asker = try BlockingServer(Self.endpoint(server.port), seconds: 0.3)
        defer { asker.stop() }
        return (0..<times).map { _ in asker.ask(ServerRequest(.get, "/")).map(\.status) }
    }

    @Test(arguments: [
        (ScriptedServer.Manner.hangUp, ConnectFailure.hungUp), (.silence, .timedOut),
        (.answer("SSH-2.0-OpenSSH_9.2\r\n\r\n"), .unreadable),
    ]) func `whoever asks is told why there is no answer, and may ask again`(
        manner: ScriptedServer.Manner, failure: ConnectFailure
    ) throws {
        #expect(try Self.ask(manner, times: 2) == [.failure(failure), .failure(failure)])
    }

    @Test func `a server where nobody listens is told`() throws {
        let server = try ScriptedServer(.silence)
        let port = server.port
        server.stop()
        let asker = try BlockingServer(Self.endpoint(port), seconds: 0.3)
        defer { asker.stop() }
        guard case .failure(.system) = asker.ask(ServerRequest(.get, "/")) else {
            Issue.record("it was answered")
            return
        }
        #expect(asker.reachability() != nil)
    }

    @Test func `an answer is an answer, whatever its status`() throws {
        let text = "HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n"
        #expect(try Self.ask(.answer(text)) == [.success(503)])
    }

    /// Forty questions at once, over at most four connections.
    @Test func `many questions at once share the connections, and each has its answer`() throws {
        let hotel = try ScriptedHotel()
        defer { hotel.stop() }
        let endpoint = Self.endpoint(hotel.port)
        let answers = Locked<[Int: Int]>([:])
        let done = Semaphore()
        let group = try LoopGroup(count: 1, options: LoopOptions(), places: 8) { loop throws(SystemError) in
            let addresses = [endpoint].compactMap { $0.resolved() }
            loop.attach(RequestPool([endpoint], addresses: addresses, linesEach: 4, seconds: 5, loop: loop))
        }
        defer { group.stop() }
        group.handles[0].post { loop in
            for number in 0..<40 {
                let path = number % 2 == 0 ? "/readyz" : "/nowhere"
                loop.attachment(RequestPool.self)?.ask(0, ServerRequest(.get, path)) { result in
                    let status = (try? result.get().status) ?? 0
                    let count = answers.withLock { answers in
                        answers[number] = status
                        return answers.count
                    }
                    if count == 40 { done.signal() }
                }
            }
        }
        #expect(done.wait(within: .seconds(20)))
        #expect(
            answers.withLock { $0 } == Dictionary(uniqueKeysWithValues: (0..<40).map { ($0, $0 % 2 == 0 ? 200 : 404) }))
        #expect(eventually { group.handles[0].statistics.connections.load(ordering: .relaxed) == 4 })
    }
}
