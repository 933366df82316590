/// Why a peer's bytes are no WebSocket traffic that we accept.
package enum WebSocketError: Error, Equatable, Sendable {
    case reservedBits(UInt8)
    case reservedOpcode(UInt8)
    case fragmentedControl
    case controlTooLong
    case continuationWithoutStart
    case messageInsideMessage
    case binaryRefused
    case maskMissing
    case maskForbidden
    case lengthNotMinimal
    case lengthOutOfRange
    case frameTooLarge(limit: Int)
    case messageTooLarge(limit: Int)
    case tooManyFragments(limit: Int)
    case inflationTooLarge(ratio: Int)
    case invalidDeflate
    case invalidText
    case closeBodyTooShort
    case invalidCloseCode(UInt16)
    case invalidCloseReason

    /// The one place where a reading failure becomes what the peer is told.
    package var closeCode: WebSocketCloseCode {
        switch self {
        case .reservedBits, .reservedOpcode, .fragmentedControl, .controlTooLong, .continuationWithoutStart,
            .messageInsideMessage, .maskMissing, .maskForbidden, .lengthNotMinimal, .lengthOutOfRange,
            .closeBodyTooShort, .invalidCloseCode:
            .protocolError
        case .binaryRefused: .unsupportedData
        case .invalidText, .invalidCloseReason, .invalidDeflate: .invalidPayload
        case .frameTooLarge, .messageTooLarge, .tooManyFragments, .inflationTooLarge: .messageTooBig
        }
    }
}
