internal import Glibc
internal import Reactor
internal import Shared

/// The subscribe connection to one server: tells it what is wanted, and hands on what it says.
///
/// What always holds: on an open link the server has been told exactly the wanted set at the end of each turn; `subscribed`
/// is called for a channel only when no later request for it is on its way; a message reaches the listener only between
/// that call and the end of the want or of the link.
final class ServerEar: RedisLinkOwner {
    private enum Kind { case message, subscribe, unsubscribe, pong, other }

    private let link: RedisLink
    private let place: Int
    private let commands: RedisCommands
    private let statistics: RedisStatistics
    var listener: (any BusListener)?
    /// Our own channel, on which the beats come back.
    private let own: ChannelEntry
    private var table = ChannelTable()
    private var dirty: [ChannelEntry] = []
    private var heartbeat: Heartbeat
    private var openedAt: UInt64 = 0
    private let silenceMilliseconds: UInt64

    // Counted here and told once per turn.
    private var received: UInt64 = 0
    private var receivedBytes: UInt64 = 0

    // The reply that is being read.
    private var kind = Kind.other
    private var entry: ChannelEntry?

    init(
        _ link: RedisLink, place: Int, identity: UInt64, commands: RedisCommands, options: RedisOptions,
        statistics: RedisStatistics
    ) {
        self.link = link
        self.place = place
        self.commands = commands
        self.statistics = statistics
        self.silenceMilliseconds = options.silenceMilliseconds
        self.own = ChannelEntry(BusChannel(name: "bellhop:beat:\(String(identity, radix: 16))", shard: ""))
        self.heartbeat = Heartbeat(base: .random(in: .min ... .max), intervalMilliseconds: options.beatMilliseconds)
        self.own.isWanted = true
        self.table.insert(self.own)
    }

    var isHealthy: Bool { self.link.isOpen && self.heartbeat.isHealthy }

    private var now: UInt64 { self.link.loop?.now ?? 0 }

    func start() { self.link.start(for: self) }

    func stop() { self.link.stop() }

    // MARK: The wanted set

    func subscribe(to channel: BusChannel) {
        let entry = self.table.find(channel) ?? ChannelEntry(channel)
        if self.table.find(channel) == nil { self.table.insert(entry) }
        guard !entry.isWanted else { return }
        entry.isWanted = true
        entry.owesConfirmation = true
        self.touch(entry)
    }

    func unsubscribe(from channel: BusChannel) {
        guard let entry = self.table.find(channel), entry.isWanted, entry !== self.own else { return }
        entry.isWanted = false
        self.touch(entry)
    }

    private func touch(_ entry: ChannelEntry) {
        if !entry.isDirty {
            entry.isDirty = true
            self.dirty.append(entry)
        }
        self.link.loop?.requestTurn()
    }

    /// Tells the server what has changed, and only if it has in the end.
    func flush() {
        self.publishCounts()
        guard !self.dirty.isEmpty else { return self.link.flush() }
        let changed = self.dirty
        self.dirty = []
        var (wanted, unwanted): ([[UInt8]], [[UInt8]]) = ([], [])
        var confirmed: [ChannelEntry] = []
        for entry in changed {
            entry.isDirty = false
            switch (entry.isWanted, entry.isAsked) {
            case (true, false) where self.link.isOpen:
                entry.isAsked = true
                entry.unconfirmed += 1
                wanted.append(entry.name)
            case (false, true):
                entry.isAsked = false
                entry.isConfirmed = false
                entry.unconfirmed += 1
                unwanted.append(entry.name)
            // Given up and wanted again before the server was told: it never stopped.
            case (true, true): if entry.isConfirmed { confirmed.append(entry) }
            case (false, false): self.forget(entry)
            case (true, false): break
            }
        }
        self.tell("UNSUBSCRIBE", unwanted)
        self.tell("SUBSCRIBE", wanted)
        self.link.flush()
        for entry in confirmed { self.confirm(entry) }
    }

    private func publishCounts() {
        guard self.received > 0 else { return }
        self.statistics.add(self.received, to: .received)
        self.statistics.add(self.receivedBytes, to: .receivedBytes)
        (self.received, self.receivedBytes) = (0, 0)
    }

    private func tell(_ word: String, _ names: [[UInt8]]) {
        var rest = names[...]
        while !rest.isEmpty {
            self.link.write(RequestText.of([Array(word.utf8)] + rest.prefix(Self.channelsPerRequest)))
            rest = rest.dropFirst(Self.channelsPerRequest)
        }
    }

    private static let channelsPerRequest = 1_000

    /// Drops an entry that means nothing any more.
    private func forget(_ entry: ChannelEntry) {
        if !entry.isWanted, !entry.isAsked, entry.unconfirmed == 0 { self.table.remove(entry) }
    }

    private func confirm(_ entry: ChannelEntry) {
        guard entry.isWanted, entry.isAsked, entry.owesConfirmation else { return }
        entry.owesConfirmation = false
        self.listener?.subscribed(to: entry.channel)
    }

    // MARK: RedisLinkOwner

    func linkOpened() {
        self.openedAt = self.now
        self.dirty = []
        for entry in self.table.all {
            entry.isAsked = false
            entry.isConfirmed = false
            entry.unconfirmed = 0
            entry.owesConfirmation = true
            entry.isDirty = false
            if !entry.isWanted { self.forget(entry) } else if entry !== self.own { self.touch(entry) }
        }
        // Last of all: when our own channel is confirmed, so are all the others.
        self.touch(self.own)
    }

    func linkLost() {
        for entry in self.table.all {
            entry.isAsked = false
            entry.isConfirmed = false
            entry.unconfirmed = 0
        }
        if self.heartbeat.lost() { self.healthChanged() }
    }

    func linkFailed(_ state: RedisServerState) {}

    private func healthChanged() {
        self.statistics.set(isHealthy: self.heartbeat.isHealthy, of: self.place)
        self.listener?.healthChanged()
    }

    // MARK: Beats

    /// The next beat is due.
    func beat() {
        guard self.link.isOpen else { return }
        guard self.own.isConfirmed else { return self.judgeUnconfirmed() }
        guard self.heartbeat.isDue(now: self.now) else { return }
        self.heartbeat.sawSign(at: self.link.lastHeard)
        let tick = self.heartbeat.tick(now: self.now)
        self.commands.publish(
            withUnsafeBytes(of: tick.beat.littleEndian) { Array($0) }, named: self.own.name, toServer: self.place)
        self.statistics.add(to: .beatsSent)
        if tick.isMiss { self.statistics.add(to: .beatsMissed) }
        if tick.probes { self.link.write(Self.probe) }
        self.act(on: tick.doubt)
        if tick.healthChanged { self.healthChanged() }
    }

    /// Until our own channel is confirmed there are no beats. Confirmations of many channels may take a while, but they
    /// flow.
    private func judgeUnconfirmed() {
        let lastSign = max(self.openedAt, self.link.lastHeard)
        if self.now - min(self.now, lastSign) >= self.silenceMilliseconds { self.link.replace(because: .silent) }
    }

    private func act(on doubt: Heartbeat.Doubt?) {
        switch doubt {
        case nil: break
        case .silent: self.link.replace(because: .silent)
        case .deaf where self.statistics.commandState(of: self.place) == .ready: self.link.replace(because: .silent)
        // No beat was sent, because the commands' connection is down.
        case .deaf: self.heartbeat.excuse()
        }
    }

    private static let probe = RequestText.of([Array("PING".utf8)])

    // MARK: What is heard

    func arrayBegan(count: Int, depth: Int) {
        self.kind = .other
        self.entry = nil
        // All that is said on a subscribe connection is arrays of two or three.
        if depth > 0 || count > 3 { self.link.replace(because: .malformed) }
    }

    func element(_ element: ReplyElement, depth: Int, index: Int) {
        guard depth == 1 else { return self.answered(element) }
        switch index {
        case 0: if case .bytes(let word) = element { self.kind = Self.kind(of: word) }
        case 1: if case .bytes(let name) = element, self.kind != .pong { self.entry = self.table.find(name) }
        default: self.completed(element)
        }
    }

    private func answered(_ element: ReplyElement) {
        guard case .refusal(let text) = element else { return self.link.replace(because: .malformed) }
        // A list of rights that lacks our channels, for example.
        let refusal = RedisRefusal(String(decoding: text, as: UTF8.self))
        self.link.replace(because: RedisServerState(refusal: refusal.code))
    }

    private func completed(_ element: ReplyElement) {
        guard let entry = self.entry else { return }
        switch (self.kind, element) {
        case (.message, .bytes(let message)):
            if entry === self.own {
                self.beatReturned(message)
            } else if entry.isWanted, entry.isConfirmed {
                self.received += 1
                self.receivedBytes += UInt64(message.count)
                self.listener?.received(message, on: entry.channel)
            }
        case (.subscribe, .integer), (.unsubscribe, .integer): self.requestAnswered(entry)
        default: self.link.replace(because: .malformed)
        }
    }

    private func requestAnswered(_ entry: ChannelEntry) {
        entry.unconfirmed = max(0, entry.unconfirmed - 1)
        guard entry.unconfirmed == 0 else { return }
        guard self.kind == .subscribe, entry.isAsked else { return self.forget(entry) }
        entry.isConfirmed = true
        guard entry === self.own else { return self.confirm(entry) }
        self.heartbeat.begin(now: self.now)
        self.beat()
    }

    private func beatReturned(_ message: UnsafeRawBufferPointer) {
        guard message.count == 8 else { return }
        let beat = UInt64(littleEndian: message.loadUnaligned(as: UInt64.self))
        if self.heartbeat.heard(beat, now: self.now) { self.healthChanged() }
    }

    private static func kind(of word: UnsafeRawBufferPointer) -> Kind {
        // By length first: for nearly all of what comes that decides it.
        switch word.count {
        case 7 where word.says("message"): .message
        case 9 where word.says("subscribe"): .subscribe
        case 11 where word.says("unsubscribe"): .unsubscribe
        case 4 where word.says("pong"): .pong
        default: .other
        }
    }
}

extension UnsafeRawBufferPointer {
    /// Whether these are the bytes of a word that is as long.
    fileprivate func says(_ word: StaticString) -> Bool {
        guard let bytes = self.baseAddress, self.count == word.utf8CodeUnitCount else { return false }
        // Safety: both have `count` bytes.
        return memcmp(bytes, word.utf8Start, self.count) == 0
    }
}
