import Crypto
import Hotel
import Ports
import Shared
import Testing

@testable import Operations

/// What identity promises, whatever store it stands on, and however many nodes.
@Suite(.timeLimit(.minutes(3))) struct IdentityContractTests {
    @Test(arguments: Ground.allCases)
    func `the right password opens a session, and nothing else does`(ground: Ground) async throws {
        try await ground.with { world in
            let device = DeviceID(raw: 3)
            let signedIn = try await world.login("  ADA@Aegean.example", device: device)
            #expect(signedIn.device == device)
            let profile = signedIn.profile
            #expect(profile.id == GroundWorld.ada.id && profile.tenant == GroundWorld.tenant)
            #expect(profile.name == "Ada" && profile.email.description == "ada@aegean.example")
            #expect(profile.roles == ["front_desk_agent"] && profile.properties == [GroundWorld.property])
            #expect(profile.permissions.contains(.stayCheckIn) && !profile.permissions.contains(.roomConfigure))
            let caller = try await world.caller(signedIn.accessToken)
            #expect(caller.account == GroundWorld.ada && caller.actor.roleCode == "front_desk_agent")
            #expect(try await world.nodes[1].accounts.profile(of: GroundWorld.ada) == profile)
            #expect(try await world.refusal() == .unauthenticated)
            #expect(try await world.refusal("nobody@aegean.example") == .unauthenticated)
            let root = try await world.caller(world.login("root@bellhop.example").accessToken)
            #expect(root.tenant == nil && root.actor.roles(at: .platform) == [.superAdmin])
        }
    }

    @Test(arguments: Ground.allCases)
    func `a refresh token is exchanged on any node, once but for two tabs`(ground: Ground) async throws {
        try await ground.with { world in
            let signedIn = try await world.login()
            let client = try world.client(device: signedIn.device)
            var token = signedIn.refreshToken
            for round in 0..<4 {
                let refreshed = try await world.nodes[round % 2].refresh(token, from: client)
                _ = try await world.caller(refreshed.accessToken)
                token = try #require(refreshed.refreshToken)
            }
            let first = try await world.nodes[0].refresh(token, from: client)
            let second = try await world.nodes[1].refresh(token, from: client)
            #expect(first.refreshToken != nil && second.refreshToken != nil)
            let kept = try #require(second.refreshToken)
            _ = try await world.nodes[0].refresh(kept, from: client)
        }
    }

    @Test(arguments: Ground.allCases)
    func `many tabs that refresh at the same moment on two nodes all go on`(ground: Ground) async throws {
        try await ground.with { world in
            let signedIn = try await world.login()
            let client = try world.client(device: signedIn.device)
            let token = signedIn.refreshToken
            let refreshed = try await withThrowingTaskGroup { group in
                for index in 0..<12 {
                    group.addTask { try await world.nodes[index % 2].refresh(token, from: client) }
                }
                return try await group.reduce(into: [Refreshed]()) { $0.append($1) }
            }
            #expect(refreshed.count == 12)
            // Those that got no token use what another tab of the same browser was given.
            let given = refreshed.compactMap(\.refreshToken)
            #expect(given.count == RefreshRotation.mostCurrent)
            for one in refreshed { _ = try await world.caller(one.accessToken) }
            _ = try await world.nodes[1].refresh(#require(given.first), from: client)
        }
    }

    @Test(arguments: Ground.allCases)
    func `a token that another device uses again ends the session for both`(ground: Ground) async throws {
        try await ground.with { world in
            let other = try await world.login()
            let signedIn = try await world.login()
            let client = try world.client(device: signedIn.device)
            let thief = try world.client("203.0.113.5", device: DeviceID(raw: 66))
            let newest = try await world.nodes[0].refresh(signedIn.refreshToken, from: client)
            for (token, client) in [(signedIn.refreshToken, thief), (try #require(newest.refreshToken), client)] {
                #expect(
                    try await IdentityWorld.refusal { try await world.nodes[1].refresh(token, from: client) }
                        == .unauthenticated)
            }
            #expect(try await world.refusal(bearing: newest.accessToken) == .unauthenticated)
            // Other sessions of the user are none of it.
            _ = try await world.caller(other.accessToken)
        }
    }

    @Test(arguments: Ground.allCases)
    func `of two devices that use a token at the same moment not both go on`(ground: Ground) async throws {
        try await ground.with { world in
            let signedIn = try await world.login()
            let clients = [
                try world.client(device: signedIn.device), try world.client("203.0.113.5", device: DeviceID(raw: 66)),
            ]
            let token = signedIn.refreshToken
            let given = await withTaskGroup { group in
                for index in 0..<2 {
                    group.addTask { (index, try? await world.nodes[index].refresh(token, from: clients[index])) }
                }
                return await group.reduce(into: [(Int, Refreshed)]()) { if let one = $1.1 { $0.append(($1.0, one)) } }
            }
            // Whoever came first has the next token; the owner may have got one too, as another tab would. Then the theft shows
            // when both use what they got.
            #expect((1...2).contains(given.count))
            var refused = 2 - given.count
            for (index, refreshed) in given {
                let next = try #require(refreshed.refreshToken)
                let code = try await IdentityWorld.refusal {
                    try await world.nodes[index].refresh(next, from: clients[index])
                }
                if code == .unauthenticated { refused += 1 }
            }
            #expect(refused >= 1)
            #expect(try await world.refusal(bearing: signedIn.accessToken) == .unauthenticated)
        }
    }

    @Test(arguments: Ground.allCases)
    func `who is suspended, or whose tenant is, is told so and comes back`(ground: Ground) async throws {
        try await ground.with { world in
            let signedIn = try await world.login()
            let client = try world.client(device: signedIn.device)
            let refusals: [(GroundWorld.Change, GroundWorld.Change, RefusalCode)] = [
                (.user(GroundWorld.ada, .suspended), .user(GroundWorld.ada, .active), .userSuspended),
                (.tenant(.suspended), .tenant(.active), .tenantSuspended),
                (.tenant(.pending), .tenant(.active), .tenantPending),
                (.tenant(.closed), .tenant(.active), .unauthenticated),
            ]
            var token = signedIn.refreshToken
            for (change, back, code) in refusals {
                try await world.change(change)
                #expect(try await world.refusal("ada@aegean.example", GroundWorld.password) == code)
                #expect(try await world.refusal(bearing: signedIn.accessToken) == code)
                let presented = token
                #expect(
                    try await IdentityWorld.refusal { try await world.nodes[1].refresh(presented, from: client) }
                        == code)
                // Others are none of it.
                _ = try await world.login("eve@northern.example")
                try await world.change(back)
                token = try #require(try await world.nodes[1].refresh(token, from: client).refreshToken)
            }
            _ = try await world.caller(signedIn.accessToken)
        }
    }

    @Test(arguments: Ground.allCases)
    func `raising the epoch ends every session and token`(ground: Ground) async throws {
        try await ground.with { world in
            let signedIn = try await world.login()
            let client = try world.client(device: signedIn.device)
            try await world.change(.raiseEpoch(GroundWorld.ada))
            #expect(try await world.refusal(bearing: signedIn.accessToken) == .unauthenticated)
            for _ in 0..<2 {
                #expect(
                    try await IdentityWorld.refusal {
                        try await world.nodes[0].refresh(signedIn.refreshToken, from: client)
                    } == .unauthenticated)
            }
            _ = try await world.caller(world.login().accessToken)
        }
    }

    @Test(arguments: Ground.allCases)
    func `a user sees and ends their own sessions, and nobody else's are there`(ground: Ground) async throws {
        try await ground.with { world in
            let first = try await world.caller(world.login(from: "192.0.2.1").accessToken).token
            let second = try await world.caller(world.login(from: "2001:db8::5").accessToken).token
            let strangers = [
                try await world.caller(world.login("bob@aegean.example").accessToken).token,
                try await world.caller(world.login("eve@northern.example").accessToken).token,
                try await world.caller(world.login("root@bellhop.example").accessToken).token,
            ]
            let node = world.nodes[0]
            let listed = try await node.sessions(of: second)
            #expect(listed.map(\.id) == [second.session, first.session])
            #expect(listed.map(\.address) == ["2001:db8::5", "192.0.2.1"])
            #expect(listed.allSatisfy { $0.expiresAt > $0.startedAt && $0.lastUsedAt == $0.startedAt })
            let client = try world.client()
            for stranger in strangers {
                #expect(try await node.sessions(of: stranger).map(\.id) == [stranger.session])
                for session in [first.session, SessionID(raw: 12345)] {
                    #expect(
                        try await IdentityWorld.refusal {
                            try await node.endSession(session, as: stranger, from: client)
                        } == .notFound)
                }
            }
            try await node.endSession(first.session, as: second, from: client)
            try await node.endSession(first.session, as: second, from: client)
            #expect(try await world.nodes[1].sessions(of: second).map(\.id) == [second.session])
            let signer = TokenSigner(world.keys)
            #expect(try await world.refusal(bearing: signer.sign(first)) == .unauthenticated)
            _ = try await world.caller(signer.sign(second))
        }
    }

    @Test(arguments: Ground.allCases)
    func `signing out ends the session, whatever is shown and however often`(ground: Ground) async throws {
        try await ground.with { world in
            let signedIn = try await world.login()
            let client = try world.client(device: signedIn.device)
            let access = try await world.caller(signedIn.accessToken).token
            try await world.nodes[0].logout(signedIn.refreshToken, from: client)
            try await world.nodes[1].logout(signedIn.refreshToken, from: client)
            try await world.nodes[1].logout(access, from: client)
            try await world.nodes[1].logout(.first(), from: client)
            #expect(try await world.refusal(bearing: signedIn.accessToken) == .unauthenticated)
            #expect(
                try await IdentityWorld.refusal {
                    try await world.nodes[0].refresh(signedIn.refreshToken, from: client)
                } == .unauthenticated)
        }
    }

    @Test(arguments: Ground.allCases)
    func `a changed password ends every other session and every access token`(ground: Ground) async throws {
        try await ground.with { world in
            let elsewhere = try await world.login()
            let here = try await world.login()
            let client = try world.client(device: here.device)
            let access = try await world.caller(here.accessToken).token
            let changed = try await world.nodes[0].changePassword(
                from: GroundWorld.password, to: "another word 43", as: access, from: client)
            let next = try await world.caller(changed.accessToken)
            #expect(next.session == access.session && next.tokenEpoch > access.epoch)
            #expect(try await world.refusal(bearing: here.accessToken) == .unauthenticated)
            #expect(
                try await IdentityWorld.refusal {
                    try await world.nodes[1].refresh(elsewhere.refreshToken, from: client)
                } == .unauthenticated)
            _ = try await world.nodes[1].refresh(here.refreshToken, from: client)
            #expect(try await world.refusal("ada@aegean.example", GroundWorld.password) == .unauthenticated)
            _ = try await world.login("ada@aegean.example", "another word 43")
            #expect(try await world.nodes[1].sessions(of: access).count == 2)
        }
    }

    @Test(arguments: Ground.allCases)
    func `of two changes of a password at the same moment one is made`(ground: Ground) async throws {
        try await ground.with { world in
            let words = ["another word 43", "a third word 44"]
            let signedIn = try await [world.login(), world.login()]
            let client = try world.client()
            var tokens: [AccessToken] = []
            for one in signedIn { tokens.append(try await world.caller(one.accessToken).token) }
            let made = await withTaskGroup { group in
                for index in 0..<2 {
                    let token = tokens[index]
                    group.addTask {
                        let changed = try? await world.nodes[index].changePassword(
                            from: GroundWorld.password, to: words[index], as: token, from: client)
                        return changed == nil ? nil : index
                    }
                }
                return await group.reduce(into: [Int]()) { if let one = $1 { $0.append(one) } }
            }
            #expect(made.count == 1)
            let index = try #require(made.first)
            _ = try await world.login("ada@aegean.example", words[index])
            #expect(try await world.refusal("ada@aegean.example", words[1 - index]) == .unauthenticated)
        }
    }

    @Test(arguments: Ground.allCases)
    func `failures are counted over all nodes, and a success is not`(ground: Ground) async throws {
        try await ground.with { world in
            for index in 0..<12 { _ = try await world.login(on: index % 2) }
            let device = try await world.login(from: "198.51.100.9").device
            for index in 0..<5 { #expect(try await world.refusal(on: index % 2) == .unauthenticated) }
            for node in 0..<2 {
                #expect(
                    try await world.refusal("ada@aegean.example", GroundWorld.password, on: node) == .rateLimited)
            }
            // From elsewhere, on a device that the account knows, and for others all is as before.
            _ = try await world.login(from: "192.0.2.2")
            _ = try await world.login(device: device)
            _ = try await world.login("bob@aegean.example")
        }
    }

    @Test(arguments: Ground.allCases)
    func `a storm of guesses at both nodes looks at no more passwords than the limit`(ground: Ground) async throws {
        try await ground.with(hasherPlaces: 200) { world in
            let before = world.hasher.figures.runs
            let codes = try await withThrowingTaskGroup { group in
                for index in 0..<60 { group.addTask { try await world.refusal(on: index % 2) } }
                return try await group.reduce(into: [RefusalCode?]()) { $0.append($1) }
            }
            #expect(codes.count { $0 == .unauthenticated } == 5 && codes.count { $0 == .rateLimited } == 55)
            #expect(world.hasher.figures.runs - before == 5)
        }
    }

    @Test(arguments: Ground.allCases)
    func `a storm of logins is let in as far as hashing goes, and blocks nobody who is in`(
        ground: Ground
    ) async throws {
        try await ground.with(hasherPlaces: 4) { world in
            let access = try await world.login().accessToken
            async let storm = withThrowingTaskGroup { group in
                for index in 0..<60 {
                    group.addTask {
                        try await world.refusal("ada@aegean.example", GroundWorld.password, on: index % 2)
                    }
                }
                return try await group.reduce(into: [RefusalCode?]()) { $0.append($1) }
            }
            for _ in 0..<20 { _ = try await world.caller(access) }
            let codes = try await storm
            #expect(codes.count == 60 && codes.allSatisfy { $0 == nil || $0 == .overloaded || $0 == .rateLimited })
            #expect(codes.contains { $0 == nil })
            // Whoever found no place was not counted as having failed.
            _ = try await world.login()
        }
    }
}
