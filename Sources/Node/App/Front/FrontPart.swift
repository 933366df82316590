import Realtime
import Wire

/// A part of what a port serves: all that lies below some paths. Asked on event loops, so it must not block.
protocol FrontPart: Sendable {
    /// Whether the request is for this part, by its path alone.
    func serves(_ request: HTTPRequest) -> Bool

    /// Says, before the body is read, how many bytes of it are wanted, or refuses the request.
    func welcome(_ head: HTTPRequest, in context: HTTPContext) -> HTTPWelcome

    /// Says what becomes of a complete request.
    func answer(_ request: HTTPRequest, in context: HTTPContext) -> HTTPAnswer

    /// What was begun for clients and has not ended, also for those who have gone: the node ends after it.
    var unfinished: Int { get }
}

extension FrontPart {
    var unfinished: Int { 0 }
}
