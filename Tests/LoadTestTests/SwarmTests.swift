import Reactor
import Shared
import Synchronization
import TestSupport
import Testing

@testable import LoadTest

/// A swarm on a loop of its own, against a server that behaves as the test says.
@Suite(.timeLimit(.minutes(1))) struct SwarmTests {
    private final class Fixture: Sendable {
        let group: LoopGroup
        private let reports = Locked<[WorkerReport]>([])

        init(_ plan: Plan) throws {
            let reports = self.reports
            self.group = try LoopGroup(count: 1, options: LoopOptions(), places: 1000) {
                loop throws(SystemError) in
                let alarm = try Alarm(loop.handle) { _ in }
                let voice = WorkerVoice(alarm: alarm) { report in reports.withLock { $0.append(report) } }
                let role = WorkerRole(.sockets, index: 0, count: 1, run: 77)
                let addresses = plan.targets.compactMap { $0.resolved() }
                loop.attach(Swarm(plan, role: role, addresses: addresses, loop: loop, voice: voice))
            }
            self.group.handles[0].post { $0.attachment(Swarm.self)?.ramp(start: SystemClock.monotonicNanoseconds) }
        }

        func hears(_ report: WorkerReport) -> Bool {
            eventually { self.reports.withLock { $0.contains(report) } }
        }

        var hopeless: String? {
            self.reports.withLock { reports in
                reports.compactMap { report in
                    if case .hopeless(let text) = report { text } else { nil }
                }.first
            }
        }

        func ask<Answer: Sendable>(_ question: @escaping @Sendable (Swarm) -> Answer) -> Answer? {
            let answer = Locked<Answer?>(nil)
            self.group.handles[0].post { loop in
                let value = loop.attachment(Swarm.self).map(question)
                answer.withLock { $0 = value }
            }
            _ = eventually { answer.withLock { $0 != nil } }
            return answer.withLock { $0 }
        }

        var result: WorkerResult { self.ask { $0.measurements.result } ?? WorkerResult() }
    }

    private static func plan(_ scenario: Scenario, port: UInt16, sockets: Int = 20) -> Plan {
        var plan = Plan(scenario)
        plan.sockets = sockets
        plan.targets = [Endpoint(scheme: .ws, host: "127.0.0.1", port: port, path: "/x")]
        return plan
    }

    @Test(arguments: [
        (ScriptedServer.Manner.answer("HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n"), "HTTP 503"),
        (
            .answer("HTTP/1.1 101 X\r\nUpgrade: websocket\r\nConnection: upgrade\r\nSec-WebSocket-Accept: x\r\n\r\n"),
            "no WebSocket"
        ),
        (.answer("SSH-2.0-OpenSSH\r\n\r\n"), "no WebSocket"), (.hangUp, "closed before"), (.silence, "no answer"),
    ]) func `a server that refuses is told by its first socket, and left alone`(
        manner: ScriptedServer.Manner, reason: String
    ) throws {
        let server = try ScriptedServer(manner)
        var plan = Self.plan(.idle, port: server.port)
        plan.connectSeconds = 0.3
        plan.sockets = 1
        let fixture = try Fixture(plan)
        #expect(eventually { fixture.hopeless?.contains(reason) == true }, "\(fixture.hopeless ?? "nothing")")
        #expect(fixture.hears(.settled))
        #expect(fixture.result.figures[.failed] == 1)
        fixture.group.stop()
        server.stop()
    }

    @Test func `a port where nobody listens is told`() throws {
        let server = try ScriptedServer(.silence)
        let port = server.port
        server.stop()
        let fixture = try Fixture(Self.plan(.idle, port: port, sockets: 1))
        #expect(eventually { fixture.hopeless?.contains("refused") == true })
        fixture.group.stop()
    }

    @Test func `all sockets open, close in order, and count as no loss`() throws {
        let server = try ScriptedServer(.accept(saying: nil))
        let fixture = try Fixture(Self.plan(.idle, port: server.port))
        #expect(fixture.hears(.settled))
        #expect(fixture.result.figures[.opened] == 20)
        #expect(fixture.result.connectTimes.count == 20)
        let isClosed = Locked(false)
        fixture.group.handles[0].post { loop in
            loop.attachment(Swarm.self)?.close { isClosed.withLock { $0 = true } }
        }
        #expect(eventually { isClosed.withLock { $0 } })
        #expect(fixture.result.figures[.dropped] == 0)
        fixture.group.stop()
        server.stop()
    }

    @Test func `connects that close at once may be more than fit at once`() throws {
        let server = try ScriptedServer(.accept(saying: nil))
        var plan = Self.plan(.connect, port: server.port, sockets: 200)
        plan.closesAtOnce = true
        plan.connectsInFlight = 5
        let fixture = try Fixture(plan)
        #expect(fixture.hears(.settled))
        #expect(fixture.result.figures[.opened] == 200)
        #expect(server.requests.withLock { $0 } == 200)
        #expect(eventually { fixture.group.handles[0].statistics.connections.load(ordering: .relaxed) == 0 })
        fixture.group.stop()
        server.stop()
    }

    @Test func `a message right behind the handshake is not lost`() throws {
        let server = try ScriptedServer(.accept(saying: Array("news".utf8)))
        let fixture = try Fixture(Self.plan(.fanout, port: server.port))
        #expect(fixture.hears(.settled))
        #expect(eventually { fixture.result.figures[.strangers] == 20 })
        fixture.group.stop()
        server.stop()
    }

    @Test func `sockets that the server leaves are dropped`() throws {
        let server = try ScriptedServer(.accept(saying: nil))
        let fixture = try Fixture(Self.plan(.idle, port: server.port))
        #expect(fixture.hears(.settled))
        server.stop()
        #expect(eventually { fixture.result.figures[.dropped] == 20 })
        fixture.group.stop()
    }

    /// Runs an echo of 20 sockets, 50 times a second each, for a fifth of a second.
    private static func echo(_ manner: ScriptedServer.Manner) throws -> (Fixture, ScriptedServer) {
        let server = try ScriptedServer(manner)
        var plan = Self.plan(.echo, port: server.port)
        plan.rate = 50
        let fixture = try Fixture(plan)
        #expect(fixture.hears(.settled))
        fixture.group.handles[0].post { loop in
            let now = SystemClock.monotonicNanoseconds
            let swarm = loop.attachment(Swarm.self)
            swarm?.measurements.window = Window(begin: now, from: now, end: now + 200_000_000)
            swarm?.run()
        }
        return (fixture, server)
    }

    @Test func `every request of the window is sent on time and its answer counted`() throws {
        let (fixture, server) = try Self.echo(.echo(times: 1))
        #expect(eventually { fixture.result.figures[.deliveries] == 200 })
        let result = fixture.result
        #expect(result.figures[.sent] == 200 && result.figures[.watching] == 20)
        #expect(result.figures[.duplicates] == 0 && result.figures[.disorder] == 0)
        #expect(result.latency.count == 200)
        fixture.group.stop()
        server.stop()
    }

    @Test func `a server that repeats itself is found out`() throws {
        let (fixture, server) = try Self.echo(.echo(times: 2))
        #expect(eventually { fixture.result.figures[.duplicates] == 200 })
        #expect(fixture.result.figures[.deliveries] == 200)
        fixture.group.stop()
        server.stop()
    }

    @Test func `what a lost socket should have asked counts as lost`() throws {
        let (fixture, server) = try Self.echo(.closeAtMessage)
        #expect(eventually { fixture.result.figures[.sent] == 200 })
        #expect(fixture.result.figures[.deliveries] == 0)
        #expect(eventually { fixture.result.figures[.dropped] == 20 })
        fixture.group.stop()
        server.stop()
    }
}
