import Glibc

/// Bytes of unknown number that are appended to and then read as a whole.
///
/// It grows with what arrived, by doubling, never with what a peer announces. Large blocks are moved by the kernel
/// (`realloc` on mapped memory), not copied.
struct GrowingBytes: ~Copyable {
    // Safety: owned by this value until `release` or `deinit`; `count` bytes from `start` are initialised.
    private var start: UnsafeMutableRawPointer?
    private(set) var count = 0
    private(set) var capacity = 0

    static let firstCapacity = 512

    init() {}

    deinit { free(self.start) }

    /// Valid until the next mutating call.
    var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: self.start, count: self.count) }

    /// Appends `bytes`; `expected` is the whole count if it is known, so that the last growth does not overshoot.
    mutating func append(_ bytes: UnsafeRawBufferPointer, expecting expected: Int = .max) {
        guard let source = bytes.baseAddress, bytes.count > 0 else { return }
        self.makeRoom(for: bytes.count, expecting: expected)
        // Safety: `makeRoom` left at least `bytes.count` free bytes after `count`.
        self.start.unsafelyUnwrapped.advanced(by: self.count).copyMemory(from: source, byteCount: bytes.count)
        self.count += bytes.count
    }

    /// The free memory behind the bytes, at least one byte; what is written there is kept by `commit`.
    mutating func room(upTo limit: Int) -> UnsafeMutableRawBufferPointer {
        if self.count == self.capacity { self.makeRoom(for: 1, expecting: limit) }
        return UnsafeMutableRawBufferPointer(
            start: self.start.unsafelyUnwrapped + self.count, count: self.capacity - self.count)
    }

    /// Keeps `added` bytes that were written to `room`.
    mutating func commit(_ added: Int) {
        precondition(added <= self.capacity - self.count, "more bytes than room")
        self.count += added
    }

    /// Forgets the bytes, and the memory too where it is larger than `kept`.
    mutating func removeAll(keeping kept: Int = 0) {
        self.count = 0
        guard self.capacity > kept else { return }
        free(self.start)
        self.start = nil
        self.capacity = 0
    }

    private mutating func makeRoom(for added: Int, expecting expected: Int) {
        let needed = self.count + added
        guard needed > self.capacity else { return }
        let doubled = max(self.capacity * 2, Self.firstCapacity)
        let target = max(needed, min(doubled, expected))
        guard let grown = realloc(self.start, target) else { preconditionFailure("out of memory") }
        self.start = grown
        self.capacity = target
    }
}
