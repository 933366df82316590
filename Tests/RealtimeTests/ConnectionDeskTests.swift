import Shared
import TestSupport
import Testing

@testable import Realtime

@Suite(.timeLimit(.minutes(2))) struct ConnectionDeskTests {
    private struct Living: NodeRegistry {
        let names: [String]

        func livingNodes() async throws(RegistryError) -> [LivingNode] {
            self.names.map { LivingNode(id: $0, address: "", incarnation: 1) }
        }
    }

    @Test func `every node says what is connected to its loops, and who is silent is named`() async throws {
        let fixture = try AppFixture.made(nodes: 2, loops: 2)
        defer { fixture.stop() }
        let clients = [
            try fixture.client(), try fixture.client(), try fixture.client(node: 1),
            try fixture.client(fixture.plain, node: 1),
        ]
        for client in clients { try client.join("news") }
        try clients[0].join("private-desk")
        let board = ClusterConnections(doors: fixture.boards[1], registry: Living(names: ["n0", "n1"]))
        let report = await board.connections(of: nil)
        #expect(report.silent == [] && report.nodes.keys.sorted() == ["n0", "n1"])
        #expect(report.nodes["n0"]?.sockets == ["chat": 2])
        #expect(report.nodes["n1"]?.sockets == ["chat": 1, "plain": 1])
        let news = AppChannel(app: "chat", name: "news")
        #expect(report.nodes["n0"]?.channels == [news: 2, AppChannel(app: "chat", name: "private-desk"): 1])
        #expect(report.nodes["n1"]?.channels == [news: 1, AppChannel(app: "plain", name: "news"): 1])
        let own = await board.connections(of: PusherFixture.tenant)
        #expect(own.nodes.values.allSatisfy { $0 == Connections() }, "external apps are no tenant's")
        // One that wants what is not signed, and one that just goes.
        clients[0].signIn(#"{"id":"7"}"#, auth: "chat-key:00")
        #expect(try clients[0].next(2) == ["error 4009", "close 4009"])
        clients[2].client.socket.endOutput()
        let absent = ClusterConnections(doors: fixture.boards[0], registry: Living(names: ["n0", "n1", "gone"]))
        var last = ConnectionReport(nodes: [:], silent: [])
        for _ in 0..<20 {
            last = await absent.connections(of: nil)
            if last.nodes.values.reduce(0, { $0 + $1.disconnects.count }) == 2 { break }
        }
        #expect(last.silent == ["gone"])
        #expect(last.nodes["n0"]?.disconnects.map(\.code) == [4009])
        #expect(last.nodes["n1"]?.disconnects.map(\.code) == [0])
    }

    @Test func `what nodes tell each other is read as it was written, and nothing else`() throws {
        let question = ConnectionWords.Question(node: "n \"1", number: 7, tenant: TenantID(raw: 7))
        #expect(ConnectionWords.bytes(question).withUnsafeBytes { ConnectionWords.question($0) } == question)
        var connections = Connections()
        connections.sockets = ["a": 1]
        connections.channels = [AppChannel(app: "a", name: "presence-x"): 2]
        connections.disconnects = [
            Disconnect(time: Timestamp(milliseconds: 5), app: "a", code: 4200, reason: "\n", tenant: nil)
        ]
        let answer = ConnectionWords.Answer(node: "n1", number: 7, connections: connections)
        #expect(ConnectionWords.bytes(answer).withUnsafeBytes { ConnectionWords.answer($0) } == answer)
        for text in ["", "{", "[]", "{}", #"{"node":"a","number":1,"tenant":"all"}"#, #"{"node":1,"number":1}"#] {
            #expect(Array(text.utf8).withUnsafeBytes { ConnectionWords.question($0) } == nil, "\(text)")
        }
    }
}
