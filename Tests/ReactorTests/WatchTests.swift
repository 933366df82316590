import Glibc
import Shared
import TestSupport
import Testing

@testable import Reactor

/// Both ends of a socket pair that the loop does not own.
private final class Pair: Sendable {
    let ours: CInt
    let theirs: CInt

    init() throws {
        var ends: [CInt] = [0, 0]
        let type = CInt(SOCK_STREAM.rawValue) | CInt(SOCK_NONBLOCK.rawValue)
        try systemCall("socketpair") { socketpair(AF_UNIX, type, 0, &ends) }
        (self.ours, self.theirs) = (ends[0], ends[1])
    }

    deinit {
        close(self.ours)
        close(self.theirs)
    }

    func say(_ text: String) { _ = write(self.theirs, text, text.utf8.count) }

    func hear() -> String {
        var buffer = [UInt8](repeating: 0, count: 100)
        let count = read(self.ours, &buffer, buffer.count)
        return String(decoding: buffer.prefix(max(0, count)), as: UTF8.self)
    }
}

@Suite(.timeLimit(.minutes(5))) struct WatchTests {
    private final class Notes: Sendable {
        let heard = Locked<[String]>([])
        let watch = Locked<WatchID?>(nil)
    }

    private func loop() throws -> LoopGroup {
        try LoopGroup(count: 1, options: LoopOptions(), places: 10) { _ throws(SystemError) in }
    }

    @Test func `a watched descriptor is told ready, and no more once it is not watched`() throws {
        let (pair, notes, group) = (try Pair(), Notes(), try self.loop())
        defer { group.stop() }
        group.handles[0].post { loop in
            let id = try? loop.watch(pair.ours, for: .readable) { readiness in
                #expect(readiness == .readable)
                notes.heard.withLock { $0.append(pair.hear()) }
            }
            notes.watch.withLock { $0 = id }
        }
        pair.say("one")
        #expect(eventually { notes.heard.withLock { $0 } == ["one"] })
        pair.say("two")
        #expect(eventually { notes.heard.withLock { $0 } == ["one", "two"] })
        group.handles[0].post { loop in
            if let id = notes.watch.withLock({ $0 }) { loop.unwatch(id) }
            pair.say("three")
            loop.schedule(after: 20) { notes.heard.withLock { $0.append("end") } }
        }
        #expect(eventually { notes.heard.withLock { $0.last } == "end" })
        #expect(notes.heard.withLock { $0 } == ["one", "two", "end"])
    }

    @Test func `what is wanted of a descriptor can change`() throws {
        let (pair, notes, group) = (try Pair(), Notes(), try self.loop())
        defer { group.stop() }
        group.handles[0].post { loop in
            let id = try? loop.watch(pair.ours, for: []) { readiness in
                notes.heard.withLock { $0.append(readiness == .writable ? "writable" : pair.hear()) }
                if let id = notes.watch.withLock({ $0 }) { try? loop.change(id, to: .readable) }
            }
            notes.watch.withLock { $0 = id }
            if let id { try? loop.change(id, to: .writable) }
        }
        #expect(eventually { notes.heard.withLock { $0 } == ["writable"] })
        pair.say("now")
        #expect(eventually { notes.heard.withLock { $0 } == ["writable", "now"] })
    }

    @Test func `the end of the other side is something to read`() throws {
        let (notes, group) = (Notes(), try self.loop())
        defer { group.stop() }
        let pair = try Pair()
        group.handles[0].post { loop in
            let id = try? loop.watch(pair.ours, for: .readable) { _ in
                notes.heard.withLock { $0.append(pair.hear()) }
                if let id = notes.watch.withLock({ $0 }) { loop.unwatch(id) }
            }
            notes.watch.withLock { $0 = id }
            shutdown(pair.theirs, CInt(SHUT_RDWR))
        }
        #expect(eventually { notes.heard.withLock { $0 } == [""] })
    }

    @Test func `of two that are ready at once the first may end the watch of the second`() throws {
        let (left, right, notes, group) = (try Pair(), try Pair(), Notes(), try self.loop())
        defer { group.stop() }
        left.say("left")
        right.say("right")
        group.handles[0].post { loop in
            var ids: [WatchID] = []
            for pair in [left, right] {
                let id = try? loop.watch(pair.ours, for: .readable) {
                    _ in
                    notes.heard.withLock { $0.append(pair.hear()) }
                    for id in ids { loop.unwatch(id) }
                }
                if let id { ids.append(id) }
            }
            loop.schedule(after: 20) { notes.heard.withLock { $0.append("end") } }
        }
        #expect(eventually { notes.heard.withLock { $0.last } == "end" })
        #expect(notes.heard.withLock { $0.count } == 2)
    }

    @Test func `a cancelled action does not run, and cancelling one that ran does nothing`() throws {
        let (notes, group) = (Notes(), try self.loop())
        defer { group.stop() }
        group.handles[0].post { loop in
            let cancelled = loop.schedule(after: 5) { notes.heard.withLock { $0.append("cancelled") } }
            var first: ScheduledAction?
            first = loop.schedule(after: 1) { notes.heard.withLock { $0.append("first") } }
            loop.cancel(cancelled)
            loop.schedule(after: 20) {
                if let first { loop.cancel(first) }
                notes.heard.withLock { $0.append("end") }
            }
        }
        #expect(eventually { notes.heard.withLock { $0.last } == "end" })
        #expect(notes.heard.withLock { $0 } == ["first", "end"])
    }

    @Test func `a task whose loop it is runs on the loop's thread, before and after it waits`() throws {
        let group = try self.loop()
        defer { group.stop() }
        let thread = Locked<pthread_t?>(nil)
        group.handles[0].post { _ in thread.withLock { $0 = pthread_self() } }
        #expect(eventually { thread.withLock { $0 } != nil })
        let onLoop = Locked<[Bool]>([])
        Task(executorPreference: LoopExecutor(group.handles[0])) {
            onLoop.withLock { $0.append(Self.isThread(thread.withLock { $0 })) }
            await Task.yield()
            onLoop.withLock { $0.append(Self.isThread(thread.withLock { $0 })) }
        }
        #expect(eventually { onLoop.withLock { $0 } == [true, true] })
    }

    private static func isThread(_ thread: pthread_t?) -> Bool {
        thread.map { pthread_equal($0, pthread_self()) != 0 } ?? false
    }
}
