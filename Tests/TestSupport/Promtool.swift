internal import Foundation
internal import Shared

/// Prometheus's own judge of what a node shows.
package enum Promtool {
    /// What `promtool check metrics` says about `text`, and its exit status.
    package static func check(_ text: [UInt8]) async throws -> (status: Int32, said: String) {
        try await withCheckedThrowingContinuation { continuation in
            // Waiting for a process blocks, so it is done on a thread of its own.
            let isStarted = Result {
                try spawnThread(named: "promtool") { continuation.resume(with: Result { try self.run(text) }) }
            }
            if case .failure(let error) = isStarted { continuation.resume(throwing: error) }
        }
    }

    private static func run(_ text: [UInt8]) throws -> (status: Int32, said: String) {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["promtool", "check", "metrics"]
        let (input, output) = (Pipe(), Pipe())
        process.standardInput = input
        process.standardOutput = output
        process.standardError = output
        try process.run()
        try input.fileHandleForWriting.write(contentsOf: text)
        try input.fileHandleForWriting.close()
        let said = try output.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        return (process.terminationStatus, String(decoding: said, as: UTF8.self))
    }
}
