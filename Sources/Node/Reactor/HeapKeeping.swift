internal import CLinux
internal import Glibc
internal import Shared

/// Decides when memory that a burst has left behind goes back to the kernel.
///
/// malloc keeps what is freed: between small blocks that live on, tens of megabytes stay with a process that needs two. A
/// moment after the burst they are given back, once, in a few milliseconds.
///
/// What malloc keeps cannot be asked for, since it also counts pages that it has given back. But what is resident beyond what
/// is in use can, up to a constant: code, stacks and tables on one side, blocks that were never touched on the other.
struct HeapKeeping {
    /// Growth below this is not worth a look at the heap, nor is growth below one part in `share` of all that is resident.
    static let leastBytes = 256 << 10
    static let share = 32

    /// Resident beyond in use: the least since the heap was last trimmed, and what it was at the last look.
    private var lowest = Int.max
    private var previous = Int.max
    /// The most that was in use since the heap was last trimmed.
    private var highestInUse = 0

    /// Whether there is much to give back, and no more of it every moment: during a burst, trimming is soon undone.
    ///
    /// Either a burst between two looks has left pages behind, or blocks were freed that were there when the heap was last
    /// trimmed and kept their neighbours from going.
    mutating func isDue(residentBytes: Int, inUseBytes: Int) -> Bool {
        let unused = residentBytes &- inUseBytes
        defer { self.previous = unused }
        self.lowest = min(self.lowest, unused)
        let isCalm = self.previous == .max || unused &- self.previous < Self.leastBytes
        let much = max(Self.leastBytes, residentBytes / Self.share)
        self.highestInUse = max(self.highestInUse, inUseBytes)
        return isCalm && (unused &- self.lowest >= much || self.highestInUse &- inUseBytes >= much / 2)
    }

    /// The heap was trimmed: what is still resident beyond what is in use is the mark for what follows.
    mutating func trimmed(residentBytes: Int, inUseBytes: Int) {
        self.lowest = residentBytes &- inUseBytes
        self.previous = self.lowest
        self.highestInUse = inUseBytes
    }
}

extension EventLoop {
    private static let heapIntervalMilliseconds: UInt64 = 1000

    /// Has malloc keep its thresholds; to be called before there are threads that allocate.
    static func prepareHeap() { bellhop_fix_heap_thresholds() }

    /// Looks every second after the end of this thread's heap and, on the first loop, after the heaps of all threads.
    func keepHeap() {
        bellhop_trim_heap_end()
        if self.handle.index == 0 { self.trimHeaps() }
        self.schedule(after: Self.heapIntervalMilliseconds) { [unowned self] in self.keepHeap() }
    }

    private func trimHeaps() {
        // While descriptors have run out there is no looking.
        guard let resident = Self.residentBytes(),
            self.heap.isDue(residentBytes: resident, inUseBytes: Int(clamping: bellhop_heap_in_use()))
        else { return }
        bellhop_trim_heap()
        self.heap.trimmed(
            residentBytes: Self.residentBytes() ?? resident, inUseBytes: Int(clamping: bellhop_heap_in_use()))
    }

    /// proc_pid_statm(5): its second field are the resident pages.
    private static func residentBytes() -> Int? {
        guard let text = try? FileBytes.read("/proc/self/statm", limit: 4096) else { return nil }
        let fields = text.split(separator: UInt8(ascii: " "))
        guard fields.count > 1, let pages = Int(String(decoding: fields[1], as: UTF8.self)) else { return nil }
        return pages &* max(Int(sysconf(CInt(_SC_PAGESIZE))), 1)
    }
}
