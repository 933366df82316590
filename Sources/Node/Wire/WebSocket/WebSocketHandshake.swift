import Crypto
import Shared

/// Why a request does not become a WebSocket; whether its `Origin` may is the caller's question.
package enum WebSocketHandshakeError: Error, Equatable, Sendable {
    /// RFC 6455 4.1: the method is GET.
    case methodNotGet
    /// The request does not ask for an upgrade to `websocket`.
    case upgradeMissing
    /// RFC 6455 4.1: HTTP/1.1 or higher.
    case oldHTTP
    /// RFC 6455 4.4: only version 13 is spoken here.
    case versionUnsupported
    /// RFC 6455 4.1: the key is base 64 of sixteen bytes, and there is one.
    case keyInvalid
    /// A list of subprotocols or extensions that is none.
    case listInvalid

    /// The one place where a refused handshake becomes what the client sees: the status, and the field that tells how
    /// to ask right, which the answer must carry.
    package var answer: (status: Int, field: (name: StaticString, value: StaticString)?) {
        switch self {
        // RFC 9110 15.5.6 and 15.5.22: a 405 names the allowed methods, a 426 the protocol.
        case .methodNotGet: (405, ("Allow", "GET"))
        case .upgradeMissing: (426, ("Upgrade", "websocket"))
        case .versionUnsupported: (426, ("Sec-WebSocket-Version", "13"))
        case .oldHTTP, .keyInvalid, .listInvalid: (400, nil)
        }
    }
}

/// A server's side of the opening handshake (RFC 6455 4.2): a request that was found in order, and the answer to it.
package struct WebSocketHandshake: Sendable {
    /// What a server offers.
    package struct Policy: Sendable {
        /// Subprotocols that may be chosen; the client's order decides.
        package var subprotocols: [String] = []
        /// How messages may be compressed, or `nil` for never.
        package var deflate: PerMessageDeflate.Policy?

        package init(subprotocols: [String] = [], deflate: PerMessageDeflate.Policy? = nil) {
            self.subprotocols = subprotocols
            self.deflate = deflate
        }
    }

    /// The chosen subprotocol, or `nil` if the client named none that is offered here.
    package private(set) var subprotocol: String?
    /// How messages will be compressed: for the reader's `init` and for whoever sends.
    package private(set) var deflate: PerMessageDeflate?
    private let acceptKey: [UInt8]
    private var extensions: [UInt8]?

    /// Checks a request.
    ///
    /// Storms of reconnecting clients come through here: what the parser has noted is not looked for again, and values
    /// are compared where they lie.
    package init(_ request: HTTPRequest, policy: Policy) throws(WebSocketHandshakeError) {
        // A request of HTTP/1.1 without a `Host` has not come this far (RFC 9112 3.2).
        guard request.asksForWebSocket else { throw .upgradeMissing }
        guard request.method == .get else { throw .methodNotGet }
        guard request.isVersion11 else { throw .oldHTTP }
        let version13 = request.withValue(.secWebSocketVersion) { $0?.elementsEqual("13".utf8) ?? false }
        guard version13 else { throw .versionUnsupported }
        let accepted = request.withValue(.secWebSocketKey) { key in
            key.flatMap { Self.isKey($0) ? Self.acceptKey(for: $0) : nil }
        }
        guard let accepted else { throw .keyInvalid }
        self.acceptKey = accepted
        if request.contains(.secWebSocketProtocol) {
            self.subprotocol = try Self.choose(request.joinedValues(.secWebSocketProtocol), from: policy.subprotocols)
        }
        guard let deflate = policy.deflate, request.contains(.secWebSocketExtensions) else { return }
        guard let parsed = ExtensionOffer.parse(request.joinedValues(.secWebSocketExtensions)) else {
            throw .listInvalid
        }
        guard let accepted = PerMessageDeflate.accept(parsed, policy: deflate) else { return }
        self.deflate = accepted.agreed
        self.extensions = accepted.answer
    }

    /// Has libcrypto make its tables, two megabytes and some milliseconds, before the first client waits for them.
    package static func prepare() {
        _ = "prepare".utf8.withContiguousStorageIfAvailable { SHA1.hash(UnsafeRawBufferPointer($0)) }
    }

    /// Appends the answer that makes the connection a WebSocket: `101 Switching Protocols`.
    package func appendResponse(to output: inout [UInt8]) {
        output.append(
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ")
        output.append(contentsOf: self.acceptKey)
        if let subprotocol {
            output.append("\r\nSec-WebSocket-Protocol: ")
            output.append(contentsOf: subprotocol.utf8)
        }
        if let extensions {
            output.append("\r\nSec-WebSocket-Extensions: ")
            output.append(contentsOf: extensions)
        }
        output.append("\r\n\r\n")
    }

    /// RFC 6455 4.2.2: what proves that the server read this key.
    static func acceptKey(for key: UnsafeRawBufferPointer) -> [UInt8] {
        var text: [UInt8] = []
        text.reserveCapacity(key.count + 36)
        text.append(contentsOf: key)
        text.append("258EAFA5-E914-47DA-95CA-C5AB0DC85B11")
        let digest = text.withUnsafeBytes { SHA1.hash($0) }
        return digest.span.withUnsafeBytes { Base64.encode($0) }
    }

    /// Sixteen bytes are 22 characters and two of padding. The bits beyond them may be anything: nobody uses them.
    private static func isKey(_ key: UnsafeRawBufferPointer) -> Bool {
        guard key.count == 24, key[22] == UInt8(ascii: "="), key[23] == UInt8(ascii: "=") else { return false }
        for byte in key[..<22] {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "+"), UInt8(ascii: "/"):
                continue
            default: return false
            }
        }
        return true
    }

    /// RFC 6455 4.2.2: one of the client's, or none; its list has one token at least.
    private static func choose(
        _ wanted: [UInt8], from offered: [String]
    ) throws(WebSocketHandshakeError) -> String? {
        let names = HeaderTokens.split(wanted[...], at: UInt8(ascii: ","))
        guard !names.isEmpty, names.allSatisfy({ HeaderTokens.isToken($0) }) else { throw .listInvalid }
        for name in names {
            if let found = offered.first(where: { name.elementsEqual($0.utf8) }) { return found }
        }
        return nil
    }
}

extension HTTPRequest {
    /// Whether `Connection` and `Upgrade` name a WebSocket, whatever the method and version.
    fileprivate var asksForWebSocket: Bool {
        self.head.traits.isSuperset(of: [.connectionUpgrade, .upgradeWebSocket])
    }

    /// The values of all fields of that name as one list (RFC 9110 5.3).
    fileprivate func joinedValues(_ name: HTTPFieldName) -> [UInt8] {
        var joined: [UInt8] = []
        self.forEachValue(name) { value in
            if !joined.isEmpty { joined.append(UInt8(ascii: ",")) }
            joined.append(contentsOf: value)
        }
        return joined
    }
}

extension [UInt8] {
    /// Appends the bytes of a constant.
    mutating func append(_ text: StaticString) {
        text.withUTF8Buffer { self.append(contentsOf: $0) }
    }
}
