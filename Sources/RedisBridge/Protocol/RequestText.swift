/// Writes commands as servers read them: an array of strings, each behind its length, so that any byte may stand in them.
enum RequestText {
    static func of(_ arguments: [[UInt8]]) -> [UInt8] {
        var text: [UInt8] = []
        text.reserveCapacity(arguments.reduce(16) { $0 + $1.count + 16 })
        self.append(arguments, to: &text)
        return text
    }

    /// `PUBLISH`, the most frequent of all.
    static func publishing(_ message: [UInt8], on channel: some Collection<UInt8>) -> [UInt8] {
        var text: [UInt8] = []
        text.reserveCapacity(message.count + channel.count + 56)
        text += Self.publishHead
        self.appendHead(UInt8(ascii: "$"), channel.count, to: &text)
        text += channel
        text += self.lineEnd
        self.appendHead(UInt8(ascii: "$"), message.count, to: &text)
        text += message
        text += self.lineEnd
        return text
    }

    private static let publishHead = Array("*3\r\n$7\r\nPUBLISH\r\n".utf8)

    static func append(_ arguments: some Collection<[UInt8]>, to text: inout [UInt8]) {
        self.appendHead(UInt8(ascii: "*"), arguments.count, to: &text)
        for argument in arguments {
            self.appendHead(UInt8(ascii: "$"), argument.count, to: &text)
            text += argument
            text += self.lineEnd
        }
    }

    private static let lineEnd: [UInt8] = [0x0D, 0x0A]

    private static func appendHead(_ sign: UInt8, _ count: Int, to text: inout [UInt8]) {
        text.append(sign)
        text += String(count).utf8
        text += self.lineEnd
    }
}
