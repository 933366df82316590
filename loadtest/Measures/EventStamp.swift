internal import Glibc

/// What the load tester writes into a message to recognise it when it comes back.
struct EventStamp: Equatable, Sendable {
    /// The stream within the run: the publisher, or the socket that asked.
    var lane: UInt32
    var sequence: UInt64
    /// Monotonic nanoseconds at which it should have been sent.
    var due: UInt64
}

/// The messages of a run: JSON text of a fixed length, whose stamp stands in hexadecimal at fixed places, so that reading
/// one takes a comparison of memory and forty digits.
struct MessageForm: Sendable {
    private static let laneDigits = 8
    private static let longDigits = 16
    private let blank: [UInt8]
    private let lane: Int
    private let sequence: Int
    private let due: Int
    /// The length of the shortest form.
    static let minimumBytes = MessageForm(run: 0, byteCount: 0).byteCount

    /// - Parameters:
    ///   - run: tells the messages of this run from those of others.
    ///   - byteCount: the length of every message; at least ``minimumBytes``.
    init(run: UInt64, byteCount: Int) {
        var text = Array(#"{"run":""#.utf8)
        text += Self.hexadecimal(run, digits: Self.longDigits)
        func field(_ name: String, digits: Int) -> Int {
            text += Array(#"",""#.utf8) + Array(name.utf8) + Array(#"":""#.utf8)
            text += [UInt8](repeating: UInt8(ascii: "0"), count: digits)
            return text.count - digits
        }
        self.lane = field("lane", digits: Self.laneDigits)
        self.sequence = field("seq", digits: Self.longDigits)
        self.due = field("due", digits: Self.longDigits)
        _ = field("fill", digits: max(0, byteCount - text.count - #"","fill":""}"#.utf8.count))
        text += Array(#""}"#.utf8)
        self.blank = text
    }

    var byteCount: Int { self.blank.count }

    /// The message with this stamp.
    func message(_ stamp: EventStamp) -> [UInt8] {
        var bytes = self.blank
        let lane = Self.hexadecimal(UInt64(stamp.lane), digits: Self.laneDigits)
        bytes.replaceSubrange(self.lane..<(self.lane + Self.laneDigits), with: lane)
        let sequence = Self.hexadecimal(stamp.sequence, digits: Self.longDigits)
        bytes.replaceSubrange(self.sequence..<(self.sequence + Self.longDigits), with: sequence)
        let due = Self.hexadecimal(stamp.due, digits: Self.longDigits)
        bytes.replaceSubrange(self.due..<(self.due + Self.longDigits), with: due)
        return bytes
    }

    /// The stamp of a message of this run, or `nil` if a single byte is not as it was sent.
    func stamp(of message: UnsafeRawBufferPointer) -> EventStamp? {
        guard message.count == self.blank.count, self.matches(message, 0..<self.lane),
            self.matches(message, (self.lane + Self.laneDigits)..<self.sequence),
            self.matches(message, (self.sequence + Self.longDigits)..<self.due),
            self.matches(message, (self.due + Self.longDigits)..<self.blank.count),
            let lane = Self.number(message, at: self.lane, digits: Self.laneDigits),
            let sequence = Self.number(message, at: self.sequence, digits: Self.longDigits),
            let due = Self.number(message, at: self.due, digits: Self.longDigits)
        else { return nil }
        return EventStamp(lane: UInt32(truncatingIfNeeded: lane), sequence: sequence, due: due)
    }

    @inline(__always)
    private func matches(_ message: UnsafeRawBufferPointer, _ range: Range<Int>) -> Bool {
        // Safety: both are as long as `blank`, which `stamp` has checked, and the range lies inside.
        self.blank.withUnsafeBytes { blank in
            guard let blank = blank.baseAddress, let message = message.baseAddress else { return false }
            return memcmp(blank + range.lowerBound, message + range.lowerBound, range.count) == 0
        }
    }

    private static func hexadecimal(_ value: UInt64, digits: Int) -> [UInt8] {
        (0..<digits).map { place in
            let digit = UInt8(truncatingIfNeeded: value >> UInt64(4 * (digits - 1 - place))) & 15
            return digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10
        }
    }

    @inline(__always)
    private static func number(_ message: UnsafeRawBufferPointer, at start: Int, digits: Int) -> UInt64? {
        var value: UInt64 = 0
        for byte in message[start..<(start + digits)] {
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): value = value << 4 | UInt64(byte - UInt8(ascii: "0"))
            case UInt8(ascii: "a")...UInt8(ascii: "f"): value = value << 4 | UInt64(byte - UInt8(ascii: "a") + 10)
            default: return nil
            }
        }
        return value
    }
}
