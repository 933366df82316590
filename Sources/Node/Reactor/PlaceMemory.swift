internal import Glibc
package import Shared

/// Memory for one value per possible connection. It is reserved as a whole and taken page by page as places are first used,
/// so that a high limit costs nothing until there are as many connections.
package enum PlaceMemory {
    /// Zeroed memory for `count` values; it is `unmap`'s to give back.
    package static func map<Value>(_: Value.Type, count: Int) throws(SystemError) -> UnsafeMutablePointer<Value> {
        let flags = CInt(MAP_PRIVATE) | CInt(MAP_ANONYMOUS) | CInt(MAP_NORESERVE)
        let memory = mmap(nil, self.size(Value.self, count), PROT_READ | PROT_WRITE, flags, -1, 0)
        guard let memory, memory != MAP_FAILED else { throw SystemError("mmap") }
        // Safety: a fresh mapping is aligned to a page and belongs to nobody else.
        return memory.bindMemory(to: Value.self, capacity: max(count, 1))
    }

    /// Gives back what `map` made; its values have been deinitialised.
    package static func unmap<Value>(_ memory: UnsafeMutablePointer<Value>, count: Int) {
        munmap(memory, self.size(Value.self, count))
    }

    private static func size<Value>(_: Value.Type, _ count: Int) -> Int {
        max(count, 1) * MemoryLayout<Value>.stride
    }
}
