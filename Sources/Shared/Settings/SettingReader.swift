/// Reads the environment of a program once, at its start, and gathers everything that is wrong with it.
///
/// A variable that is not set, or is set to nothing, leaves the default. So does one with a fault, and ``finish()`` then
/// throws all faults together.
package struct SettingReader {
    private let environment: [String: String]
    private let settings: [Setting]
    private let prefix: String
    private let foreign: Set<String>
    private let file: (String) throws(SystemError) -> SecretFile
    private var faults: [SettingFault] = []
    private var unread: Set<String>
    /// What works but should not stay so, one line each, without secrets.
    package private(set) var warnings: [String] = []

    /// - Parameters:
    ///   - settings: all that the program knows.
    ///   - prefix: a variable that starts with it and is not known is a fault: most likely a typing error.
    ///   - foreign: names with the prefix that are for other programs.
    ///   - file: opens what `NAME_FILE` names.
    package init(
        _ environment: [String: String], settings: [Setting], prefix: String, foreign: Set<String> = [],
        file: @escaping (String) throws(SystemError) -> SecretFile
    ) {
        self.environment = environment
        self.settings = settings
        self.prefix = prefix
        self.foreign = foreign
        self.file = file
        self.unread = Set(settings.map(\.name))
    }

    /// Reads a value that `parse` understands.
    package mutating func read<Value>(
        _ setting: Setting, into value: inout Value, _ parse: (String) throws(SettingProblem) -> Value
    ) {
        guard let text = self.text(of: setting) else { return }
        do throws(SettingProblem) {
            value = try parse(text)
        } catch {
            self.fault(setting, error)
        }
    }

    /// Reads entries that are separated by commas, with or without spaces around them; no entry may be empty.
    package mutating func readList<Entry>(
        _ setting: Setting, into list: inout [Entry], _ parse: (String) throws(SettingProblem) -> Entry
    ) {
        self.read(setting, into: &list) { (text: String) throws(SettingProblem) -> [Entry] in
            var entries: [Entry] = []
            for (index, part) in text.split(separator: ",", omittingEmptySubsequences: false).enumerated() {
                do throws(SettingProblem) {
                    let entry = part.trimmingSpaces()
                    guard !entry.isEmpty else { throw SettingProblem("is empty") }
                    entries.append(try parse(entry))
                } catch {
                    throw SettingProblem("entry \(index + 1) \(error.text)")
                }
            }
            return entries
        }
    }

    /// Adds a fault if the variable is not set, because of what `reason` says.
    package mutating func require(_ setting: Setting, _ reason: String = "is required") {
        let isKnownFault = self.faults.contains { $0.name == setting.name || $0.name == setting.fileName }
        let isSet = [setting.name, setting.fileName].contains { self.environment[$0]?.isEmpty == false }
        if !isSet, !isKnownFault { self.fault(setting, SettingProblem(reason)) }
    }

    /// Adds a fault that shows only when several settings are seen together.
    package mutating func fault(_ setting: Setting, _ problem: SettingProblem) {
        self.faults.append(
            SettingFault(
                name: setting.name, problem: "\(problem.text); for example \(setting.name)=\(setting.example)"))
    }

    /// Adds a line for the operator.
    package mutating func warn(_ setting: Setting, _ text: String) {
        self.warnings.append("\(setting.name): \(text)")
    }

    /// Ends the reading: throws every fault that was found, names nobody knows included.
    package mutating func finish() throws(ConfigurationError) {
        precondition(self.unread.isEmpty, "settings that nobody reads: \(self.unread.sorted())")
        let known = self.settings.flatMap { $0.isSecret ? [$0.name, $0.fileName] : [$0.name] }
        for name in self.environment.keys.sorted() where name.hasPrefix(self.prefix) {
            if known.contains(name) || self.foreign.contains(name) { continue }
            let guess = Spelling.nearest(to: name, in: known).map { "; did you mean \($0)?" } ?? ""
            let shown = Identifier.isValid(name) ? name : Self.quoted(name)
            self.faults.append(SettingFault(name: shown, problem: "is not a setting\(guess)"))
        }
        guard self.faults.isEmpty else { throw ConfigurationError(faults: self.faults) }
    }

    /// The value of a variable, from its file where that is allowed; `nil` if it is not set or cannot be had.
    private mutating func text(of setting: Setting) -> String? {
        precondition(self.unread.remove(setting.name) != nil, "\(setting.name) is read twice or not in the table")
        let value = self.environment[setting.name].flatMap { $0.isEmpty ? nil : $0 }
        guard setting.isSecret, let path = self.environment[setting.fileName], !path.isEmpty else { return value }
        guard value == nil else {
            self.fault(setting, SettingProblem("is set together with \(setting.fileName), and only one can hold"))
            return nil
        }
        return self.content(of: path, for: setting)
    }

    private mutating func content(of path: String, for setting: Setting) -> String? {
        let file: SecretFile
        do throws(SystemError) {
            file = try self.file(path)
        } catch {
            return self.fileFault(setting, "\(Self.quoted(path)) cannot be read (\(error))")
        }
        if file.isOpenToAll {
            self.warnings.append("\(setting.fileName): every user may read \(Self.quoted(path)); use chmod 600")
        }
        // Editors and `echo` end a file with a newline, which is not part of the secret.
        var content = file.content[...]
        if content.last == UInt8(ascii: "\n") { content.removeLast() }
        if content.last == UInt8(ascii: "\r") { content.removeLast() }
        guard !content.isEmpty else { return self.fileFault(setting, "\(Self.quoted(path)) is empty") }
        guard let text = String(validating: content, as: UTF8.self) else {
            return self.fileFault(setting, "\(Self.quoted(path)) is not UTF-8 text")
        }
        return text
    }

    private mutating func fileFault(_ setting: Setting, _ problem: String) -> String? {
        self.faults.append(
            SettingFault(
                name: setting.fileName,
                problem: "\(problem); for example \(setting.fileName)=/run/secrets/\(setting.name.lowercased())"))
        return nil
    }

    /// Text of the operator's, safe to show on a terminal.
    package static func quoted(_ text: some StringProtocol) -> String {
        var bytes: [UInt8] = []
        LogText.appendQuoted(String(text.prefix(80)), to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }
}

extension Substring {
    fileprivate func trimmingSpaces() -> String {
        var text = self.drop { $0 == " " }
        while text.last == " " { text.removeLast() }
        return String(text)
    }
}
