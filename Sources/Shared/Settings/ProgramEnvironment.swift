internal import Glibc

/// What the starter of this process gave it.
package enum ProgramEnvironment {
    /// All variables. Read before other threads start: the C library does not guard them.
    package static var variables: [String: String] {
        var variables: [String: String] = [:]
        var entry = environ
        // Safety: `environ` is an array of C strings that ends with a null pointer, and nobody changes it meanwhile.
        while let line = entry.pointee {
            let text = String(cString: line)
            if let separator = text.firstIndex(of: "=") {
                variables[String(text[..<separator])] = String(text[text.index(after: separator)...])
            }
            entry += 1
        }
        return variables
    }
}
