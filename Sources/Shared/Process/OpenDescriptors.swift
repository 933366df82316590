internal import Glibc

/// Descriptors of a process: the resource that a server runs out of first.
package enum OpenDescriptors {
    /// How many the process has open now, or this process without a number.
    package static func count(of process: Int32? = nil) throws(SystemError) -> Int {
        let path = process.map { "/proc/\($0)/fd" } ?? "/proc/self/fd"
        guard let folder = opendir(path) else { throw SystemError("opendir") }
        defer { closedir(folder) }
        var entries = 0
        while readdir(folder) != nil { entries += 1 }
        // Besides `.` and `..` the folder lists the descriptor with which it is read.
        return entries - (process == nil || process == getpid() ? 3 : 2)
    }

    /// How many this process may have open.
    package static var limit: Int {
        var limit = rlimit()
        getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        return Int(clamping: limit.rlim_cur)
    }

    /// Raises the soft limit to the hard one, which is what the operator allows; the soft one is a relic of select(2).
    package static func raiseLimit() {
        var limit = rlimit()
        getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        limit.rlim_cur = limit.rlim_max
        setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    }
}
