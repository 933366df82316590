import Glibc
import Testing

@testable import Shared

@Suite(.timeLimit(.minutes(5))) struct LogWriterTests {
    private static let style = LogStyle(.text) { Timestamp(milliseconds: 0) }
    private static let head = "ts=1970-01-01T00:00:00.000Z "

    /// Both ends of a pipe; the writing end is closed once a writer has its own copy of it.
    private struct Pipe {
        let reading: CInt
        let writing: CInt

        init() throws {
            var ends: [CInt] = [0, 0]
            try systemCall("pipe") { pipe(&ends) }
            (self.reading, self.writing) = (ends[0], ends[1])
        }

        /// Makes the pipe take nothing more. Returns how many bytes that took.
        func fill() -> Int {
            _ = fcntl(self.writing, F_SETFL, O_NONBLOCK)
            let bytes = [UInt8](repeating: UInt8(ascii: "."), count: 4_096)
            var filled = 0
            while write(self.writing, bytes, bytes.count) > 0 { filled += bytes.count }
            return filled
        }

        /// Everything until the last writing end is closed.
        func readToEnd() throws -> String {
            var all: [UInt8] = []
            var chunk = [UInt8](repeating: 0, count: 65_536)
            while true {
                let count = try systemCall("read") { read(self.reading, &chunk, chunk.count) }
                if count == 0 { break }
                all += chunk[..<count]
            }
            close(self.reading)
            return String(decoding: all, as: UTF8.self)
        }
    }

    private func line(_ number: Int) -> [UInt8] {
        Array("line \(number)\n".utf8)
    }

    @Test func `what was written before the writer goes away arrives in order`() throws {
        let pipe = try Pipe()
        do {
            let writer = try LogWriter(descriptor: pipe.writing, style: Self.style)
            for number in 1...1_000 { writer.write(self.line(number), level: .info) }
            close(pipe.writing)
        }
        #expect(try pipe.readToEnd() == (1...1_000).map { "line \($0)\n" }.joined())
    }

    @Test func `a flush returns when the lines are in the pipe`() throws {
        let pipe = try Pipe()
        let writer = try LogWriter(descriptor: pipe.writing, style: Self.style)
        for number in 1...3 {
            writer.write(self.line(number), level: .info)
            #expect(writer.flush(within: .seconds(30)))
            var waiting: CInt = 0
            #expect(ioctl(pipe.reading, UInt(FIONREAD), &waiting) == 0)
            #expect(waiting == CInt(number * 7))
        }
        close(pipe.writing)
        close(pipe.reading)
    }

    @Test func `lines of several threads are whole and each thread's are in order`() throws {
        let pipe = try Pipe()
        do {
            let writer = try LogWriter(descriptor: pipe.writing, style: Self.style)
            close(pipe.writing)
            let finished = Semaphore()
            for thread in 0..<4 {
                try spawnThread(named: "bellhop-test") {
                    for number in 0..<500 { writer.write(Array("\(thread) \(number)\n".utf8), level: .info) }
                    finished.signal()
                }
            }
            for _ in 0..<4 { finished.wait() }
        }
        let lines = try pipe.readToEnd().split(separator: "\n")
        for thread in 0..<4 {
            #expect(lines.filter { $0.hasPrefix("\(thread) ") } == (0..<500).map { "\(thread) \($0)" })
        }
    }

    @Test func `when nobody reads, lines are dropped at the bound, counted and reported`() throws {
        let pipe = try Pipe()
        let filling = pipe.fill()
        let dropped: Int
        do {
            let writer = try LogWriter(descriptor: pipe.writing, style: Self.style, limitBytes: 100)
            close(pipe.writing)
            for _ in 1...20 { writer.write(self.line(1), level: .info) }  // 7 bytes each, 75 of them for details
            #expect(writer.droppedLines == 10)
            for _ in 1...20 { writer.write(self.line(2), level: .warning) }
            #expect(writer.droppedLines == 26)
            #expect(!writer.flush(within: .milliseconds(5)))
            dropped = writer.droppedLines
        }
        let text = try pipe.readToEnd().dropFirst(filling)
        let expected = Array(repeating: "line 1\n", count: 10) + Array(repeating: "line 2\n", count: 4)
        // How many lines the writer had taken before the jam is its own affair, and with it where the report stands.
        let report = Self.head + "level=warning event=log.dropped lines=\(dropped)\n"
        #expect(text.ranges(of: report).count == 1)
        #expect(text.replacing(report, with: "") == expected.joined())
    }

    @Test func `lines flow again after a jam and each loss is reported once`() throws {
        let pipe = try Pipe()
        let filling = pipe.fill()
        let writer = try LogWriter(descriptor: pipe.writing, style: Self.style, limitBytes: 20)
        for number in 1...9 { writer.write(self.line(number), level: .error) }
        var chunk = [UInt8](repeating: 0, count: filling)
        #expect(read(pipe.reading, &chunk, chunk.count) > 0)
        #expect(writer.flush(within: .seconds(30)))
        writer.write(self.line(0), level: .error)
        #expect(writer.flush(within: .seconds(30)))
        close(pipe.writing)
        let count = read(pipe.reading, &chunk, chunk.count)
        let text = String(decoding: chunk[..<max(count, 0)], as: UTF8.self)
        let report = Self.head + "level=warning event=log.dropped lines=7\n"
        // Behind the first or the second line: it depends on whether the writer woke before the second came.
        #expect(text.ranges(of: report).count == 1)
        #expect(text.drop { $0 == "." }.replacing(report, with: "") == "line 1\nline 2\nline 0\n")
        #expect(text.hasSuffix("line 0\n"))
        close(pipe.reading)
    }

    @Test func `a closed reader costs the lines and nothing else`() throws {
        let pipe = try Pipe()
        let writer = try LogWriter(descriptor: pipe.writing, style: Self.style)
        close(pipe.writing)
        close(pipe.reading)
        for number in 1...5 { writer.write(self.line(number), level: .info) }
        #expect(writer.flush(within: .seconds(30)))
        #expect(writer.droppedLines == 5)
    }

    @Test func `a descriptor that is not open is refused at the start`() {
        #expect(throws: SystemError("fcntl", errno: EBADF)) {
            try LogWriter(descriptor: 1_000_000, style: Self.style)
        }
    }

    @Test func `a line longer than the pipe arrives whole`() throws {
        let pipe = try Pipe()
        let long = [UInt8](repeating: UInt8(ascii: "x"), count: 200_000) + [UInt8(ascii: "\n")]
        do {
            let writer = try LogWriter(descriptor: pipe.writing, style: Self.style)
            close(pipe.writing)
            writer.write(long, level: .info)
        }
        #expect(try pipe.readToEnd() == String(decoding: long, as: UTF8.self))
    }
}
