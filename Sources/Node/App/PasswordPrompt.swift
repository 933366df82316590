import Glibc

/// Asks for a password: on a terminal twice and without showing it, else for the first line of what comes in.
struct PasswordPrompt {
    let input: CInt
    /// Where the questions go.
    let screen: CInt

    enum Failure: Error, Equatable, CustomStringConvertible {
        case nothing
        case different
        case tooLong
        case notText
        case cancelled

        var description: String {
            switch self {
            case .nothing: "no password was given"
            case .different: "the two passwords are not the same"
            case .tooLong: "the password is longer than \(PasswordPrompt.mostBytes) bytes"
            case .notText: "the password is not UTF-8 text"
            case .cancelled: "nothing was done"
            }
        }
    }

    static let mostBytes = 1024

    func ask() throws(Failure) -> String {
        guard isatty(self.input) == 1 else { return try self.line() }
        let first = try self.hidden("Password: ")
        guard try self.hidden("Once more: ") == first else { throw .different }
        return first
    }

    private func hidden(_ question: String) throws(Failure) -> String {
        var before = termios()
        guard tcgetattr(self.input, &before) == 0 else { throw .nothing }
        var silent = before
        // Without ISIG too: who presses Ctrl-C now would be left with a terminal that shows nothing.
        silent.c_lflag &= ~tcflag_t(ECHO | ISIG)
        tcsetattr(self.input, TCSAFLUSH, &silent)
        defer {
            tcsetattr(self.input, TCSANOW, &before)
            say("\n", to: self.screen)
        }
        say(question, to: self.screen)
        let line = try self.line()
        guard !line.utf8.contains(0x03) else { throw .cancelled }
        return line
    }

    /// One line, without its end.
    private func line() throws(Failure) -> String {
        var bytes: [UInt8] = []
        var byte: UInt8 = 0
        // One at a time: what comes after the line is not ours.
        while true {
            let count = read(self.input, &byte, 1)
            if count < 0, errno == EINTR { continue }
            guard count == 1, byte != UInt8(ascii: "\n") else { break }
            bytes.append(byte)
            guard bytes.count <= Self.mostBytes else { throw .tooLong }
        }
        if bytes.last == UInt8(ascii: "\r") { bytes.removeLast() }
        guard !bytes.isEmpty else { throw .nothing }
        guard let text = String(validating: bytes, as: UTF8.self) else { throw .notText }
        return text
    }
}
