public import Glibc

/// A system call that failed, by name, with what the kernel said.
public struct SystemError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The call's name, as in its manual page.
    public let call: String
    /// The kernel's error number.
    public let errno: CInt

    /// Records the failure of `call`; without a number it takes the calling thread's current `errno`.
    public init(_ call: String, errno: CInt = Glibc.errno) {
        self.call = call
        self.errno = errno
    }

    /// For example `bind: Address already in use`.
    public var description: String { "\(self.call): \(String(cString: strerror(self.errno)))" }
}

/// Repeats a system call for as long as it is interrupted, and throws what else goes wrong.
///
/// - Returns: the call's result, which is never negative.
@inlinable
@discardableResult
public func systemCall<Count: SignedInteger>(_ name: StaticString, _ body: () -> Count) throws(SystemError) -> Count {
    while true {
        let result = body()
        if result >= 0 { return result }
        let number = errno
        if number != EINTR { throw SystemError("\(name)", errno: number) }
    }
}
