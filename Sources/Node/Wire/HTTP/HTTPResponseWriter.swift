/// Writes answers into an output buffer. One per event loop: it holds the second's `Date`.
package struct HTTPResponseWriter: Sendable {
    /// Set by the loop once per second.
    package var date: HTTPDate?

    /// - Parameter date: without one, answers carry none (RFC 9110 6.6.1 asks for one only of who has a clock at hand).
    package init(date: HTTPDate?) {
        self.date = date
    }

    /// Appends a whole answer.
    ///
    /// - Parameters:
    ///   - isHead: the request was HEAD: the body's length is told, the body is not sent.
    ///   - keepAlive: what the request asked for; the response's `closes` overrules it.
    package func append(_ response: HTTPResponse, to output: inout [UInt8], isHead: Bool, keepAlive: Bool) {
        self.appendHead(of: response, to: &output, keepAlive: keepAlive)
        if !isHead, response.status.hasBody { output.append(contentsOf: response.body) }
    }

    /// Appends the head only, for a caller that sends a large shared body without copying it.
    package func appendHead(of response: HTTPResponse, to output: inout [UInt8], keepAlive: Bool) {
        output.reserveCapacity(output.count &+ response.fieldLines.count &+ response.body.count &+ 512)
        HTTPResponseWriter.appendStatusLine(response.status, to: &output)
        if let date {
            HTTPResponseWriter.append("Date: ", to: &output)
            output.append(contentsOf: date.bytes)
            HTTPResponseWriter.append("\r\n", to: &output)
        }
        if !keepAlive || response.closes { HTTPResponseWriter.append("Connection: close\r\n", to: &output) }
        output.append(contentsOf: response.fieldLines)
        HTTPResponseWriter.append(response.kind.securityFields, to: &output)
        if response.status.hasBody {
            HTTPResponseWriter.append("Content-Length: ", to: &output)
            HTTPResponseWriter.append(response.body.count, to: &output)
            HTTPResponseWriter.append("\r\n", to: &output)
        }
        HTTPResponseWriter.append("\r\n", to: &output)
    }

    /// Appends a prebuilt answer: two copies, whatever its size.
    package func append(
        _ response: HTTPPrebuiltResponse, to output: inout [UInt8], isHead: Bool, keepAlive: Bool
    ) {
        response.append(to: &output, date: self.date ?? HTTPDate(unixSeconds: 0), isHead: isHead, keepAlive: keepAlive)
    }

    /// Appends `HTTP/1.1 100 Continue`: the answer to `expectsContinue`, before the body is read.
    package static func appendContinue(to output: inout [UInt8]) {
        self.append("HTTP/1.1 100 Continue\r\n\r\n", to: &output)
    }

    static func appendStatusLine(_ status: HTTPStatus, to output: inout [UInt8]) {
        self.append("HTTP/1.1 ", to: &output)
        self.append(Int(status.rawValue), to: &output)
        self.append(" ", to: &output)
        self.append(status.reason, to: &output)
        self.append("\r\n", to: &output)
    }

    @inline(__always)
    static func append(_ text: StaticString, to output: inout [UInt8]) {
        output.append(contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    /// Appends a number that is not negative, in decimal.
    static func append(_ number: Int, to output: inout [UInt8]) {
        let start = output.count
        var rest = number
        repeat {
            output.append(UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: rest % 10))
            rest /= 10
        } while rest > 0
        output[start...].reverse()
    }
}

/// An answer that never changes but for its date: the bytes are made once, with a gap for the date.
package struct HTTPPrebuiltResponse: Sendable {
    /// What it was made of.
    package let response: HTTPResponse
    private let keeping: [UInt8]
    private let closing: [UInt8]
    private let dateOffset: Int
    private let bodyCount: Int

    /// Serializes `response` once with and once without `Connection: close`.
    package init(_ response: HTTPResponse) {
        self.response = response
        let writer = HTTPResponseWriter(date: HTTPDate(unixSeconds: 0))
        var statusLine: [UInt8] = []
        HTTPResponseWriter.appendStatusLine(response.status, to: &statusLine)
        self.dateOffset = statusLine.count + 6  // "Date: "
        var keeping: [UInt8] = []
        writer.append(response, to: &keeping, isHead: false, keepAlive: true)
        var closing: [UInt8] = []
        writer.append(response, to: &closing, isHead: false, keepAlive: false)
        self.keeping = keeping
        self.closing = closing
        self.bodyCount = response.status.hasBody ? response.body.count : 0
    }

    @inline(__always)
    func append(to output: inout [UInt8], date: HTTPDate, isHead: Bool, keepAlive: Bool) {
        let template = keepAlive ? self.keeping : self.closing
        let start = output.count
        if isHead {
            output.append(contentsOf: template[..<(template.count &- self.bodyCount)])
        } else {
            output.append(contentsOf: template)
        }
        let dateStart = start &+ self.dateOffset
        output.withUnsafeMutableBytes { buffer in
            let gap = UnsafeMutableRawBufferPointer(rebasing: buffer[dateStart..<(dateStart &+ HTTPDate.byteCount)])
            date.bytes.withUnsafeBytes { gap.copyMemory(from: $0) }
        }
    }
}
