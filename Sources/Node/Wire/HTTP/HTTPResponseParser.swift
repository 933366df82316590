/// An answer as a client sees it.
package struct HTTPReceivedResponse: Sendable, Equatable {
    package let status: Int
    /// Names in lower case, in their order.
    package let fields: [Field]
    package internal(set) var body: [UInt8] = []

    /// One field.
    package struct Field: Sendable, Equatable {
        package let name: String
        package let value: String
    }

    /// The first value of a field; `name` is in lower case.
    package func value(named name: String) -> String? {
        self.fields.first { $0.name == name }?.value
    }
}

/// The client's side of HTTP/1.1, for load tester and tests: bytes in, answers out.
package struct HTTPResponseParser: Sendable {
    private enum State: Sendable {
        case head
        case fixedBody(HTTPReceivedResponse, remaining: Int)
        case chunkedBody(HTTPReceivedResponse, HTTPChunkDecoder)
        case bodyUntilClose(HTTPReceivedResponse)
    }

    private var state = State.head
    private var buffer: [UInt8] = []
    private let limits: HTTPLimits

    package init(limits: HTTPLimits = HTTPLimits(body: 64 << 20)) {
        self.limits = limits
    }

    /// Takes the next answer from the front of `input`; bytes after it stay, as after `101 Switching Protocols`.
    ///
    /// - Parameter isHead: the answer belongs to a HEAD request and has no body.
    /// - Returns: `nil` when more bytes are needed; 1xx answers are returned like others.
    package mutating func next(
        _ input: inout UnsafeRawBufferPointer, isHead: Bool = false
    ) throws(HTTPError) -> HTTPReceivedResponse? {
        if case .head = self.state {
            guard let head = try self.takeHead(&input) else { return nil }
            self.state = try self.body(of: head, isHead: isHead)
        }
        let response = try self.takeBody(&input)
        if response != nil { self.state = .head }
        return response
    }

    /// The connection has ended; an answer without a length is complete now.
    package mutating func finish() -> HTTPReceivedResponse? {
        guard case .bodyUntilClose(let response) = self.state else { return nil }
        self.state = .head
        return response
    }

    private mutating func takeHead(
        _ input: inout UnsafeRawBufferPointer
    ) throws(HTTPError) -> HTTPReceivedResponse? {
        while let byte = input.first {
            self.buffer.append(byte)
            input = UnsafeRawBufferPointer(rebasing: input[1...])
            let count = self.buffer.count
            guard count <= self.limits.head else { throw .headTooLarge }
            if byte == .lineFeed, count >= 4, self.buffer[count - 2] == .carriageReturn,
                self.buffer[count - 3] == .lineFeed
            {
                defer { self.buffer.removeAll(keepingCapacity: true) }
                return try HTTPResponseParser.head(self.buffer, limits: self.limits)
            }
        }
        return nil
    }

    private static func head(_ bytes: [UInt8], limits: HTTPLimits) throws(HTTPError) -> HTTPReceivedResponse {
        try bytes.withUnsafeBufferPointer { (buffer) throws(HTTPError) -> HTTPReceivedResponse in
            // RFC 9112 4: `HTTP/1.1 200 ` with an optional phrase.
            guard let base = buffer.baseAddress, let lineEnd = buffer.firstIndex(of: .lineFeed), lineEnd >= 13,
                buffer[lineEnd - 1] == .carriageReturn, buffer.starts(with: "HTTP/1.".utf8),
                buffer[8] == .space, buffer[12] == .space || lineEnd == 13,
                let status = Int(String(decoding: buffer[9..<12], as: UTF8.self)), (100...599).contains(status)
            else { throw .malformedRequestLine }
            var fields: [HTTPReceivedResponse.Field] = []
            var next = lineEnd + 1
            while next < buffer.count - 2 {
                guard fields.count < limits.fieldCount else { throw .tooManyFields }
                let span = try HTTPFieldLine.read(base, from: next, to: buffer.count, next: &next)
                let name = buffer[Int(span.nameStart)..<(Int(span.nameStart) + Int(span.nameCount))]
                let value = buffer[Int(span.valueStart)..<(Int(span.valueStart) + Int(span.valueCount))]
                fields.append(
                    .init(
                        name: String(decoding: name, as: UTF8.self).lowercased(),
                        value: String(decoding: value, as: UTF8.self)))
            }
            return HTTPReceivedResponse(status: status, fields: fields)
        }
    }

    /// RFC 9112 6.3: how long the body is.
    private func body(of head: HTTPReceivedResponse, isHead: Bool) throws(HTTPError) -> State {
        let lengths = head.fields.filter { $0.name == "content-length" }
        let codings = head.fields.filter { $0.name == "transfer-encoding" }
        if isHead || head.status < 200 || head.status == 204 || head.status == 304 {
            return .fixedBody(head, remaining: 0)
        }
        if let coding = codings.first {
            guard lengths.isEmpty else { throw .conflictingLength }
            guard codings.count == 1, coding.value.lowercased() == "chunked" else { throw .unsupportedTransferCoding }
            return .chunkedBody(head, HTTPChunkDecoder())
        }
        guard let first = lengths.first else { return .bodyUntilClose(head) }
        guard lengths.count == 1 else { throw .repeatedField }
        let length = try HTTPResponseParser.contentLength(first.value)
        guard length <= self.limits.body else { throw .contentTooLarge }
        return .fixedBody(head, remaining: length)
    }

    private static func contentLength(_ value: String) throws(HTTPError) -> Int {
        try Array(value.utf8).withUnsafeBufferPointer { (bytes) throws(HTTPError) in
            try HTTPHead.contentLength(UnsafeRawBufferPointer(bytes))
        }
    }

    private mutating func takeBody(
        _ input: inout UnsafeRawBufferPointer
    ) throws(HTTPError) -> HTTPReceivedResponse? {
        let state = self.state
        self.state = .head  // gives up the second reference to the body, so that appending does not copy it
        switch state {
        case .head:
            return nil
        case .fixedBody(var response, let remaining):
            let part = UnsafeRawBufferPointer(rebasing: input.prefix(remaining))
            response.body.append(contentsOf: part)
            input = UnsafeRawBufferPointer(rebasing: input[part.count...])
            if part.count == remaining { return response }
            self.state = .fixedBody(response, remaining: remaining - part.count)
        case .chunkedBody(var response, var decoder):
            let isComplete = try decoder.decode(
                &input, into: &response.body, bodyLimit: self.limits.body, limits: self.limits)
            if isComplete { return response }
            self.state = .chunkedBody(response, decoder)
        case .bodyUntilClose(var response):
            guard input.count <= self.limits.body - response.body.count else { throw .contentTooLarge }
            response.body.append(contentsOf: input)
            input = UnsafeRawBufferPointer(rebasing: input[input.count...])
            self.state = .bodyUntilClose(response)
        }
        return nil
    }
}

/// Writes requests, for load tester and tests.
package enum HTTPRequestWriter {
    /// Appends a request; `fields` come after `Host`, and a body gets its `Content-Length`.
    package static func append(
        _ method: HTTPMethod, _ target: String, host: String, fields: [(name: String, value: String)] = [],
        body: [UInt8] = [], to output: inout [UInt8]
    ) {
        var head = "\(method.name) \(target) HTTP/1.1\r\nHost: \(host)\r\n"
        for field in fields { head += "\(field.name): \(field.value)\r\n" }
        if !body.isEmpty { head += "Content-Length: \(body.count)\r\n" }
        output += (head + "\r\n").utf8
        output += body
    }
}
