/// What `deploy/run --detach` wrote about the cluster that it started: lines `NAME=value`, made to be sourced by a shell.
struct ClusterFile: Equatable, Sendable {
    private let values: [String: String]

    /// Reads the assignments; comments, empty lines and lines of another shape are passed over, quotes around a value are
    /// taken off.
    init(_ text: String) {
        var values: [String: String] = [:]
        for line in text.split(whereSeparator: \.isNewline) {
            var line = line.drop { $0 == " " || $0 == "\t" }
            if line.hasPrefix("export ") { line = line.dropFirst(7) }
            guard !line.hasPrefix("#"), let equals = line.firstIndex(of: "="), equals > line.startIndex else {
                continue
            }
            let value = line[line.index(after: equals)...]
            values[String(line[..<equals])] = String(Self.unquoted(value))
        }
        self.values = values
    }

    private static func unquoted(_ value: Substring) -> Substring {
        guard let first = value.first, first == "'" || first == "\"", value.count >= 2, value.last == first else {
            return value
        }
        return value.dropFirst().dropLast()
    }

    /// The load balancer.
    var balancer: String? { self.values["BELLHOP_URL"] }

    /// The nodes, in the order of ``pids``.
    var nodes: [String] { self.list("BELLHOP_NODES") }

    /// The node processes; what is no number is passed over.
    var pids: [Int32] { self.list("BELLHOP_PIDS").compactMap { Int32($0) } }

    /// The key of Bellhop's own app.
    var domainKey: String? { self.values["BELLHOP_DOMAIN_KEY"] }

    /// Of all users of the demo hotels.
    var demoPassword: String? { self.values["BELLHOP_DEMO_PASSWORD"] }

    private func list(_ name: String) -> [String] {
        (self.values[name] ?? "").split(separator: ",").map(String.init)
    }
}
