internal import Reactor
internal import Wire

/// A socket on its way into a presence channel, or to a channel by another name.
struct PusherWaiting {
    let id: ConnectionID
    /// What it wished last: who asks twice is answered once.
    var wish: PusherCommand.Subscription
    var admitted: PusherAdmission.Admitted
}

/// All that wait for one kind of answer, by the numbers of the questions; found by their sockets, too: when thousands come back at
/// once, nobody looks through all of them.
struct PusherWaitingList {
    private var byNumber: [UInt64: PusherWaiting] = [:]
    private var numbers: [ConnectionID: [UInt64]] = [:]

    mutating func add(_ waiting: PusherWaiting, _ number: UInt64) {
        self.byNumber[number] = waiting
        self.numbers[waiting.id, default: []].append(number)
    }

    /// The question of a socket for a channel.
    func number(of id: ConnectionID, _ channel: String) -> UInt64? {
        self.numbers[id]?.first { self.byNumber[$0]?.wish.channel == channel }
    }

    mutating func replace(_ number: UInt64, by waiting: PusherWaiting) { self.byNumber[number] = waiting }

    mutating func take(_ number: UInt64) -> PusherWaiting? {
        guard let waiting = self.byNumber.removeValue(forKey: number) else { return nil }
        self.numbers[waiting.id]?.removeAll { $0 == number }
        if self.numbers[waiting.id]?.isEmpty == true { self.numbers[waiting.id] = nil }
        return waiting
    }

    /// Takes all of a socket's out.
    ///
    /// - Returns: their numbers.
    mutating func takeAll(of id: ConnectionID) -> [UInt64] {
        let all = self.numbers.removeValue(forKey: id) ?? []
        for number in all { self.byNumber[number] = nil }
        return all
    }
}
