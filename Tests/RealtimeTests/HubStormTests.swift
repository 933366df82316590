import Shared
import TestSupport
import Testing

@testable import Reactor
@testable import Realtime

/// Everything at once: hints that are lost, doubled and overtaken, a store that fails, sockets that come, resume, leave and
/// read in their own time, over several loops.
@Suite(.timeLimit(.minutes(5))) struct HubStormTests {
    private struct Visitor {
        let client: HubClient
        let channel: String
        /// Its audience hears every event whose number is a multiple of this.
        let every: Int
        var position: Int?
        var isReplaying = false
    }

    @Test(arguments: [1, 3]) func `each hears its channel in order, each once, none skipped`(loops: Int) throws {
        // Some visitors read nothing until the end, which on a busy machine is later than a stalled socket may live.
        var options = LoopOptions()
        options.stallMilliseconds = 600_000
        let fixture = try HubFixture(loops: loops, options: options) { terms in
            terms.headInterval = 15
            terms.linger = 20
            terms.follower.firstRestMilliseconds = 2
            terms.recentBytes = 100_000
        }
        defer { fixture.stop() }
        var random = SeededGenerator(seed: UInt64(loops))
        var visitors: [Visitor] = []
        var committed = 0
        var late: [[UInt8]] = []
        var resumes = 0
        for round in 0..<600 {
            switch Int.random(in: 0..<10, using: &random) {
            case 0..<5:
                var hints: [[UInt8]] = []
                for _ in 0..<Int.random(in: 1...8, using: &random) {
                    committed += 1
                    var audiences = [Audience(.tenant)]
                    if committed % 2 == 0 { audiences.append(Audience(.property)) }
                    if committed % 3 == 0 { audiences.append(Audience(.kpi)) }
                    let hint = fixture.store.commit(HubFixture.stream, to: audiences, text: "\(committed)")
                    switch Int.random(in: 0..<10, using: &random) {
                    case 0: break
                    case 1: late.append(hint)
                    case 2: hints += [hint, hint]
                    default: hints.append(hint)
                    }
                }
                if Bool.random(using: &random), !late.isEmpty { hints.append(late.removeFirst()) }
                let said = hints
                fixture.server.loops[0].post { loop in
                    for hint in said { loop.attachment(ScriptedBus.self)?.say(hint, on: .hints(of: HubFixture.stream)) }
                }
            case 5..<7:
                let every = Int.random(in: 1...3, using: &random)
                let kind = ["", "tenant", "property", "kpi"][every]
                let visitor = Visitor(client: fixture.client(), channel: "\(kind)\(round)", every: every)
                let since = Bool.random(using: &random) ? Int.random(in: 0...committed, using: &random) : nil
                visitor.client.send("+ \(kind) \(visitor.channel)" + (since.map { " 1 \($0)" } ?? ""))
                if since != nil { resumes += 1 }
                visitors.append(visitor)
            case 7: fixture.store.fail(Int.random(in: 0...3, using: &random))
            default:
                guard let index = visitors.indices.randomElement(using: &random) else { continue }
                if Int.random(in: 0..<4, using: &random) == 0 {
                    visitors.remove(at: index)
                } else {
                    for word in try visitors[index].client.rest() { self.check(word, &visitors[index], committed) }
                }
            }
        }
        fixture.store.fail(0)
        for index in visitors.indices { try self.finish(&visitors[index], committed) }
        #expect(visitors.count > 20 && resumes > 20 && committed > 500)
        #expect(fixture.metrics.resyncs.total == 0)
        #expect(fixture.metrics.gapReads.total > 5)
    }

    /// Hears everything there is for it.
    private func finish(_ visitor: inout Visitor, _ committed: Int) throws {
        let last = committed - committed % visitor.every
        while visitor.position.map({ $0 < last }) ?? true || visitor.isReplaying {
            let word = try visitor.client.next()
            guard word != "end" else {
                Issue.record("\(visitor.channel) ended at \(visitor.position ?? -1)")
                return
            }
            self.check(word, &visitor, committed)
        }
        #expect(visitor.client.texts.allSatisfy { Int($0).map { $0 % visitor.every == 0 } ?? false })
    }

    private func check(_ word: String, _ visitor: inout Visitor, _ committed: Int) {
        let parts = word.split(separator: " ").map(String.init)
        switch parts[0] {
        case "subscribed":
            #expect(visitor.position == nil && parts[1] == visitor.channel)
            visitor.position = Int(parts[3])
        case "resumed":
            // Where it stands says also what it did not have to hear.
            guard let seq = Int(parts[2]), let position = visitor.position else { return #expect(Bool(false)) }
            #expect(seq >= position && seq - seq % visitor.every <= max(position, seq - seq % visitor.every))
            #expect(position / visitor.every == seq / visitor.every, "\(word) behind \(position)")
            visitor.position = seq
        case visitor.channel:
            guard let position = visitor.position, let seq = Int(parts[1]) else { return #expect(Bool(false)) }
            let expected = (position / visitor.every + 1) * visitor.every
            #expect(seq == expected, "\(word) behind \(position) instead of \(expected)")
            visitor.position = seq
        default: Issue.record("\(word)")
        }
    }
}
