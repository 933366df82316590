import Reactor
import Shared
import TestSupport
import Testing

@testable import LoadTest

/// A run in the hotel against a node that behaves as the test says: from signing in to the verdict's figures.
@Suite(.timeLimit(.minutes(1))) struct HotelRunTests {
    private static func plan(_ hotel: ScriptedHotel, sockets: Int = 8) -> Plan {
        var plan = Plan(.fanout)
        let access = HotelAccess(key: "key", password: "secret", file: "the file")
        plan.hotel = access
        plan.sockets = sockets
        plan.rate = 100
        plan.connectSeconds = 5
        plan.targets = [Endpoint(scheme: .ws, host: "127.0.0.1", port: hotel.port, path: access.socketPath)]
        plan.publishers = [Endpoint(scheme: .http, host: "127.0.0.1", port: hotel.port, path: "/")]
        return plan
    }

    // MARK: Signing in

    private static func reason(_ fault: ScriptedHotel.Fault?, change: (inout Plan) -> Void = { _ in }) throws -> String
    {
        let hotel = try ScriptedHotel(fault)
        defer { hotel.stop() }
        var plan = Self.plan(hotel)
        change(&plan)
        let access = try #require(plan.hotel)
        do throws(Campaign.Failure) {
            _ = try FrontDesk.brief(plan, access)
            return ""
        } catch {
            return error.explanation
        }
    }

    @Test func `users, channels and rooms of both tenants are found, page by page`() throws {
        let hotel = try ScriptedHotel()
        defer { hotel.stop() }
        let plan = Self.plan(hotel)
        let brief = try FrontDesk.brief(plan, try #require(plan.hotel))
        #expect(brief.channels == ScriptedHotel.tenants)
        #expect(brief.passes.map(\.token) == HotelAccess.users && brief.passes.map(\.audience) == [0, 0, 1, 1])
        #expect(brief.rooms.map(\.id) == ["0-1", "1-1", "0-2", "1-2"])
        #expect(brief.rooms.map(\.pass) == [0, 2, 0, 2])
        #expect(brief.rooms.map(\.nextIsClean) == [false, false, true, true])
    }

    @Test(
        arguments: [
            (.wrongPassword, "BELLHOP_DEMO_PASSWORD in the file is wrong"), (.throttled, "try again in 17 seconds"),
            (.shortTokens, "a token lives for"), (.noRooms, "no room"),
        ] as [(ScriptedHotel.Fault, String)])
    func `what keeps the run out of the hotel is told`(fault: ScriptedHotel.Fault, words: String) throws {
        let reason = try Self.reason(fault)
        #expect(reason.contains(words), "\(reason)")
    }

    @Test func `a node that is gone does not keep anybody out, all of them do`() throws {
        let gone = try ScriptedHotel()
        let endpoint = Endpoint(scheme: .http, host: "127.0.0.1", port: gone.port, path: "/")
        gone.stop()
        #expect(try Self.reason(nil) { $0.publishers.insert(endpoint, at: 0) } == "")
        let reason = try Self.reason(nil) { $0.publishers = [endpoint, endpoint] }
        #expect(reason.contains("no node can be reached") && reason.contains("connection refused"), "\(reason)")
    }

    // MARK: Runs

    /// The worker with the sockets and the one with the commands, and what the coordinator does between them.
    private final class Fixture: Sendable {
        let hotel: ScriptedHotel
        private let sockets: LoopGroup
        private let commands: LoopGroup
        private let reports = Locked<[WorkerReport]>([])

        init(_ fault: ScriptedHotel.Fault?, sockets count: Int = 8) throws {
            let hotel = try ScriptedHotel(fault)
            self.hotel = hotel
            let plan = HotelRunTests.plan(hotel, sockets: count)
            let brief = try FrontDesk.brief(plan, try #require(plan.hotel))
            let reports = self.reports
            let sockets = try Self.group(plan, .sockets, { report in reports.withLock { $0.append(report) } })
            self.sockets = sockets
            self.commands = try Self.group(plan, .publisher) { report in
                reports.withLock { $0.append(report) }
                guard case .confirmed(let confirmation) = report else { return }
                sockets.handles[0].post { $0.attachment(Swarm.self)?.confirmed(confirmation) }
            }
            self.commands.handles[0].post { $0.attachment(Commander.self)?.enter(brief) }
            self.sockets.handles[0].post { loop in
                loop.attachment(Swarm.self)?.enter(brief)
                loop.attachment(Swarm.self)?.ramp(start: SystemClock.monotonicNanoseconds)
            }
        }

        private static func group(
            _ plan: Plan, _ duty: WorkerRole.Duty, _ report: @escaping @Sendable (WorkerReport) -> Void
        ) throws -> LoopGroup {
            try LoopGroup(count: 1, options: LoopOptions(), places: 200) { loop throws(SystemError) in
                let voice = WorkerVoice(alarm: try Alarm(loop.handle) { _ in }, report: report)
                let role = WorkerRole(duty, index: 0, count: 1, run: 77)
                let addresses = plan.targets.compactMap { $0.resolved() }
                switch duty {
                case .sockets: loop.attach(Swarm(plan, role: role, addresses: addresses, loop: loop, voice: voice))
                case .publisher:
                    loop.attach(Commander(plan, role: role, addresses: addresses, loop: loop, voice: voice))
                }
            }
        }

        func hears(_ report: WorkerReport) -> Bool { eventually { self.reports.withLock { $0.contains(report) } } }

        var hopeless: String? {
            self.reports.withLock { reports in
                reports.compactMap { if case .hopeless(let text) = $0 { text } else { nil } }.first
            }
        }

        /// Lets commands be due for a fifth of a second.
        func run() {
            let now = SystemClock.monotonicNanoseconds
            let window = Window(begin: now, from: now, end: now + 200_000_000)
            self.sockets.handles[0].post { loop in
                loop.attachment(Swarm.self)?.measurements.window = window
                loop.attachment(Swarm.self)?.run()
            }
            self.commands.handles[0].post { loop in
                loop.attachment(Commander.self)?.measurements.window = window
                loop.attachment(Commander.self)?.run()
            }
        }

        func settle() { self.commands.handles[0].post { $0.attachment(Commander.self)?.settle() } }

        /// Of both workers.
        var figures: Figures {
            var figures = Self.ask(self.sockets) { $0.attachment(Swarm.self)?.measurements.result.figures }
            figures.merge(Self.ask(self.commands) { $0.attachment(Commander.self)?.measurements.result.figures })
            return figures
        }

        private static func ask(_ group: LoopGroup, _ question: @escaping @Sendable (EventLoop) -> Figures?) -> Figures
        {
            let answer = Locked<Figures?>(nil)
            group.handles[0].post { loop in
                let figures = question(loop)
                answer.withLock { $0 = figures }
            }
            _ = eventually { answer.withLock { $0 != nil } }
            return answer.withLock { $0 } ?? Figures()
        }

        /// Waits until all 20 commands have been answered, and their news heard of by the sockets' worker.
        func isAnswered(_ figure: Figure = .confirmed) -> Bool { eventually { self.figures[figure] == 20 } }

        func stop() {
            self.commands.stop()
            self.sockets.stop()
            self.hotel.stop()
        }
    }

    /// A run in which everything was accepted.
    private static func run(_ fault: ScriptedHotel.Fault?, _ isAsExpected: (Figures) -> Bool) throws -> Figures {
        let fixture = try Fixture(fault)
        defer { fixture.stop() }
        #expect(fixture.hears(.settled))
        fixture.run()
        #expect(fixture.isAnswered())
        _ = eventually { isAsExpected(fixture.figures) }
        let figures = fixture.figures
        #expect(figures[.opened] == 8 && figures[.watching] == 8 && figures[.accepted] == 20 && figures[.sent] == 20)
        #expect(figures[.owed] == 80 && figures[.refused] == 0)
        return figures
    }

    private static func isClean(_ figures: Figures) -> Bool {
        figures[.deliveries] == 80 && figures[.duplicates] == 0 && figures[.disorder] == 0 && figures[.strangers] == 0
    }

    @Test func `an honest node delivers every change to the sockets of its tenant`() throws {
        let figures = try Self.run(nil) { $0[.deliveries] == 80 }
        #expect(Self.isClean(figures) && figures[.retries] == 0 && figures[.foreign] == 0, "\(figures.encoded)")
    }

    @Test func `events of others do not matter`() throws {
        let figures = try Self.run(.hasOthers) { $0[.foreign] == 80 && $0[.deliveries] == 80 }
        #expect(Self.isClean(figures) && figures[.foreign] == 80, "\(figures.encoded)")
    }

    @Test func `an event that one socket is not told is lost`() throws {
        // Ten events for each tenant: the third, sixth and ninth.
        let figures = try Self.run(.loses) { $0[.deliveries] == 74 }
        #expect(figures[.deliveries] == 74 && figures[.duplicates] == 0, "\(figures.encoded)")
    }

    @Test func `an event that is told twice is found out`() throws {
        let figures = try Self.run(.repeats) { $0[.duplicates] == 80 }
        #expect(figures[.deliveries] == 80 && figures[.duplicates] == 80, "\(figures.encoded)")
    }

    @Test func `a command that is carried out twice is found out`() throws {
        let figures = try Self.run(.doubles) { $0[.duplicates] == 80 }
        #expect(figures[.deliveries] == 80 && figures[.duplicates] == 80, "\(figures.encoded)")
    }

    @Test func `events that change places are found out`() throws {
        let figures = try Self.run(.swaps) { $0[.disorder] == 40 }
        #expect(figures[.deliveries] == 80 && figures[.disorder] == 40, "\(figures.encoded)")
    }

    @Test func `events that another tenant is told are found out`() throws {
        let figures = try Self.run(.leaks) { $0[.strangers] == 80 && $0[.deliveries] == 80 }
        #expect(figures[.deliveries] == 80 && figures[.strangers] == 80, "\(figures.encoded)")
    }

    @Test(arguments: [ScriptedHotel.Fault.hangsUpAfterCommands, .busy])
    func `a command without an answer is repeated with its key`(fault: ScriptedHotel.Fault) throws {
        let fixture = try Fixture(fault)
        defer { fixture.stop() }
        #expect(fixture.hears(.settled))
        fixture.run()
        #expect(fixture.isAnswered())
        _ = eventually { fixture.figures[.deliveries] == 80 }
        let attempts = fixture.hotel.attempts.withLock { Array($0.values) }
        #expect(attempts.count == 20 && attempts.allSatisfy { $0 >= 2 })
        let figures = fixture.figures
        #expect(Self.isClean(figures) && figures[.retries] >= 20 && figures[.refused] == 0, "\(figures.encoded)")
    }

    @Test func `a first command that is refused ends the run`() throws {
        let fixture = try Fixture(.refusesCommands)
        defer { fixture.stop() }
        #expect(fixture.hears(.settled))
        fixture.run()
        #expect(eventually { fixture.hopeless?.contains("HTTP 403") == true }, "\(fixture.hopeless ?? "nothing")")
    }

    @Test func `what is not answered when the run is over counts as refused`() throws {
        let fixture = try Fixture(nil)
        defer { fixture.stop() }
        #expect(fixture.hears(.settled))
        fixture.hotel.stop()
        fixture.run()
        #expect(eventually { fixture.figures[.sent] == 20 })
        fixture.settle()
        #expect(eventually { fixture.figures[.refused] == 20 })
        #expect(eventually { fixture.figures[.dropped] == 8 })
        #expect(fixture.figures[.owed] == 0)
    }

    @Test(
        arguments: [
            (.noSignature, "HTTP 403 from /broadcasting/auth"), (.noSubscription, "refused with status 401"),
            (.closesAtSubscription, "closed with 4009"),
        ] as [(ScriptedHotel.Fault, String)])
    func `a socket that does not get its channel is told, and the others not tried`(
        fault: ScriptedHotel.Fault, words: String
    ) throws {
        let fixture = try Fixture(fault, sockets: 1)
        defer { fixture.stop() }
        #expect(eventually { fixture.hopeless?.contains(words) == true }, "\(fixture.hopeless ?? "nothing")")
        #expect(fixture.hears(.settled))
        #expect(fixture.figures[.failed] == 1 && fixture.figures[.opened] == 0)
    }
}
