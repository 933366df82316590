/// Why a command line cannot be carried out; the program then ends with exit code 64.
enum UsageError: Error, Equatable, Sendable, CustomStringConvertible {
    case unknownScenario(String)
    case unknownOption(String, scenario: String)
    case missingValue(Option)
    case unexpectedValue(Option)
    case repeated(Option)
    case badValue(Option, String, expected: String)
    case unexpectedArgument(String)
    case unreadableClusterFile(String, reason: String)
    case noTarget(clusterFile: String)
    case badClusterURL(String)
    case noPublisher
    case notInClusterFile(String, variable: String)
    case onlyWithURL(Option)

    var description: String {
        switch self {
        case .unknownScenario(let name):
            "there is no scenario '\(name)'; there are: \(Scenario.allCases.map(\.rawValue).joined(separator: ", "))"
        case .unknownOption(let name, let scenario):
            "'\(scenario)' has no option \(name); see loadtest \(scenario) --help"
        case .missingValue(let option): "--\(option.rawValue) needs a value: \(option.placeholder ?? "")"
        case .unexpectedValue(let option): "--\(option.rawValue) is a switch and takes no value"
        case .repeated(let option): "--\(option.rawValue) may be given once"
        case .badValue(let option, let text, let expected):
            "--\(option.rawValue) cannot be '\(text)': expected \(expected)"
        case .unexpectedArgument(let text): "unexpected argument '\(text)'"
        case .unreadableClusterFile(let path, let reason): "cannot read \(path): \(reason)"
        case .noTarget(let path):
            "no target: give --url ws://HOST:PORT/PATH, or start a cluster with deploy/run --detach (\(path) is not there)"
        case .badClusterURL(let text): "the cluster file names '\(text)', which is no http:// or ws:// URL"
        case .notInClusterFile(let path, let variable):
            "\(path) has no \(variable): is it of a cluster with the demo hotels (deploy/run without --no-demo)?"
        case .onlyWithURL(let option):
            "--\(option.rawValue) is for a server that --url names; the hotel's events are made by commands"
        case .noPublisher: "nowhere to publish: give --publish http://HOST:PORT/PATH beside --url"
        }
    }
}
