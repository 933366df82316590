/// One extension as it is named in `Sec-WebSocket-Extensions`, with its parameters (RFC 6455 9.1).
struct ExtensionOffer: Equatable {
    struct Parameter: Equatable {
        var name: ArraySlice<UInt8>
        var value: ArraySlice<UInt8>?
    }

    var name: ArraySlice<UInt8>
    var parameters: [Parameter]

    /// The extensions of a field in its order, or `nil` if it does not follow the grammar.
    static func parse(_ field: [UInt8]) -> [ExtensionOffer]? {
        var offers: [ExtensionOffer] = []
        for part in HeaderTokens.split(field[...], at: UInt8(ascii: ",")) {
            let pieces = HeaderTokens.splitKeepingEmpty(part, at: UInt8(ascii: ";"))
            guard let name = pieces.first, HeaderTokens.isToken(name) else { return nil }
            var offer = ExtensionOffer(name: name, parameters: [])
            for piece in pieces.dropFirst() {
                guard let parameter = Self.parameter(piece) else { return nil }
                offer.parameters.append(parameter)
            }
            offers.append(offer)
        }
        return offers.isEmpty ? nil : offers
    }

    private static func parameter(_ piece: ArraySlice<UInt8>) -> Parameter? {
        guard let equals = piece.firstIndex(of: UInt8(ascii: "=")) else {
            return HeaderTokens.isToken(piece) ? Parameter(name: piece, value: nil) : nil
        }
        let name = HeaderTokens.trimmed(piece[..<equals])
        var value = HeaderTokens.trimmed(piece[(equals + 1)...])
        // RFC 6455 9.1: a quoted value must be a token once the quotes are off; a token needs no escapes.
        if value.count >= 2, value.first == UInt8(ascii: "\""), value.last == UInt8(ascii: "\"") {
            value = value.dropFirst().dropLast()
        }
        guard HeaderTokens.isToken(name), HeaderTokens.isToken(value) else { return nil }
        return Parameter(name: name, value: value)
    }
}
