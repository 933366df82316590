import Testing

@testable import Wire

/// Bytes that do not compress: a linear congruential generator, the same on every run.
func noise(_ count: Int) -> [UInt8] {
    var state: UInt32 = 12345
    return (0..<count).map { _ in
        state = state &* 1_664_525 &+ 1_013_904_223
        return UInt8(truncatingIfNeeded: state >> 24)
    }
}

func deflated(_ bytes: [UInt8], _ deflater: Deflater = Deflater(), keepingContext: Bool = false) -> [UInt8] {
    var output: [UInt8] = []
    bytes.withUnsafeBytes { deflater.deflate($0, keepingContext: keepingContext, to: &output) }
    return output
}

func inflated(
    _ bytes: [UInt8], _ inflater: Inflater = Inflater(), keepingContext: Bool = false,
    within bounds: Inflater.Bounds = .init(bytes: 1 << 24)
) throws(InflateError) -> [UInt8] {
    try bytes.span.withUnsafeBytes { (bytes) throws(InflateError) -> [UInt8] in
        Array(try inflater.inflate(bytes, keepingContext: keepingContext, within: bounds))
    }
}

@Suite struct InflaterTests {
    static let hello = Array("Hello".utf8)

    @Test(
        arguments: [
            // RFC 7692 7.2.3.1, 7.2.3.3, 7.2.3.4 and 7.2.3.5: one block, a stored block, a final block, two blocks.
            [0xF2, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00],
            [0x00, 0x05, 0x00, 0xFA, 0xFF, 0x48, 0x65, 0x6C, 0x6C, 0x6F, 0x00],
            [0xF3, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00, 0x00],
            [0xF2, 0x48, 0x05, 0x00, 0x00, 0x00, 0xFF, 0xFF, 0xCA, 0xC9, 0xC9, 0x07, 0x00],
            // A final block without the empty one behind it.
            [0xF3, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00],
        ] as [[UInt8]])
    func `the payloads of RFC 7692 7_2_3 inflate, one after the other`(payload: [UInt8]) throws {
        let inflater = Inflater()
        for _ in 1...3 { #expect(try inflated(payload, inflater) == Self.hello) }
        for _ in 1...3 { #expect(try inflated(payload, inflater, keepingContext: true) == Self.hello) }
    }

    @Test func `a message may refer to the one before, if that was agreed`() throws {
        // RFC 7692 7.2.3.2: the second "Hello" is a reference to the first.
        let second: [UInt8] = [0xF2, 0x00, 0x11, 0x00, 0x00]
        let inflater = Inflater()
        #expect(try inflated([0xF2, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00], inflater, keepingContext: true) == Self.hello)
        #expect(try inflated(second, inflater, keepingContext: true) == Self.hello)
        #expect(throws: InflateError.corrupt) { try inflated(second, inflater) }
    }

    @Test func `the window survives a final block`() throws {
        let inflater = Inflater()
        let final: [UInt8] = [0xF3, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00, 0x00]
        #expect(try inflated(final, inflater, keepingContext: true) == Self.hello)
        #expect(try inflated([0xF2, 0x00, 0x11, 0x00, 0x00], inflater, keepingContext: true) == Self.hello)
    }

    @Test(
        arguments: [
            [0x07], [0xFF], [0xFF, 0xFF, 0xFF, 0xFF], [0x00, 0x05, 0x00, 0x00, 0x00, 0x48], [0x05],
            [0xF2, 0x48, 0xCD, 0xC9], [0x00, 0x06, 0x00, 0xF9, 0xFF, 0x48], [0xF2, 0x00, 0x11, 0x00, 0x00],
        ] as [[UInt8]])
    func `what is no deflate data, or is cut, is corrupt`(payload: [UInt8]) throws {
        let inflater = Inflater()
        #expect(throws: InflateError.corrupt) { try inflated(payload, inflater) }
        // And the inflater is as good as new.
        #expect(try inflated(deflated(Self.hello), inflater) == Self.hello)
    }

    @Test func `an empty message is an empty block, or nothing at all`() throws {
        // RFC 7692 7.2.3.6; zlib itself makes nothing of an empty message after an empty one.
        let inflater = Inflater()
        for payload: [UInt8] in [[0x00], [], [0x02, 0x00], [], [0x01], []] {
            #expect(try inflated(payload, inflater, keepingContext: true) == [])
        }
        #expect(try inflated(deflated(Self.hello), inflater, keepingContext: true) == Self.hello)
    }

    @Test func `every cut of a message is corrupt or empty, never a trap`() {
        let payload = deflated(Array("the quick brown fox jumps over the lazy dog".utf8) + noise(40))
        let whole = try? inflated(payload)
        for cut in 0..<payload.count {
            let part = try? inflated(Array(payload[..<cut]))
            #expect(part == nil || part != whole)
        }
    }

    @Test func `a message of final blocks is counted, for each costs a window's copy`() throws {
        let empty: [UInt8] = [0x03, 0x00]
        let some = Array(repeatElement(empty, count: Inflater.finalBlocks).joined())
        #expect(try inflated(some + [0x00]) == [])
        #expect(throws: InflateError.corrupt) { try inflated(some + empty + [0x00]) }
    }

    @Test(arguments: [0, 1, 100, 4095, 4096, 4097, 65_536, 100_000])
    func `a message may be as large as the bound and no larger`(count: Int) throws {
        let inflater = Inflater()
        let zeros = [UInt8](repeating: 0, count: count)
        let payload = deflated(zeros)
        #expect(try inflated(payload, inflater, within: .init(bytes: count)) == zeros)
        let over = deflated(zeros + [0])
        #expect(throws: InflateError.tooLarge(limit: count)) {
            try inflated(over, inflater, within: .init(bytes: count))
        }
        #expect(try inflated(payload, inflater, within: .init(bytes: .max)) == zeros)
    }

    @Test func `a bomb ends at the bound, with no more memory than that`() {
        let bomb = deflated([UInt8](repeating: 0, count: 1 << 24))
        #expect(bomb.count < 20_000)
        #expect(throws: InflateError.tooLarge(limit: 50_000)) { try inflated(bomb, within: .init(bytes: 50_000)) }
        let bounds = Inflater.Bounds(bytes: 1 << 24, ratio: 100, ratioFreeBytes: 1 << 16)
        #expect(throws: InflateError.ratioTooLarge(ratio: 100)) { try inflated(bomb, within: bounds) }
    }

    @Test func `the ratio is asked beyond the free bytes only`() throws {
        let zeros = [UInt8](repeating: 0, count: 10_000)
        let payload = deflated(zeros)
        let ratio = zeros.count / payload.count
        #expect(try inflated(payload, within: .init(bytes: 10_000, ratio: ratio + 1)) == zeros)
        #expect(try inflated(payload, within: .init(bytes: 10_000, ratio: 1, ratioFreeBytes: 10_000)) == zeros)
        #expect(throws: InflateError.ratioTooLarge(ratio: ratio)) {
            try inflated(payload, within: .init(bytes: 10_000, ratio: ratio, ratioFreeBytes: 9_999))
        }
    }

    @Test func `a smaller window refuses what needs a larger one`() {
        let far = noise(20_000)
        let payload = deflated(far + far.prefix(300))
        #expect(throws: Never.self) { try inflated(payload) }
        #expect(throws: InflateError.corrupt) { try inflated(payload, Inflater(windowBits: 9)) }
    }
}

@Suite struct DeflaterTests {
    static let samples: [[UInt8]] = [
        [], [0], Array("Hello".utf8), Array(repeating: 0x61, count: 100_000), noise(4096), noise(70_000),
        (0..<3000).flatMap { Array("{\"room\":\($0 % 97),\"state\":\"clean\"}".utf8) },
    ]

    @Test(arguments: 9...15) func `every window gives back what went in`(windowBits: Int) throws {
        for level in [1, 6, 9] {
            let deflater = Deflater(.init(windowBits: windowBits, level: level, memoryLevel: windowBits - 6))
            let inflater = Inflater(windowBits: windowBits)
            for sample in Self.samples + Self.samples {
                #expect(try inflated(deflated(sample, deflater), inflater) == sample)
            }
            let keeping = Deflater(.init(windowBits: windowBits, level: level))
            for sample in Self.samples + Self.samples {
                let payload = deflated(sample, keeping, keepingContext: true)
                #expect(try inflated(payload, inflater, keepingContext: true) == sample)
            }
        }
    }

    @Test func `the message of RFC 7692 7_2_3_1 comes out, and the second as a reference`() {
        let hello = Array("Hello".utf8)
        let deflater = Deflater()
        let first: [UInt8] = [0xF2, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00]
        #expect(deflated(hello, deflater) == first && deflated(hello, deflater) == first)
        #expect(deflated(hello, deflater, keepingContext: true).count < first.count)
        #expect(deflated([], deflater) == [0x00])
        #expect(deflated([], deflater, keepingContext: true) == [0x00])
        #expect(deflated([], deflater, keepingContext: true) == [0x00])
    }

    @Test func `it appends, and takes off its own tail only`() {
        var output: [UInt8] = [0x00, 0x00, 0xFF, 0xFF]
        [UInt8]().withUnsafeBytes { Deflater().deflate($0, keepingContext: false, to: &output) }
        #expect(output == [0x00, 0x00, 0xFF, 0xFF, 0x00])
    }

    @Test(arguments: 9...15) func `a set's messages fit the connection's window`(windowBits: Int) throws {
        var set = DeflaterSet()
        let inflater = Inflater(windowBits: windowBits)
        for sample in Self.samples {
            var output: [UInt8] = []
            sample.withUnsafeBytes { set.deflate($0, windowBits: windowBits, to: &output) }
            #expect(try inflated(output, inflater) == sample)
        }
    }
}

@Suite struct GzipTests {
    @Test(arguments: [1, 6, 9]) func `a file comes back whole and the same each time`(level: Int) throws {
        for sample in DeflaterTests.samples {
            let packed = sample.withUnsafeBytes { gzip($0, level: level) }
            #expect(packed.prefix(3) == [0x1F, 0x8B, 0x08] && packed[4..<8] == [0, 0, 0, 0])
            #expect(try Self.gunzip(packed) == sample)
            #expect(sample.withUnsafeBytes { gzip($0, level: level) } == packed)
        }
    }

    /// RFC 1952 2.3: ten bytes of header, the deflate data, its check sum and its length.
    static func gunzip(_ packed: [UInt8]) throws -> [UInt8]? {
        let bytes = try inflated(Array(packed.dropFirst(10).dropLast(8)))
        let end = [self.checkSum(bytes), UInt32(bytes.count)].flatMap { word in
            withUnsafeBytes(of: word.littleEndian, Array.init)
        }
        return packed.suffix(8).elementsEqual(end) ? bytes : nil
    }

    /// RFC 1952 8: the check sum, bit by bit.
    static func checkSum(_ bytes: [UInt8]) -> UInt32 {
        ~bytes.reduce(UInt32.max) { sum, byte in
            (0..<8).reduce(sum ^ UInt32(byte)) { sum, _ in sum & 1 == 1 ? sum >> 1 ^ 0xEDB8_8320 : sum >> 1 }
        }
    }
}
