/// What a client may still send: so much at once, and so much more each second.
struct MessageCredit {
    /// Below 0 it is told so.
    private(set) var left: Int32
    /// The loop's second in which it was counted.
    private(set) var second: UInt32

    init(_ burst: Int32, at second: UInt32) {
        self.left = burst
        self.second = second
    }

    /// Takes one.
    ///
    /// - Returns: whether there was one.
    mutating func take(at second: UInt32, perSecond rate: Int32, burst: Int32) -> Bool {
        let seconds = second &- self.second
        if seconds > 0 {
            self.left = Int32(min(Int64(self.left) + Int64(seconds) * Int64(rate), Int64(burst)))
            self.second = second
        }
        self.left -= 1
        return self.left >= 0
    }
}
