/// Bytes that must not be seen: whatever prints, logs or inspects them shows `redacted`.
package struct Secret: Equatable, Sendable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// The bytes themselves, for whoever signs or authenticates with them.
    package let bytes: [UInt8]

    /// Hides `bytes`.
    package init(_ bytes: some Sequence<UInt8>) { self.bytes = Array(bytes) }

    /// Nothing of the secret, not even its length.
    package var description: String { "redacted" }
    /// Nothing of the secret, not even its length.
    package var debugDescription: String { "redacted" }
    /// No children.
    package var customMirror: Mirror { Mirror(self, children: EmptyCollection<Mirror.Child>()) }
}
