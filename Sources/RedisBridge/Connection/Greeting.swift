internal import Shared

/// How a connection to a server stands.
package enum RedisServerState: Int, Sendable, CaseIterable {
    /// On the way: the first try, or the first after a loss.
    case connecting
    case ready
    /// Nobody listens there, the name is unknown, or the way is cut.
    case unreachable
    /// It wants a password, or another one, or does not allow what we need: someone must act.
    case unauthorized
    /// It is there and not yet able to serve, because it reads its data.
    case loading
    /// It refuses us for another reason.
    case refused
    /// What answers there does not speak Redis's protocol.
    case malformed
    /// It takes what we send and says nothing.
    case silent
    case stopped
}

extension RedisServerState {
    /// What a refusal of our first words says about a server.
    init(refusal code: String) {
        switch code {
        case "NOAUTH", "WRONGPASS", "NOPERM": self = .unauthorized
        case "LOADING", "BUSY", "MASTERDOWN": self = .loading
        default: self = .refused
        }
    }
}

/// The first words on a connection: who we are, which database, and whether the server serves. All are sent at once.
struct Greeting: Sendable {
    enum Outcome: Equatable, Sendable {
        case more, ready
        case failed(RedisServerState)
    }

    private enum Step: Sendable { case password, database, name, service }

    /// What is sent.
    let request: [UInt8]
    private var steps: [Step]

    init(to server: RedisServer, as name: String) {
        var request: [UInt8] = []
        var steps: [Step] = []
        func ask(_ step: Step, _ words: [[UInt8]]) {
            RequestText.append(words, to: &request)
            steps.append(step)
        }
        if let password = server.password { ask(.password, [Array("AUTH".utf8), password.bytes]) }
        if server.database != 0 { ask(.database, ["SELECT", "\(server.database)"].map { Array($0.utf8) }) }
        ask(.name, ["CLIENT", "SETNAME", name].map { Array($0.utf8) })
        ask(.service, [Array("PING".utf8)])
        self.request = request
        self.steps = steps
    }

    /// Takes the answers in the order in which they come.
    mutating func answered(_ value: RedisValue) -> Outcome {
        guard !self.steps.isEmpty else { return .failed(.malformed) }
        let step = self.steps.removeFirst()
        switch (step, value) {
        case (.service, .status("PONG")): return .ready
        case (.password, .status("OK")), (.database, .status("OK")), (.name, .status("OK")): return .more
        // A name is a courtesy to whoever looks at the list of clients.
        case (.name, .refusal): return .more
        // Also a password for a server that has none: one of the two sides is configured wrongly.
        case (.password, .refusal(let refusal)):
            let state = RedisServerState(refusal: refusal.code)
            return .failed(state == .refused ? .unauthorized : state)
        case (_, .refusal(let refusal)): return .failed(RedisServerState(refusal: refusal.code))
        default: return .failed(.malformed)
        }
    }
}
