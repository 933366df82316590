import Hotel
import Ports
import Shared
import Testing

@testable import Crypto
@testable import Operations

@Suite(.timeLimit(.minutes(5))) struct LoginTests {
    @Test func `the right password opens a session and gives tokens that speak for it`() async throws {
        let world = try IdentityWorld()
        let device = DeviceID(raw: 3)
        let signedIn = try await world.login(device: device)
        let token = try world.verified(signedIn.accessToken)
        let session = try #require(world.memory.with { $0.sessions.first })
        #expect(token.user == world.ada && token.tenant == TenantID(raw: 7) && token.session == session.id)
        #expect(token.epoch == TokenEpoch(raw: 1) && signedIn.expiresAt == token.expiresAt)
        #expect(session.family == signedIn.refreshToken.familyHash && signedIn.device == device)
        #expect(session.rotation.current == [signedIn.refreshToken.hash] && session.rotation.device == device)
        #expect(signedIn.profile.id == world.ada)
        #expect(world.memory.log == ["login_succeeded"])
        try await world.admit(token)
    }

    @Test func `an unknown account costs what a wrong password costs and is answered the same`() async throws {
        let world = try IdentityWorld()
        try world.add(UserID(raw: 2), "invited@aegean.example", tenant: TenantID(raw: 7))
        world.memory.with { state in state.change(UserID(raw: 2)) { $0.hash = nil } }
        var runs: [UInt64] = []
        for email in ["ada@aegean.example", "nobody@aegean.example", "invited@aegean.example"] {
            let before = world.hasher.figures.runs
            let refusal = try await world.refusal(email)
            #expect(refusal == .unauthenticated)
            runs.append(world.hasher.figures.runs - before)
        }
        #expect(runs == [1, 1, 1])
        // To guess the password of an account that has none is as hard as that of one that is not there.
        #expect(try await world.refusal("invited@aegean.example", IdentityWorld.password) == .unauthenticated)
        #expect(world.memory.log.count == 4 && world.memory.with { $0.sessions.isEmpty })
    }

    @Test func `the throttle tells nothing about accounts either`() async throws {
        let world = try IdentityWorld()
        var answers: [[RefusalCode?]] = []
        for email in ["ada@aegean.example", "nobody@aegean.example"] {
            var these: [RefusalCode?] = []
            let before = world.hasher.figures.runs
            for _ in 1...7 { these.append(try await world.refusal(email)) }
            #expect(world.hasher.figures.runs - before == 5)
            answers.append(these)
        }
        #expect(answers[0] == answers[1])
        #expect(answers[0][4] == .unauthenticated)
        #expect(answers[0][5] == .rateLimited)
    }

    @Test func `a refused attempt runs nothing, even with the right password, and only where it failed`() async throws {
        let world = try IdentityWorld()
        for _ in 1...5 { #expect(try await world.refusal() == .unauthenticated) }
        let runs = world.hasher.figures.runs
        let refusal = try await IdentityWorld.whole { try await world.login() }
        #expect(refusal?.code == .rateLimited)
        let wait = try #require(refusal?.retryAfterSeconds)
        #expect(world.hasher.figures.runs == runs)
        _ = try await world.login(from: "192.0.2.2")
        world.memory.advance(Double(wait))
        _ = try await world.login()
    }

    @Test func `success is never counted`() async throws {
        let world = try IdentityWorld()
        for _ in 1...20 { _ = try await world.login() }
        #expect(world.memory.with { $0.counters.values.allSatisfy { $0 == 0 } })
    }

    @Test func `a thousand guesses at once are five`() async throws {
        let world = try IdentityWorld(hasherPlaces: 2000)
        let refusals = try await withThrowingTaskGroup { group in
            for index in 0..<1000 { group.addTask { try await world.refusal("ada@aegean.example", "guess \(index)") } }
            return try await group.reduce(into: [RefusalCode?]()) { $0.append($1) }
        }
        #expect(refusals.count { $0 == .unauthenticated } == 5 && world.hasher.figures.runs == 5)
    }

    @Test func `a device that the account knows is let in while strangers storm its account and address`() async throws
    {
        let world = try IdentityWorld()
        let device = try await world.login().device
        for _ in 1...8 { _ = try await world.refusal() }
        #expect(try await world.refusal("ada@aegean.example", IdentityWorld.password) != nil)
        #expect(try await world.refusal(device: DeviceID(raw: 99)) != .unauthenticated)
        _ = try await world.login(device: device)
        // It opens this account only.
        try world.add(UserID(raw: 2), "bob@aegean.example", tenant: TenantID(raw: 7))
        for _ in 1...5 { _ = try await world.refusal("bob@aegean.example") }
        #expect(try await world.refusal("bob@aegean.example", device: device) == .rateLimited)
        for _ in 1...10 { #expect(try await world.refusal(device: device) == .unauthenticated) }
        #expect(try await world.refusal(device: device) == .rateLimited)
    }

    @Test(arguments: [
        (UserStatus.suspended, TenantStatus.active, RefusalCode.userSuspended),
        (.invited, .active, .unauthenticated), (.deleted, .active, .unauthenticated),
        (.active, .pending, .tenantPending), (.active, .suspended, .tenantSuspended),
        (.active, .closed, .unauthenticated), (.suspended, .suspended, .userSuspended),
    ])
    func `who may not act learns it with the right password only`(
        user: UserStatus, tenant: TenantStatus, expected: RefusalCode
    ) async throws {
        let world = try IdentityWorld()
        world.memory.with { state in state.change(world.ada) { ($0.user, $0.tenantState) = (user, tenant) } }
        #expect(try await world.refusal("ada@aegean.example", IdentityWorld.password) == expected)
        #expect(try await world.refusal() == .unauthenticated)
        #expect(world.memory.with { $0.sessions.isEmpty })
    }

    @Test func `platform staff have no tenant`() async throws {
        let world = try IdentityWorld()
        try world.add(UserID(raw: 2), "root@bellhop.example", tenant: nil)
        let token = try world.verified(await world.login("root@bellhop.example").accessToken)
        #expect(token.tenant == nil && token.user == UserID(raw: 2))
    }

    @Test func `a password that was changed while scrypt ran opens nothing`() async throws {
        let world = try IdentityWorld()
        let ada = world.ada
        world.memory.with { state in
            state.before["open"] = { state in state.change(ada) { $0.epoch = $0.epoch.next } }
        }
        #expect(try await world.refusal("ada@aegean.example", IdentityWorld.password) == .unauthenticated)
        #expect(world.memory.with { $0.sessions.isEmpty })
    }

    @Test func `a hash of another cost is renewed by the next login, and not by a wrong password`() async throws {
        let world = try IdentityWorld()
        let old = try #require(ScryptCost(logN: 3, r: 1, p: 1))
        try world.add(UserID(raw: 2), "bob@aegean.example", tenant: TenantID(raw: 7), cost: old)
        let hash: () -> PasswordHash? = { world.memory.with { $0.user(UserID(raw: 2))?.hash } }
        _ = try await world.refusal("bob@aegean.example")
        #expect(hash()?.cost == old)
        _ = try await world.login("bob@aegean.example")
        #expect(hash()?.cost == IdentityWorld.cheap)
        _ = try await world.login("bob@aegean.example")
    }

    @Test(
        arguments: ["count", "account", "open"],
        [
            (StoreError.unavailable, RefusalCode.unavailable), (.timedOut, .unavailable),
            (.outcomeUnknown, .outcomeUnknown), (.refused(code: "42501", message: "no"), .internalError),
        ])
    func `a store that fails lets nobody in`(call: String, failure: (StoreError, RefusalCode)) async throws {
        let world = try IdentityWorld()
        world.memory.with { $0.failures[call] = failure.0 }
        #expect(try await world.refusal("ada@aegean.example", IdentityWorld.password) == failure.1)
        _ = try await world.login()
    }

    @Test func `a login that found no place is not counted as a failure`() async throws {
        let world = try IdentityWorld()
        world.hasher.stop()
        for _ in 1...50 { #expect(try await world.refusal() == .unavailable) }
        #expect(world.memory.with { $0.counters.values.allSatisfy { $0 == 0 } })
    }

    @Test(arguments: [
        ("Ada@Aegean.Example", "ada@aegean.example"), ("  ada@aegean.example\n", "ada@aegean.example"),
        ("\u{C4}da@aegean.example", "\u{E4}da@aegean.example"),
    ])
    func `an address has one spelling`(text: String, spelled: String) {
        #expect(LoginEmail(text)?.description == spelled)
    }

    @Test(arguments: [
        "", " ", "ada", "@", "ada@", "@aegean.example", "a@b@c", "a b@c", "a@b\u{0}c", "a@b\u{7F}", "a@b\nc",
        String(repeating: "a", count: 254) + "@b", String(repeating: " ", count: 100_000) + "a@b",
    ])
    func `what can be no address is none`(text: String) {
        #expect(LoginEmail(text) == nil)
    }
}

@Suite(.timeLimit(.minutes(5))) struct SessionTests {
    @Test func `a refresh token is exchanged, and the new one again`() async throws {
        let world = try IdentityWorld()
        let signedIn = try await world.login()
        var token = signedIn.refreshToken
        for _ in 1...5 {
            world.memory.advance(800)
            let refreshed = try await world.service.refresh(token, from: world.client())
            let access = try world.verified(refreshed.accessToken)
            #expect(access.session == world.memory.with { $0.sessions[0].id } && access.user == world.ada)
            #expect(access.issuedAt.milliseconds == world.memory.now.milliseconds / 1000 * 1000)
            token = try #require(refreshed.refreshToken)
        }
    }

    @Test func `two tabs that refresh at once both go on, with whichever token the browser keeps`() async throws {
        for keptIndex in 0...1 {
            let world = try IdentityWorld()
            let signedIn = try await world.login()
            let client = try world.client(device: signedIn.device)
            let first = try await world.service.refresh(signedIn.refreshToken, from: client)
            world.memory.advance(29)
            let second = try await world.service.refresh(signedIn.refreshToken, from: client)
            let kept = try #require([first.refreshToken, second.refreshToken][keptIndex])
            world.memory.advance(900)
            let later = try await world.service.refresh(kept, from: client)
            #expect(later.refreshToken != nil)
        }
    }

    @Test func `a token that is used again ends the session for both who hold it`() async throws {
        let world = try IdentityWorld()
        let signedIn = try await world.login()
        let refreshed = try await world.service.refresh(signedIn.refreshToken, from: world.client())
        let access = try world.verified(refreshed.accessToken)
        // From another device, within the grace.
        let thief = try world.client("203.0.113.5", device: DeviceID(raw: 66))
        #expect(
            try await IdentityWorld.refusal { try await world.service.refresh(signedIn.refreshToken, from: thief) }
                == .unauthenticated)
        #expect(world.memory.log.last == "session_revoked token_reused")
        let newest = try #require(refreshed.refreshToken)
        #expect(
            try await IdentityWorld.refusal { try await world.service.refresh(newest, from: world.client()) }
                == .unauthenticated)
        #expect(try await IdentityWorld.refusal { try await world.admit(access) } == .unauthenticated)
        // Other sessions of the user are none of it.
        _ = try await world.login()
    }

    @Test func `an unknown family says nothing and ends nothing`() async throws {
        let world = try IdentityWorld()
        let signedIn = try await world.login()
        #expect(
            try await IdentityWorld.refusal { try await world.service.refresh(.first(), from: world.client()) }
                == .unauthenticated)
        _ = try await world.service.refresh(signedIn.refreshToken, from: world.client())
    }

    @Test func `a suspended user is told so and comes back with the token that he had`() async throws {
        let world = try IdentityWorld()
        let signedIn = try await world.login()
        world.memory.with { state in state.change(world.ada) { $0.user = .suspended } }
        #expect(
            try await IdentityWorld.refusal {
                try await world.service.refresh(signedIn.refreshToken, from: world.client())
            } == .userSuspended)
        world.memory.with { state in state.change(world.ada) { $0.user = .active } }
        _ = try await world.service.refresh(signedIn.refreshToken, from: world.client())
    }

    @Test func `raising the epoch revokes access and refresh tokens alike`() async throws {
        let world = try IdentityWorld()
        let signedIn = try await world.login()
        let access = try world.verified(signedIn.accessToken)
        try await world.admit(access)
        world.memory.with { state in state.change(world.ada) { $0.epoch = $0.epoch.next } }
        #expect(try await IdentityWorld.refusal { try await world.admit(access) } == .unauthenticated)
        #expect(
            try await IdentityWorld.refusal {
                try await world.service.refresh(signedIn.refreshToken, from: world.client())
            } == .unauthenticated)
        #expect(world.memory.log.last == "session_revoked epoch_raised")
    }

    @Test func `an answer that was lost after the commit is asked for again`() async throws {
        let world = try IdentityWorld()
        let signedIn = try await world.login()
        let client = try world.client(device: signedIn.device)
        _ = try await world.service.refresh(signedIn.refreshToken, from: client)
        let again = try await world.service.refresh(signedIn.refreshToken, from: client)
        world.memory.advance(900)
        _ = try await world.service.refresh(#require(again.refreshToken), from: client)
    }

    @Test func `signing out ends the session, once and without a word`() async throws {
        let world = try IdentityWorld()
        let signedIn = try await world.login()
        let access = try world.verified(signedIn.accessToken)
        let client = try world.client()
        try await world.service.logout(signedIn.refreshToken, from: client)
        try await world.service.logout(signedIn.refreshToken, from: client)
        try await world.service.logout(access, from: client)
        try await world.service.logout(.first(), from: client)
        #expect(world.memory.log == ["login_succeeded", "session_revoked signed_out"])
        #expect(try await IdentityWorld.refusal { try await world.admit(access) } == .unauthenticated)
    }

    @Test func `a user sees and ends his own sessions, and nobody else's are there`() async throws {
        let world = try IdentityWorld()
        try world.add(UserID(raw: 2), "bob@aegean.example", tenant: TenantID(raw: 7))
        let first = try world.verified(await world.login(from: "192.0.2.1").accessToken)
        let second = try world.verified(await world.login(from: "192.0.2.2").accessToken)
        let bob = try world.verified(await world.login("bob@aegean.example").accessToken)
        #expect(try await world.service.sessions(of: second).map(\.id) == [second.session, first.session])
        #expect(try await world.service.sessions(of: bob).map(\.id) == [bob.session])
        let client = try world.client()
        for session in [first.session, SessionID(raw: 12345)] {
            #expect(
                try await IdentityWorld.refusal {
                    try await world.service.endSession(session, as: bob, from: client)
                } == .notFound)
        }
        try await world.service.endSession(first.session, as: second, from: client)
        #expect(world.memory.log.last == "session_revoked signed_out_elsewhere")
        #expect(try await world.service.sessions(of: second).map(\.id) == [second.session])
        #expect(try await IdentityWorld.refusal { try await world.admit(first) } == .unauthenticated)
    }
}

@Suite(.timeLimit(.minutes(5))) struct PasswordChangeTests {
    private static let new = "another word 43"

    @Test func `a changed password ends every other session and every access token`() async throws {
        let world = try IdentityWorld()
        let elsewhere = try await world.login()
        let here = try await world.login()
        let access = try world.verified(here.accessToken)
        let changed = try await world.service.changePassword(
            from: IdentityWorld.password, to: Self.new, as: access, from: world.client())
        let next = try world.verified(changed.accessToken)
        #expect(next.session == access.session && next.epoch > access.epoch)
        try await world.admit(next)
        let client = try world.client()
        #expect(try await IdentityWorld.refusal { try await world.admit(access) } == .unauthenticated)
        #expect(
            try await IdentityWorld.refusal { try await world.service.refresh(elsewhere.refreshToken, from: client) }
                == .unauthenticated)
        _ = try await world.service.refresh(here.refreshToken, from: client)
        #expect(try await world.refusal("ada@aegean.example", IdentityWorld.password) == .unauthenticated)
        _ = try await world.login("ada@aegean.example", Self.new)
    }

    @Test func `the old password is asked for, under the counters of the login`() async throws {
        let world = try IdentityWorld()
        let access = try world.verified(await world.login().accessToken)
        let client = try world.client()
        let wrong = Refusal.field("password", .format)
        for _ in 1...5 {
            #expect(
                try await IdentityWorld.whole {
                    try await world.service.changePassword(from: "guess", to: Self.new, as: access, from: client)
                } == wrong)
        }
        let sixth = try await IdentityWorld.refusal {
            try await world.service.changePassword(
                from: IdentityWorld.password, to: Self.new, as: access, from: client)
        }
        #expect(sixth == .rateLimited)
        #expect(world.memory.with { $0.user(world.ada)?.epoch } == TokenEpoch(raw: 1))
    }

    @Test(arguments: [
        ("short 789", JSONFieldErrors.Code.length), (String(repeating: "x", count: 257), .length),
        ("ADA@aegean.example", .format), (IdentityWorld.password, .format),
    ])
    func `a new password is long, and neither the address nor the old one`(
        new: String, code: JSONFieldErrors.Code
    ) async throws {
        let world = try IdentityWorld()
        let access = try world.verified(await world.login().accessToken)
        let runs = world.hasher.figures.runs
        let refusal = try await IdentityWorld.whole {
            try await world.service.changePassword(
                from: IdentityWorld.password, to: new, as: access, from: world.client())
        }
        #expect(refusal == .field("new_password", code))
        #expect(world.hasher.figures.runs == runs)
    }

    @Test func `of two changes at once one is made`() async throws {
        let world = try IdentityWorld()
        let access = try world.verified(await world.login().accessToken)
        let ada = world.ada
        let stolen = try PasswordHash(of: Secret("first".utf8), cost: IdentityWorld.cheap)
        world.memory.with { state in
            state.before["replacePassword"] = { state in state.change(ada) { $0.hash = stolen } }
        }
        #expect(
            try await IdentityWorld.refusal {
                try await world.service.changePassword(
                    from: IdentityWorld.password, to: Self.new, as: access, from: world.client())
            } == .unauthenticated)
        #expect(world.memory.with { $0.user(ada)?.hash } == stolen)
    }

    @Test func `a session that has ended changes nothing`() async throws {
        let world = try IdentityWorld()
        let signedIn = try await world.login()
        let access = try world.verified(signedIn.accessToken)
        try await world.service.logout(signedIn.refreshToken, from: world.client())
        #expect(try await IdentityWorld.refusal { try await world.admit(access) } == .unauthenticated)
        // Nor does it for whoever was let in a moment before it ended.
        let before = world.memory.with { $0.user(world.ada)?.hash }
        #expect(
            try await IdentityWorld.refusal {
                try await world.service.changePassword(
                    from: IdentityWorld.password, to: Self.new, as: access, from: world.client())
            } == .unauthenticated)
        #expect(world.memory.with { $0.user(world.ada)?.hash } == before)
    }
}
