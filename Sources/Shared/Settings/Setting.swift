/// One variable of the environment, as the reader, the help and the fault lines know it.
package struct Setting: Sendable {
    /// Its whole name.
    package let name: String
    /// What holds without it, as text for the help; `nil` if it is required.
    package let fallback: String?
    /// A value that would be right.
    package let example: String
    /// Whether its value must not be shown, and may be read from the file that `NAME_FILE` names.
    package let isSecret: Bool
    /// What it is for, in one line.
    package let summary: String

    /// Describes a variable.
    package init(
        _ name: String, default fallback: String?, example: String, isSecret: Bool = false, _ summary: String
    ) {
        self.name = name
        self.fallback = fallback
        self.example = example
        self.isSecret = isSecret
        self.summary = summary
    }

    /// The variable that names a file with the secret in it.
    var fileName: String { "\(self.name)_FILE" }
}

/// What is wrong with a value, as the end of a sentence that starts with its name: `is not a whole number`.
///
/// It never quotes a secret.
package struct SettingProblem: Error, Equatable, Sendable {
    let text: String

    /// A problem in words.
    package init(_ text: String) { self.text = text }
}

/// A variable that cannot be used, and why.
package struct SettingFault: Equatable, Sendable, CustomStringConvertible {
    /// The variable.
    package let name: String
    /// What is wrong and what would be right.
    package let problem: String

    /// For example `BELLHOP_PORT: "80O0" is not a whole number from 0 to 65535; for example BELLHOP_PORT=8080`.
    package var description: String { "\(self.name): \(self.problem)" }
}

/// An environment that a program cannot start with: all its faults at once.
package struct ConfigurationError: Error, Equatable, Sendable, CustomStringConvertible {
    /// In the order in which settings are read, unknown names last.
    package let faults: [SettingFault]

    /// One line per fault.
    package var description: String { self.faults.map { $0.description + "\n" }.joined() }
}
