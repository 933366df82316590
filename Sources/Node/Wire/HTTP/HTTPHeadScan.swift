import Glibc

/// Reads a request head line by line, in place, and can stop after any line.
///
/// The result must not depend on how the bytes were split, neither for requests nor for failures. Hence two rules:
/// a line is looked at only once its LF is there, and what lies behind a line's limit is never looked at.
struct HTTPHeadScan {
    private(set) var head = HTTPHead()
    /// Where the next line begins; after the last line, where the body begins.
    private(set) var position = 0
    private var hasRequestLine = false

    /// Reads as many lines as are whole.
    ///
    /// - Parameters:
    ///   - count: how many bytes there are.
    ///   - complete: the end of the last whole line; at most `count`.
    ///   - spans: room for `limits.fieldCount` fields; the ones of earlier calls are still in it.
    /// - Returns: whether the head is complete.
    mutating func advance(
        _ bytes: UnsafePointer<UInt8>, count: Int, complete: Int, spans: UnsafeMutablePointer<HTTPFieldSpan>,
        limits: HTTPLimits
    ) throws(HTTPError) -> Bool {
        while true {
            let start = self.position
            if !self.hasRequestLine, start < count { try self.checkFirstByte(bytes[start]) }
            let window = min(start &+ (self.hasRequestLine ? limits.fieldLine : limits.requestLine), limits.head)
            guard start < complete else {
                if count >= window { throw self.overrun(window: window, limits: limits) }
                return false
            }
            let end = min(complete, window)
            do throws(HTTPError) {
                if try self.readLine(bytes, to: end, spans: spans, limits: limits) { return true }
            } catch {
                // A line that is too long is only that, whatever else is wrong with it: its end was never seen.
                guard memchr(bytes + start, CInt(UInt8.lineFeed), end &- start) != nil else {
                    throw self.overrun(window: window, limits: limits)
                }
                throw error
            }
        }
    }

    /// A TLS ClientHello or a binary protocol is told at once, not after a timeout.
    @inline(__always)
    private func checkFirstByte(_ byte: UInt8) throws(HTTPError) {
        guard HTTPByteSet.token.contains(byte) || byte == .carriageReturn else { throw .notHTTP }
    }

    private func overrun(window: Int, limits: HTTPLimits) -> HTTPError {
        if !self.hasRequestLine { return .targetTooLong }
        return window < limits.head ? .fieldTooLong : .headTooLarge
    }

    /// Reads the line at `position`, which ends before `end`; true for the empty line that ends the head.
    @inline(__always)
    private mutating func readLine(
        _ bytes: UnsafePointer<UInt8>, to end: Int, spans: UnsafeMutablePointer<HTTPFieldSpan>,
        limits: HTTPLimits
    ) throws(HTTPError) -> Bool {
        let start = self.position
        if bytes[start] == .carriageReturn {
            guard start &+ 1 < end, bytes[start &+ 1] == .lineFeed else { throw .bareLineEnd }
            self.position = start &+ 2
            if self.hasRequestLine {
                try self.head.finish(count: self.position, bodyLimit: limits.body)
                return true
            }
            // RFC 9112 2.2: one empty line before the request line is skipped.
            guard start == 0 else { throw .malformedRequestLine }
            return false
        }
        guard self.hasRequestLine else {
            self.position = try self.head.readRequestLine(bytes, from: start, to: end)
            self.hasRequestLine = true
            return false
        }
        guard self.head.fieldCount < limits.fieldCount else { throw .tooManyFields }
        let span = try HTTPFieldLine.read(bytes, from: start, to: end, next: &self.position)
        spans[Int(self.head.fieldCount)] = span
        self.head.fieldCount &+= 1
        if let name = HTTPFieldName(bytes + Int(span.nameStart), count: Int(span.nameCount)) {
            let value = UnsafeRawBufferPointer(start: bytes + Int(span.valueStart), count: Int(span.valueCount))
            try self.head.note(name, value)
        }
        return false
    }
}
