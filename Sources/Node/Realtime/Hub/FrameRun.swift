internal import Wire

/// Frames that wait for the end of the turn, one behind the other in memory of their own: their address does not change
/// while they are sent to many.
///
/// Not `Sendable`; used on its loop only.
final class FrameRun {
    // Safety: owned from `init` to `deinit`; bytes below `count` have been written.
    private var memory: UnsafeMutableRawBufferPointer
    private(set) var count = 0
    private(set) var frames = 0

    init(capacity: Int = 4096) { self.memory = .allocate(byteCount: capacity, alignment: 16) }

    deinit { self.memory.deallocate() }

    var capacity: Int { self.memory.count }

    /// Valid until the run changes.
    var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: self.memory[..<self.count]) }

    func clear() {
        self.count = 0
        self.frames = 0
    }

    /// Appends one text frame that is made of these pieces.
    func appendText(_ first: [UInt8], _ second: [UInt8], _ third: [UInt8], _ fourth: [UInt8]) {
        let payload = first.count + second.count + third.count + fourth.count
        let header = WebSocketFrame.headerBytes(forPayload: payload)
        self.reserve(header + payload)
        // Safety: the room for header and payload has been reserved.
        let target = UnsafeMutableRawBufferPointer(rebasing: self.memory[self.count...])
        WebSocketFrame.writeHeader(.text, payloadBytes: payload, to: target)
        var offset = header
        func copy(_ piece: [UInt8]) {
            piece.withUnsafeBytes { UnsafeMutableRawBufferPointer(rebasing: target[offset...]).copyMemory(from: $0) }
            offset += piece.count
        }
        copy(first)
        copy(second)
        copy(third)
        copy(fourth)
        self.count += offset
        self.frames += 1
    }

    /// Appends one frame that is whole already.
    func append(frame: [UInt8]) {
        self.reserve(frame.count)
        frame.withUnsafeBytes {
            UnsafeMutableRawBufferPointer(rebasing: self.memory[self.count...]).copyMemory(from: $0)
        }
        self.count += frame.count
        self.frames += 1
    }

    private func reserve(_ more: Int) {
        guard self.count + more > self.memory.count else { return }
        let larger = UnsafeMutableRawBufferPointer.allocate(
            byteCount: max(self.memory.count * 2, self.count + more), alignment: 16)
        larger.copyMemory(from: self.bytes)
        self.memory.deallocate()
        self.memory = larger
    }
}
