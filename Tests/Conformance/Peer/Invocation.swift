import Shared

/// What the command line asks for.
enum Invocation: Equatable {
    case serve(port: UInt16, loops: Int)
    case help
    case wrong(String)

    static let text = """
        Usage: bellhop-peer --port P [--loops N]

        Bellhop's own reactor and protocols without the hotel around them, for protocol suites and benchmarks.
        Listens on 127.0.0.1 and prints `ready` when it does; SIGTERM ends it.

          --port P    port to listen on; 0 lets the kernel choose, and `ready` is followed by the port
          --loops N   event loops, 1 by default: comparisons are per core

          WS   /echo     text comes back as text, binary as binary; messages to 16 MiB; permessage-deflate
          WS   /fanout   receives, as one text frame, the body of each POST /fanout
          POST /fanout   204 at once; the body must be UTF-8
          GET  /readyz   200

        """

    init(_ arguments: [String]) {
        var port: UInt16?
        var loops = 1
        var rest = arguments[...]
        while let option = rest.popFirst() {
            switch option {
            case "--help", "-h":
                self = .help
                return
            case "--port":
                port = rest.popFirst().flatMap { UInt16($0) }
                guard port != nil else {
                    self = .wrong("--port takes a number from 0 to 65535")
                    return
                }
            case "--loops":
                guard let count = rest.popFirst().flatMap({ Int($0) }), (1...64).contains(count) else {
                    self = .wrong("--loops takes a number from 1 to 64")
                    return
                }
                loops = count
            default:
                self = .wrong("unknown option \(option)")
                return
            }
        }
        self = port.map { .serve(port: $0, loops: loops) } ?? .wrong("--port is missing")
    }
}
