import Testing

@testable import Realtime

@Suite struct SessionTests {
    @Test func `an idle connection costs at most 200 bytes here`() {
        // Tens of thousands are idle at any time; with the reactor's part it stays well below 300.
        #expect(MemoryLayout<Session>.stride <= 200, "\(MemoryLayout<Session>.stride)")
    }
}
