/// How two ends agree on permessage-deflate (RFC 7692 5 and 7.1).
extension PerMessageDeflate {
    /// What a server allows.
    package struct Policy: Equatable, Sendable {
        /// Whether the server compresses with the messages before. Off, one compressed frame serves all sockets.
        package var serverKeepsContext = false
        /// Whether the client may. Off, no socket needs an inflater of its own.
        package var clientKeepsContext = false
        /// 9...15: the largest window of the server.
        package var serverWindowBits = 15
        /// 9...15: the largest window of the client, as far as it can be told.
        package var clientWindowBits = 15

        package init() {}
    }

    /// What a client asks for.
    package struct ClientOffer: Equatable, Sendable {
        /// Asks the server not to compress with the messages before (`server_no_context_takeover`).
        package var serverKeepsContext = true
        /// Whether this client will, if the server lets it (`client_no_context_takeover` is a hint).
        package var clientKeepsContext = true
        /// 9...15: asks the server for a smaller window where it is not 15.
        package var serverWindowBits = 15
        /// 9...15: the largest window of this client; it always says that it can be told a smaller one.
        package var clientWindowBits = 15

        package init() {}

        func append(to output: inout [UInt8]) {
            output.append("permessage-deflate")
            if !self.serverKeepsContext { output.append("; server_no_context_takeover") }
            if !self.clientKeepsContext { output.append("; client_no_context_takeover") }
            if self.serverWindowBits < 15 {
                output.append(contentsOf: "; server_max_window_bits=\(self.serverWindowBits)".utf8)
            }
            output.append("; client_max_window_bits")
            if self.clientWindowBits < 15 { output.append(contentsOf: "=\(self.clientWindowBits)".utf8) }
        }
    }

    /// The parameters of one offer or answer, each at most once and well-formed (RFC 7692 7.1).
    struct Parameters: Equatable {
        enum ClientWindow: Equatable {
            case absent, withoutValue, bits(Int)
        }

        var serverNoContext = false
        var clientNoContext = false
        var serverWindowBits: Int?
        var clientWindow = ClientWindow.absent

        /// `nil` for an unknown parameter, one that comes twice or a value that is wrong: such an offer is declined,
        /// such an answer fails the connection.
        init?(_ offer: ExtensionOffer) {
            guard HeaderTokens.isEqual(offer.name, ignoringCase: "permessage-deflate") else { return nil }
            for parameter in offer.parameters {
                guard self.take(parameter) else { return nil }
            }
        }

        private mutating func take(_ parameter: ExtensionOffer.Parameter) -> Bool {
            let name = parameter.name
            if HeaderTokens.isEqual(name, ignoringCase: "server_no_context_takeover") {
                guard !self.serverNoContext, parameter.value == nil else { return false }
                self.serverNoContext = true
            } else if HeaderTokens.isEqual(name, ignoringCase: "client_no_context_takeover") {
                guard !self.clientNoContext, parameter.value == nil else { return false }
                self.clientNoContext = true
            } else if HeaderTokens.isEqual(name, ignoringCase: "server_max_window_bits") {
                guard self.serverWindowBits == nil, let bits = Self.bits(parameter.value) else { return false }
                self.serverWindowBits = bits
            } else if HeaderTokens.isEqual(name, ignoringCase: "client_max_window_bits") {
                guard self.clientWindow == .absent else { return false }
                guard let value = parameter.value else {
                    self.clientWindow = .withoutValue
                    return true
                }
                guard let bits = Self.bits(value) else { return false }
                self.clientWindow = .bits(bits)
            } else {
                return false
            }
            return true
        }

        /// RFC 7692 7.1.2: a decimal integer of 8 to 15 without leading zeros.
        private static func bits(_ value: ArraySlice<UInt8>?) -> Int? {
            guard let value, let first = value.first else { return nil }
            switch (value.count, first, value.last ?? first) {
            case (1, UInt8(ascii: "8")...UInt8(ascii: "9"), _): return Int(first - UInt8(ascii: "0"))
            case (2, UInt8(ascii: "1"), UInt8(ascii: "0")...UInt8(ascii: "5")):
                return 10 + Int(value[value.startIndex + 1] - UInt8(ascii: "0"))
            default: return nil
            }
        }
    }

    /// A server's choice: the first offer that it can fulfil, or `nil`.
    ///
    /// - Returns: what is agreed on, and the value of the answer's `Sec-WebSocket-Extensions`.
    static func accept(
        _ offers: [ExtensionOffer], policy: Policy
    ) -> (agreed: PerMessageDeflate, answer: [UInt8])? {
        for offer in offers {
            guard let wanted = Parameters(offer), let agreed = Self(wanted, policy: policy) else { continue }
            return (agreed, agreed.answer(to: wanted))
        }
        return nil
    }

    private init?(_ wanted: Parameters, policy: Policy) {
        // zlib makes no raw deflate data for a window of 256 bytes, so that offer is declined.
        let serverBits = min(wanted.serverWindowBits ?? 15, policy.serverWindowBits)
        guard serverBits >= 9 else { return nil }
        // RFC 7692 7.1.2.2: only a client that says so can be told a smaller window.
        let clientBits =
            switch wanted.clientWindow {
            case .absent: 15
            case .withoutValue: policy.clientWindowBits
            case .bits(let bits): min(bits, policy.clientWindowBits)
            }
        self.init(
            server: Direction(
                keepsContext: policy.serverKeepsContext && !wanted.serverNoContext, windowBits: serverBits),
            client: Direction(
                keepsContext: policy.clientKeepsContext && !wanted.clientNoContext, windowBits: clientBits))
    }

    private func answer(to wanted: Parameters) -> [UInt8] {
        var answer = Array("permessage-deflate".utf8)
        if !self.server.keepsContext { answer.append("; server_no_context_takeover") }
        if !self.client.keepsContext { answer.append("; client_no_context_takeover") }
        // RFC 7692 7.1.2.1: an offer that asks for a window is accepted by naming one; it may be named unasked, too.
        if self.server.windowBits < 15 || wanted.serverWindowBits != nil {
            answer.append(contentsOf: "; server_max_window_bits=\(self.server.windowBits)".utf8)
        }
        // RFC 7692 7.1.2.2: never unasked; a window below 15 comes only from an offer that had the parameter.
        if self.client.windowBits < 15 {
            answer.append(contentsOf: "; client_max_window_bits=\(self.client.windowBits)".utf8)
        }
        return answer
    }

    /// A client's check of the answer, which must be one extension that `offer` allows; `nil` fails the connection.
    init?(answer: [ExtensionOffer], to offer: ClientOffer) {
        guard answer.count == 1, let answer = answer.first, let parameters = Parameters(answer) else { return nil }
        // RFC 7692 7.1.1.1: what was asked of the server it must do.
        guard offer.serverKeepsContext || parameters.serverNoContext else { return nil }
        let serverBits = parameters.serverWindowBits ?? 15
        guard serverBits <= offer.serverWindowBits else { return nil }
        // RFC 7692 7.1.2.2: an answer's `client_max_window_bits` must have a value, which is the client's order.
        let clientBits: Int
        switch parameters.clientWindow {
        case .absent: clientBits = offer.clientWindowBits
        case .withoutValue: return nil
        case .bits(let bits): clientBits = min(bits, offer.clientWindowBits)
        }
        self.init(
            server: Direction(keepsContext: !parameters.serverNoContext, windowBits: serverBits),
            client: Direction(
                keepsContext: offer.clientKeepsContext && !parameters.clientNoContext, windowBits: clientBits))
    }
}
