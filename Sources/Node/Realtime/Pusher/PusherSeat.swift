internal import Crypto
internal import Reactor
internal import Shared

/// One socket of the Pusher protocol; small, since tens of thousands are idle at any time.
struct PusherSeat: SocketSeat {
    let id: ConnectionID
    /// Its socket id: two halves of 32 random bits.
    let number: UInt64
    /// The loop's time; what was signed for this socket was signed later.
    let openedAt: UInt64
    /// Since when it has no subscription, in the loop's seconds; of no meaning while it has some.
    var emptySince: UInt32
    /// The loop's second in which the first of its authorisations may have expired; the greatest for never.
    var expires = UInt32.max
    var credit: MessageCredit
    /// It has asked for what it missed, so it understands ticks.
    var takesTicks = false
    /// It is being closed: nothing more is said.
    var isEnding = false
    /// What it had heard, and what it was told, when it was looked at for a tick: the lower halves of sums of positions.
    var heard: UInt32 = 0
    var ticked: UInt32 = 0

    // The subscriber, without the gaps that optional ids have in memory: 0 is no user and no tenant.
    private var user: UInt128 = 0
    private var tenant: UInt128 = 0
    private var session: UInt128 = 0
    private var epoch: Int64 = 0

    init(id: ConnectionID, number: UInt64, openedAt: UInt64, credit: MessageCredit) {
        self.id = id
        self.number = number
        self.openedAt = openedAt
        self.emptySince = credit.second
        self.credit = credit
    }

    /// Whose signed subscriptions it has, or had last.
    var subscriber: PusherSubscriber? {
        get {
            guard self.user != 0 else { return nil }
            return PusherSubscriber(
                user: UserID(raw: self.user), tenant: self.tenant == 0 ? nil : TenantID(raw: self.tenant),
                session: SessionID(raw: self.session), epoch: TokenEpoch(raw: self.epoch))
        }
        set {
            self.user = newValue?.user.raw ?? 0
            self.tenant = newValue?.tenant?.raw ?? 0
            self.session = newValue?.session.raw ?? 0
            self.epoch = newValue?.epoch.raw ?? 0
        }
    }
}
