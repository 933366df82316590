internal import Glibc

/// Bytes that the kernel would not take yet, in order; it exists only while there are some.
///
/// They are copied into blocks, because what was sent may be a buffer of the loop's that the next turn overwrites.
/// A block's memory goes back as soon as its last byte is sent.
struct Outbox: ~Copyable {
    private struct Block {
        let memory: UnsafeMutableRawBufferPointer
        var start = 0
        var end = 0
    }

    private static let smallestBlock = 4096
    private static let largestBlock = 1 << 20
    private static let vectorLimit = 64

    private var blocks: [Block] = []
    private var firstBlock = 0

    /// Bytes that wait.
    private(set) var byteCount = 0
    /// When the kernel last took some, in the loop's milliseconds.
    private(set) var lastProgress: UInt64

    init(now: UInt64) { self.lastProgress = now }

    deinit {
        for block in self.blocks[self.firstBlock...] { block.memory.deallocate() }
    }

    var isEmpty: Bool { self.byteCount == 0 }

    mutating func append(_ bytes: UnsafeRawBufferPointer) {
        var rest = bytes
        self.byteCount += rest.count
        if self.firstBlock < self.blocks.count {
            let last = self.blocks.count - 1
            let block = self.blocks[last]
            let room = min(block.memory.count - block.end, rest.count)
            // Safety: `room` bytes are free behind `end` in the block that this outbox owns.
            UnsafeMutableRawBufferPointer(rebasing: block.memory[block.end..<block.end + room])
                .copyMemory(from: UnsafeRawBufferPointer(rebasing: rest[..<room]))
            self.blocks[last].end += room
            rest = UnsafeRawBufferPointer(rebasing: rest[room...])
        }
        while !rest.isEmpty {
            let capacity = min(max(Self.smallestBlock, rest.count), Self.largestBlock)
            let count = min(capacity, rest.count)
            let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: capacity, alignment: 16)
            memory.copyMemory(from: UnsafeRawBufferPointer(rebasing: rest[..<count]))
            self.blocks.append(Block(memory: memory, end: count))
            rest = UnsafeRawBufferPointer(rebasing: rest[count...])
        }
    }

    /// What one `sendmsg` could take: the oldest blocks.
    func withVectors<Result>(_ body: (UnsafeMutableBufferPointer<iovec>) -> Result) -> Result {
        let count = min(self.blocks.count - self.firstBlock, Self.vectorLimit)
        return withUnsafeTemporaryAllocation(of: iovec.self, capacity: count) { vectors in
            for index in 0..<count {
                let block = self.blocks[self.firstBlock + index]
                vectors.initializeElement(
                    at: index,
                    to: iovec(
                        iov_base: block.memory.baseAddress.map { $0 + block.start }, iov_len: block.end - block.start))
            }
            return body(vectors)
        }
    }

    /// The kernel took `count` bytes of the front.
    mutating func consume(_ count: Int, now: UInt64) {
        if count > 0 { self.lastProgress = now }
        var rest = count
        self.byteCount -= count
        while rest > 0 {
            let block = self.blocks[self.firstBlock]
            let taken = min(rest, block.end - block.start)
            rest -= taken
            if block.start + taken == block.end {
                block.memory.deallocate()
                self.firstBlock += 1
            } else {
                self.blocks[self.firstBlock].start += taken
            }
        }
        if self.firstBlock == self.blocks.count || self.firstBlock >= 32 {
            self.blocks.removeFirst(self.firstBlock)
            self.firstBlock = 0
        }
    }
}
