/// How much is taken on. Everything has a bound, and at the bound a refusal that says so.
package struct RESTLimits: Equatable, Sendable {
    /// Bytes of a body (`domain.md` 9).
    package var bodyBytes = 256 << 10
    /// Objects and arrays of a body inside one another.
    package var bodyDepth = 32
    /// Operations that run at once on this node.
    package var running = 64
    /// Requests that wait for one of them to end.
    package var waiting = 256
    /// How long they wait at most.
    package var longestWait = Duration.seconds(2)
    /// After which an answer is given up.
    package var deadline = Duration.seconds(10)

    package init() {}
}
