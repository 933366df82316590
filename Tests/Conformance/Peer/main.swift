import Glibc
import Reactor
import Realtime
import Shared

func say(_ text: String, to descriptor: CInt) {
    _ = Array(text.utf8).withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
}

func serve(port: UInt16, loops: Int) throws {
    var signals = sigset_t()
    sigemptyset(&signals)
    sigaddset(&signals, SIGTERM)
    sigaddset(&signals, SIGINT)
    // Blocked before any thread is made, so that all inherit it and only `sigwait` below sees them.
    pthread_sigmask(SIG_BLOCK, &signals, nil)

    OpenDescriptors.raiseLimit()

    guard let address = SocketAddress("127.0.0.1", port: port) else { throw SystemError("inet_pton", errno: EINVAL) }
    let desk = FanoutDesk()
    let clients = ClientServer.Port(address: address, service: try PeerService(desk: desk)) { host in
        let fanout = FanoutEndpoint(host: host)
        host.add(EchoEndpoint(host: host))
        host.add(fanout)
        desk.add(host.loop, fanout)
    }
    let server = try ClientServer(
        loops: loops, connectionLimit: min(max(16, OpenDescriptors.limit - 64), 1 << 20), clients: clients,
        metrics: NodeMetrics(in: MetricsRegistry(), loops: { [] }))
    say(port == 0 ? "ready \(server.address?.port ?? 0)\n" : "ready\n", to: STDOUT_FILENO)
    var received: CInt = 0
    sigwait(&signals, &received)
    server.stop()
}

switch Invocation(Array(CommandLine.arguments.dropFirst())) {
case .help:
    say(Invocation.text, to: STDOUT_FILENO)
case .wrong(let fault):
    say("bellhop-peer: \(fault)\n\n\(Invocation.text)", to: STDERR_FILENO)
    exit(64)
case .serve(let port, let loops):
    do {
        try serve(port: port, loops: loops)
    } catch {
        say("bellhop-peer: \(error)\n", to: STDERR_FILENO)
        exit(69)
    }
}
