@testable import Wire

/// What a parser made of a stream: comparable, and independent of how the bytes arrived.
struct HTTPTranscript: Equatable {
    var events: [String] = []
    var failure: HTTPError?
    var phase = HTTPRequestParser.Phase.idle
    /// What the parser left untouched, from the first piece that it did not want.
    var rest: [UInt8] = []

    /// Feeds the pieces one after another until the parser fails.
    init(_ pieces: [ArraySlice<UInt8>], limits: HTTPLimits = HTTPLimits()) {
        var parser = HTTPRequestParser()
        do throws(HTTPError) {
            for piece in pieces {
                // Each piece is a copy of its own, so that a read outside of it is one that ASan sees.
                let bytes = Array(piece)
                try bytes.withUnsafeBufferPointer { (buffer) throws(HTTPError) in
                    var input = UnsafeRawBufferPointer(buffer)
                    while let event = try parser.next(&input, limits: limits) { self.events.append(describe(event)) }
                    self.rest = Array(input)
                }
            }
        } catch {
            self.failure = error
        }
        self.phase = parser.phase
    }

    /// All bytes at once.
    init(_ text: String, limits: HTTPLimits = HTTPLimits()) {
        self.init([Array(text.utf8)[...]], limits: limits)
    }

    /// The same bytes in every way of cutting them in two, and one by one.
    static func everySplit(of text: String, limits: HTTPLimits = HTTPLimits()) -> [HTTPTranscript] {
        let bytes = Array(text.utf8)
        var all = bytes.indices.map { HTTPTranscript([bytes[..<$0], bytes[$0...]], limits: limits) }
        all.append(HTTPTranscript(bytes.indices.map { bytes[$0...$0] }, limits: limits))
        return all
    }
}

private func describe(_ event: HTTPRequestEvent) -> String {
    switch event {
    case .head(let request): "head \(describe(request))"
    case .request(let request): "request \(describe(request)) \(String(decoding: request.body, as: UTF8.self))"
    }
}

private func describe(_ request: HTTPRequest) -> String {
    let fields = request.fields.map { "\($0.name)=\($0.value)" }.joined(separator: "|")
    let traits = "keep=\(request.keepAlive) upgrade=\(request.wantsUpgrade) continue=\(request.expectsContinue)"
    return "\(request.methodName) \(request.rawPath) \(request.rawQuery ?? "-") \(traits) \(fields)"
}

/// The one request in `text`, or `nil`.
func oneRequest(_ text: String, limits: HTTPLimits = HTTPLimits()) throws(HTTPError) -> HTTPRequest? {
    var parser = HTTPRequestParser()
    let bytes = Array(text.utf8)
    return try bytes.withUnsafeBufferPointer { (buffer) throws(HTTPError) -> HTTPRequest? in
        var input = UnsafeRawBufferPointer(buffer)
        var last: HTTPRequest?
        while let event = try parser.next(&input, limits: limits) {
            switch event {
            case .head(let request), .request(let request): last = request
            }
        }
        return last
    }
}
