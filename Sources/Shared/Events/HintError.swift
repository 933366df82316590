/// Why bytes are not a hint, or not a list of targets. Whoever gets one drops the bytes: the log has the truth.
package enum HintError: Error, Equatable, Sendable {
    /// Written by a node that speaks another version.
    case version(UInt8)
    /// A length leads beyond the end.
    case cut
    /// Bytes are left over.
    case trailingBytes
    /// A number, a name or a text that cannot be.
    case malformed
}
