import Shared
import StoreSupport
import Testing

@testable import Operations

/// Says always the same of two nodes, and who asked for which tenant.
final class ScriptedBoard: ConnectionBoard {
    let asked = Locked<[TenantID?]>([])

    func connections(of tenant: TenantID?) async -> ConnectionReport {
        self.asked.withLock { $0.append(tenant) }
        var (one, other) = (Connections(), Connections())
        one.sockets = ["bellhop": 3, "1001": 1]
        one.channels = [AppChannel(app: "bellhop", name: "a"): 2, AppChannel(app: "bellhop", name: "b"): 1]
        other.sockets = ["bellhop": 4]
        other.channels = [AppChannel(app: "bellhop", name: "b"): 4]
        other.disconnects = (1...3).map { number in
            Disconnect(
                time: Timestamp(milliseconds: 1_700_000_000_000 + Int64(number)), app: "bellhop", code: 4200 + number,
                reason: "r", tenant: tenant)
        }
        return ConnectionReport(nodes: ["n1": one, "n2": other], silent: ["n3"])
    }
}

@Suite(.timeLimit(.minutes(3))) struct ConnectionsAPITests {
    @Test func `operators see what is connected where, and why others are not any more`() async throws {
        try await withHouse { house async throws in
            let answer = try await house.get("/v1/connections?limit=2", as: "admin")
            #expect(answer.status == 200)
            let json = try #require(answer.json)
            #expect(json["connections"]?.integer == 8)
            #expect(json["nodes"]?.elements?.map { $0["connections"]?.integer } == [4, 4])
            #expect(json["silent_nodes"]?.elements?.compactMap(\.text) == ["n3"])
            #expect(json["channel_count"]?.integer == 2)
            #expect(json["channels"]?.elements?.map { $0["channel"]?.text } == ["b", "a"], "the largest first")
            #expect(json["channels"]?.elements?.map { $0["subscriptions"]?.integer } == [5, 2])
            #expect(json["disconnects"]?.elements?.map { $0["code"]?.integer } == [4203, 4202], "the latest first")
        }
    }

    @Test func `administrators of the platform see all, owners and managers their own tenant, others nothing`()
        async throws
    {
        try await withHouse { house async throws in
            for token in ["admin", "owner", "manager"] {
                #expect(try await house.get("/v1/connections", as: token).status == 200, "\(token)")
            }
            _ = try await house.get("/v1/connections?tenant_id=\(house.northern.tenant)", as: "admin")
            #expect(
                house.board.asked.withLock { $0 }
                    == [nil, house.hotel.tenant, house.hotel.tenant, house.northern.tenant])
            for token in ["desk", "housekeeper", "attendant", "auditor", "accountant", "support"] {
                #expect(try await house.get("/v1/connections", as: token).code == "forbidden", "\(token)")
            }
            #expect(
                try await house.get("/v1/connections?tenant_id=\(house.hotel.tenant)", as: "northern").code
                    == "not_found")
            #expect(house.board.asked.withLock { $0.count } == 4)
        }
    }
}
