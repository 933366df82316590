import Crypto
import PGStore
import Shared

/// `bellhop seed-demo`: writes the demo hotels into a migrated database. Doing it again writes what is missing.
struct SeedCommand: Sendable {
    static let password = Setting(
        "BELLHOP_DEMO_PASSWORD", default: nil, example: "$(openssl rand -hex 8)", isSecret: true,
        "the password of all users of the demo")

    private let address: DatabaseAddress
    private let password: Secret

    init(environment: [String: String]) throws(ConfigurationError) {
        let (address, password) = try Errand.read(environment, Self.password, isRequired: true)
        self.address = address
        self.password = Secret((password ?? "").utf8)
    }

    /// Does it.
    ///
    /// - Returns: a line that says what was done.
    func run() async -> Result<String, Errand.Failure> {
        let hash: PasswordHash
        do {
            hash = try PasswordHash(of: self.password)
        } catch {
            return .failure(Errand.Failure(description: "\(error)"))
        }
        return await Errand.run(at: self.address) { database in
            do throws(StoreError) {
                let written = try await PGDemo(database).write(password: hash)
                let names = written.joined(separator: " and ")
                return .success(written.isEmpty ? "the demo was there already\n" : "wrote \(names)\n")
            } catch {
                return .failure(Errand.Failure(error))
            }
        }
    }
}
