internal import Wire

/// One socket's handshake, from the request to the answer; exists only that long.
struct Opening {
    enum Progress: Equatable {
        case needsMore
        /// What follows the answer is frames; the connect was due then.
        case accepted(due: UInt64)
        case failed(ConnectFailure)
    }

    private let due: UInt64
    private let handshake: WebSocketClientHandshake
    private var parser = HTTPResponseParser()
    let request: [UInt8]

    init(_ target: Endpoint, due: UInt64) {
        self.due = due
        let nonce = withUnsafeBytes(of: (UInt64.random(in: 0...(.max)), UInt64.random(in: 0...(.max)))) { Array($0) }
        self.handshake = WebSocketClientHandshake(
            WebSocketClientHandshake.Request(target: target.path, host: target.authority), nonce: nonce)
        var request: [UInt8] = []
        self.handshake.appendRequest(to: &request)
        self.request = request
    }

    /// Takes the answer off the front of `input`.
    mutating func feed(_ input: inout UnsafeRawBufferPointer) -> Progress {
        let response: HTTPReceivedResponse?
        do throws(HTTPError) {
            response = try self.parser.next(&input)
        } catch {
            return .failed(.malformed)
        }
        guard let response else { return .needsMore }
        do throws(WebSocketClientHandshakeError) {
            _ = try self.handshake.validate(status: response.status) { name in
                response.value(named: "\(name)").map { Array($0.utf8) }
            }
            return .accepted(due: self.due)
        } catch .refused(let status) {
            return .failed(.status(status))
        } catch {
            return .failed(.malformed)
        }
    }
}
