/// What this build is.
package enum BuildInfo {
    /// The version of all our programs, as in CHANGELOG.md.
    package static let version = "0.1.0"

    /// The compiler's release that built it.
    package static var compiler: String {
        #if compiler(>=6.4)
            "6.4 or newer"
        #elseif compiler(>=6.3)
            "6.3"
        #else
            "6.2"
        #endif
    }

    /// Whether speed can be judged by it.
    package static var mode: String {
        #if DEBUG
            "debug"
        #else
            "release"
        #endif
    }
}
