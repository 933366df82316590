import Crypto
import Operations
import PGStore
import Ports
import Shared

/// `bellhop create-admin`: makes the platform's first accounts, which nobody who is signed in could make.
///
/// Doing it again changes nothing and says so. It connects as the node's role, and reads no more of the environment than it
/// needs.
struct AdminCommand: Sendable {
    /// Not a node's setting: no node should have it in its environment.
    static let password = Setting(
        "BELLHOP_ADMIN_PASSWORD", default: "asked for, or the first line of standard input",
        example: "correct horse battery", isSecret: true, "the password of the administrator that is made")

    typealias Failure = Errand.Failure

    private let address: DatabaseAddress
    private let email: LoginEmail
    private let name: String
    private let password: Secret

    /// Reads the environment, and asks for the password if it is not there.
    ///
    /// - Throws: `Invocation.Misuse` for an address, a name or a password that can be none; `ConfigurationError`.
    init(
        environment: [String: String], email: String, name: String?, ask: () throws(PasswordPrompt.Failure) -> String
    ) throws {
        guard let address = LoginEmail(email) else {
            throw Self.misuse("\(SettingReader.quoted(email)) is no e-mail address")
        }
        let name = name ?? String(address.description.prefix { $0 != "@" })
        let isClean = !name.unicodeScalars.contains { $0.properties.generalCategory == .control }
        guard isClean, (1...120).contains(name.unicodeScalars.count), name.first != " ", name.last != " " else {
            throw Self.misuse("a name has 1 to 120 characters and no blanks around it")
        }
        let (database, password) = try Errand.read(environment, Self.password, isRequired: false)
        let word: String
        do throws(PasswordPrompt.Failure) {
            word = if let password { password } else { try ask() }
        } catch {
            throw Self.misuse("\(error)")
        }
        if let problem = PasswordRule.problem(of: word, email: address) {
            let length = PasswordRule.newLength
            throw Self.misuse(
                problem == .length
                    ? "a password has \(length.lowerBound) to \(length.upperBound) characters"
                    : "the password must not be the address")
        }
        self.address = database
        self.email = address
        self.name = name
        self.password = Secret(word.utf8)
    }

    private static func misuse(_ text: String) -> Invocation.Misuse {
        Invocation.Misuse(description: "bellhop create-admin: \(text)")
    }

    /// Does it.
    ///
    /// - Returns: a line that says what was done.
    func run() async -> Result<String, Failure> {
        let hash: PasswordHash
        do {
            hash = try PasswordHash(of: self.password)
        } catch {
            return .failure(Failure(description: "\(error)"))
        }
        // The running nodes find it in the log by themselves.
        return await Errand.run(at: self.address) { await self.appoint(hash, PGAccounts($0, news: { _ in })) }
    }

    private func appoint(_ hash: PasswordHash, _ accounts: PGAccounts) async -> Result<String, Failure> {
        do throws(StoreError) {
            switch try await accounts.appointAdministrator(self.email, name: self.name, password: hash) {
            case .made: return .success("\(self.email) is now a super administrator\n")
            case .there(isSuperAdmin: true):
                return .success("\(self.email) is a super administrator already; nothing was changed\n")
            case .there(isSuperAdmin: false):
                return .failure(
                    Failure(description: "\(self.email) has another role on the platform; nothing was changed"))
            case .addressTaken:
                return .failure(Failure(description: "\(self.email) belongs to a tenant's user; nothing was changed"))
            }
        } catch {
            return .failure(Failure(error))
        }
    }
}
