/// Why a token is worth nothing. A client learns only whether it is `expired`; the rest is for the log.
package enum TokenError: Error, Equatable, Sendable {
    /// Longer than any token of ours.
    case tooLong
    /// Not three parts in base 64, or not the JSON that they must hold.
    case malformed
    /// A header that says anything but HS256, JWT and a key's id.
    case unsupportedHeader
    /// Signed with a key that we do not have, or no longer.
    case unknownKey
    /// Not signed by us, or changed afterwards.
    case wrongSignature
    /// Signed with our key, but by or for somebody else.
    case foreign
    /// Signed with our key, but not what we say in a token.
    case wrongClaims
    case notYetValid
    case expired
}
