import Testing

@testable import Shared

@Suite(.timeLimit(.minutes(5))) struct AnswerTests {
    @Test func `the first answer counts`() async {
        let heard = await withCheckedContinuation { continuation in
            let answer = Answer(continuation, fallback: 0)
            answer.give(1)
            answer.give(2)
        }
        #expect(heard == 1)
    }

    @Test func `when nobody holds it any more the task hears the fallback`() async {
        let held = Locked<Answer<Int>?>(nil)
        let heard = await withCheckedContinuation { continuation in
            let answer = Answer(continuation, fallback: 7)
            held.withLock { $0 = answer }
            held.withLock { $0 = nil }
        }
        #expect(heard == 7)
    }
}
