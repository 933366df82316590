import Glibc
import PGStore
import Shared

/// `bellhop migrate`: brings the database's schema to what this program needs, or says what there is to do.
///
/// It reads no more of the environment than it needs, so that whoever migrates need not hold a node's secrets.
struct SchemaCommand {
    let isDryRun: Bool
    private let address: DatabaseAddress

    /// Reads where the database is.
    init(environment: [String: String], isDryRun: Bool) throws(ConfigurationError) {
        let settings = [NodeSetting.databaseURL, NodeSetting.migrateURL]
        var reader = SettingReader(environment, settings: settings, prefix: NodeSetting.migrateURL.name) {
            (path) throws(SystemError) in try SecretFile(path: path)
        }
        var address: DatabaseAddress?
        for setting in settings {
            reader.read(setting, into: &address) { text throws(SettingProblem) in
                try DatabaseAddress(setting: text)
            }
        }
        let owner = NodeSetting.migrateURL.name
        if address == nil, !environment.contains(where: { $0.key.hasPrefix(owner) && !$0.value.isEmpty }) {
            reader.require(NodeSetting.databaseURL, "is required, or \(owner) is")
        }
        try reader.finish()
        guard let address else { preconditionFailure("a required setting is missing without a fault") }
        self.address = address
        self.isDryRun = isDryRun
    }

    /// Does it, or says what it would do, one line for each step.
    ///
    /// - Parameter say: gets whole lines.
    func run(_ say: (String) -> Void) throws(MigrationError) {
        let migrator = try Migrator(self.address, try Migration.embedded())
        if self.isDryRun {
            let pending = try migrator.dryRun().filter { $0.state == .pending }
            for step in pending { say("would apply \(step.file)\n") }
            say(pending.isEmpty ? "nothing to do\n" : "\(pending.count) to do; nothing was changed\n")
            return
        }
        let steps = try migrator.run { say("applied \($0.file)\n") }
        try migrator.prepareMonths()
        let applied = steps.filter { $0.state == .applied }
        say(applied.isEmpty ? "the schema was up to date\n" : "the schema is up to date\n")
    }
}
