import Crypto
import Shared

/// Why a server's answer does not open the WebSocket (RFC 6455 4.1).
package enum WebSocketClientHandshakeError: Error, Equatable, Sendable {
    /// The server answered with this status instead of 101.
    case refused(status: Int)
    case upgradeMissing
    case acceptKeyWrong
    /// A subprotocol that was not asked for.
    case subprotocolUnknown
    /// An extension, or a setting of one, that was not offered.
    case extensionUnknown
}

/// A client's side of the opening handshake: the request, and the check of the answer.
package struct WebSocketClientHandshake: Sendable {
    /// Finds an answer's field by its name in lower case, with the values of repeated fields joined by commas.
    package typealias Fields = (StaticString) -> [UInt8]?

    /// What a client asks for.
    package struct Request: Sendable {
        /// The path and query, as they go on the wire.
        package var target: String
        /// The host, with its port unless that is the scheme's own.
        package var host: String
        package var subprotocols: [String] = []
        /// How messages may be compressed, or `nil` for never.
        package var deflate: PerMessageDeflate.ClientOffer?
        /// Further fields, for example `Origin`; names and values as they go on the wire.
        package var fields: [(name: String, value: String)] = []

        package init(target: String, host: String) {
            self.target = target
            self.host = host
        }
    }

    /// What was agreed on.
    package struct Agreement: Equatable, Sendable {
        package var subprotocol: String?
        package var deflate: PerMessageDeflate?
    }

    private let request: Request
    private let key: [UInt8]

    /// - Parameter nonce: sixteen random bytes, new for each connection.
    package init(_ request: Request, nonce: [UInt8]) {
        precondition(nonce.count == 16, "RFC 6455 4.1: the nonce has sixteen bytes")
        self.request = request
        self.key = nonce.withUnsafeBytes { Base64.encode($0) }
    }

    /// Appends the request.
    package func appendRequest(to output: inout [UInt8]) {
        output.append("GET ")
        Self.append(self.request.target, to: &output)
        output.append(" HTTP/1.1\r\nHost: ")
        Self.append(self.request.host, to: &output)
        output.append(
            "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ")
        output.append(contentsOf: self.key)
        if !self.request.subprotocols.isEmpty {
            output.append("\r\nSec-WebSocket-Protocol: ")
            Self.append(self.request.subprotocols.joined(separator: ", "), to: &output)
        }
        if let offer = self.request.deflate {
            output.append("\r\nSec-WebSocket-Extensions: ")
            offer.append(to: &output)
        }
        for field in self.request.fields {
            output.append("\r\n")
            Self.append(field.name, to: &output)
            output.append(": ")
            Self.append(field.value, to: &output)
        }
        output.append("\r\n\r\n")
    }

    /// Checks the head of the server's answer.
    ///
    /// - Parameter fields: called during this call only.
    package func validate(
        status: Int, fields: Fields
    ) throws(WebSocketClientHandshakeError) -> Agreement {
        guard status == 101 else { throw .refused(status: status) }
        guard let upgrade = fields("upgrade"), HeaderTokens.isEqual(upgrade, ignoringCase: "websocket"),
            HeaderTokens.list(fields("connection") ?? [], contains: "upgrade")
        else { throw .upgradeMissing }
        guard fields("sec-websocket-accept") == self.key.withUnsafeBytes({ WebSocketHandshake.acceptKey(for: $0) })
        else {
            throw .acceptKeyWrong
        }
        var agreement = Agreement()
        if let chosen = fields("sec-websocket-protocol") {
            let name = self.request.subprotocols.first { $0.utf8.elementsEqual(chosen) }
            guard let name else { throw .subprotocolUnknown }
            agreement.subprotocol = name
        }
        if let chosen = fields("sec-websocket-extensions") {
            guard let offer = self.request.deflate, let answer = ExtensionOffer.parse(chosen),
                let deflate = PerMessageDeflate(answer: answer, to: offer)
            else { throw .extensionUnknown }
            agreement.deflate = deflate
        }
        return agreement
    }

    /// Line ends are left out, so that no value can begin a new field.
    private static func append(_ text: String, to output: inout [UInt8]) {
        output.append(contentsOf: text.utf8.lazy.filter { $0 != 0x0D && $0 != 0x0A && $0 != 0 })
    }
}
