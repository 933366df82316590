import Wire

// One input drives every parser of the HTTP folder twice: at once, and in pieces whose sizes the first bytes choose.
// Both must tell the same story.

/// How many leading bytes of an input choose sizes.
private let sizeCount = 4

/// The pieces of `data`, sizes repeating; each is a copy, so that ASan sees a read behind it.
private func pieces(of data: [UInt8], sizes: [UInt8]) -> [[UInt8]] {
    var pieces: [[UInt8]] = []
    var start = 0
    while start < data.count {
        let end = min(start + 1 + Int(sizes[pieces.count % sizes.count]), data.count)
        pieces.append(Array(data[start..<end]))
        start = end
    }
    return pieces
}

/// Small limits, so that the fuzzer reaches them.
private let limits = HTTPLimits(
    requestLine: 64, fieldLine: 48, fieldCount: 6, head: 192, body: 64, chunkExtensions: 16)

/// The story of a request parser.
private func requests(_ pieces: [[UInt8]]) -> [String] {
    var parser = HTTPRequestParser()
    var story: [String] = []
    do throws(HTTPError) {
        for piece in pieces {
            try piece.withUnsafeBufferPointer { (bytes) throws(HTTPError) in
                var input = UnsafeRawBufferPointer(bytes)
                while let event = try parser.next(&input, limits: limits) {
                    switch event {
                    case .head(let request): story.append("head \(summary(request))")
                    case .request(let request): story.append("request \(summary(request)) \(request.body)")
                    }
                }
                precondition(input.isEmpty, "bytes left although more were asked for")
            }
        }
    } catch {
        story.append("failure \(error)")
        return story
    }
    story.append("\(parser.phase)")
    return story
}

/// Reads everything that a request can be asked for.
private func summary(_ request: HTTPRequest) -> String {
    precondition(!request.path.utf8.contains(0) && !request.path.split(separator: "/").contains(".."), "unsafe path")
    let lists = HTTPFieldName.allCases.map { "\(request.value($0) ?? "-") \(request.list($0))" }
    let traits = "\(request.keepAlive) \(request.wantsUpgrade) \(request.expectsContinue) \(request.isVersion11)"
    return "\(request.methodName) \(request.path) \(request.queryItems) \(traits) \(request.fields) \(lists)"
}

private func responses(_ pieces: [[UInt8]]) -> [String] {
    var parser = HTTPResponseParser(limits: limits)
    var story: [String] = []
    do throws(HTTPError) {
        for piece in pieces {
            try piece.withUnsafeBufferPointer { (bytes) throws(HTTPError) in
                var input = UnsafeRawBufferPointer(bytes)
                while let response = try parser.next(&input) { story.append("\(response)") }
            }
        }
    } catch {
        return story + ["failure \(error)"]
    }
    return story + ["\(String(describing: parser.finish()))"]
}

private func proxyHeader(_ pieces: [[UInt8]]) -> String {
    var parser = ProxyHeaderParser()
    var header: ProxyHeader?
    var rest = 0
    do throws(ProxyHeaderError) {
        for piece in pieces {
            try piece.withUnsafeBufferPointer { (bytes) throws(ProxyHeaderError) in
                var input = UnsafeRawBufferPointer(bytes)
                if header == nil { header = try parser.next(&input) }
                rest += input.count
            }
        }
    } catch {
        return "failure \(error)"
    }
    return "\(String(describing: header)) \(rest)"
}

/// libFuzzer's entry: returns 0, traps on a finding.
@c(LLVMFuzzerTestOneInput)
public func fuzzOne(_ data: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    guard count > sizeCount else { return 0 }
    // Safety: libFuzzer owns `count` bytes at `data` for the time of this call; they are copied.
    let bytes = [UInt8](UnsafeBufferPointer(start: data, count: count))
    let message = Array(bytes[sizeCount...])
    let cut = pieces(of: message, sizes: Array(bytes[..<sizeCount]))
    precondition(requests([message]) == requests(cut), "requests depend on the split")
    precondition(responses([message]) == responses(cut), "answers depend on the split")
    precondition(proxyHeader([message]) == proxyHeader(cut), "a PROXY header depends on the split")
    return 0
}
