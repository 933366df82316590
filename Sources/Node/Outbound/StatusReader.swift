/// Finds the status in what a server says first: bytes in, a number out. Whatever comes behind it is not looked at.
struct StatusReader {
    enum Finding: Equatable {
        case more
        case status(Int)
        case malformed
    }

    /// Head of an answer, those before it (1xx) included.
    private static let mostBytes = 65_536

    private var line: [UInt8] = []
    private var isInterim = false
    private var count = 0

    mutating func feed(_ bytes: some Sequence<UInt8>) -> Finding {
        for byte in bytes {
            self.count += 1
            guard self.count <= Self.mostBytes else { return .malformed }
            guard byte == UInt8(ascii: "\n") else {
                self.line.append(byte)
                // No reason for a longer one, unless it is a field of an interim answer.
                if self.line.count > 12, !self.isInterim {
                    let finding = self.judged()
                    guard finding == .more else { return finding }
                }
                continue
            }
            if self.line.last == UInt8(ascii: "\r") { self.line.removeLast() }
            let line = self.line
            self.line.removeAll(keepingCapacity: true)
            if self.isInterim {
                self.isInterim = !line.isEmpty
            } else {
                switch Self.status(of: line) {
                case nil: return .malformed
                case .some(100..<200): self.isInterim = true
                case .some(let status): return .status(status)
                }
            }
        }
        return .more
    }

    /// What the beginning of a status line says, before the line is whole; an interim one has to be.
    private func judged() -> Finding {
        guard let status = Self.status(of: self.line) else { return .malformed }
        if status < 200 { return self.line.count > 1_024 ? .malformed : .more }
        return .status(status)
    }

    /// RFC 9112 4: `HTTP/1.1 200 ` and a phrase, or nothing.
    private static func status(of line: [UInt8]) -> Int? {
        guard line.count >= 12, line.starts(with: "HTTP/1.".utf8),
            line[7] == UInt8(ascii: "0") || line[7] == UInt8(ascii: "1"),
            line[8] == UInt8(ascii: " "),
            line.count == 12 || line[12] == UInt8(ascii: " ") || line[12] == UInt8(ascii: "\r")
        else { return nil }
        var status = 0
        for byte in line[9..<12] {
            guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) else { return nil }
            status = status * 10 + Int(byte - UInt8(ascii: "0"))
        }
        return (100...599).contains(status) ? status : nil
    }
}
