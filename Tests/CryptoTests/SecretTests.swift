import Crypto
import Testing

@Suite struct SecureRandomTests {
    @Test func `a thousand numbers across many blocks are all different`() {
        // 1,000 draws of 64 bits collide once in 10^13 runs.
        var random = SecureRandom()
        var seen: Set<UInt64> = []
        for _ in 1...1000 { seen.insert(UInt64(random.next()) << 32 | UInt64(random.next())) }
        #expect(seen.count == 1000)
    }

    @Test(arguments: [0, 1, 255, 256, 257, 1024, 5000])
    func `a buffer is filled to its end and not beyond`(count: Int) {
        var random = SecureRandom()
        var isFilled = count == 0
        var bytes = [UInt8](repeating: 0, count: count + 1)
        // A last byte stays zero by chance once in 256 tries; eight tries leave one false alarm in 10^19.
        for _ in 1...8 {
            bytes.withUnsafeMutableBytes { random.fill(UnsafeMutableRawBufferPointer(rebasing: $0.prefix(count))) }
            isFilled = isFilled || bytes[max(count - 1, 0)] != 0
            #expect(bytes[count] == 0)
        }
        #expect(isFilled)
    }

    @Test func `secrets have the length that was asked for and differ`() {
        #expect(SecureRandom.bytes(count: 32).count == 32)
        #expect(SecureRandom.bytes(count: 32) != SecureRandom.bytes(count: 32))
    }
}

@Suite struct ConstantTimeTests {
    @Test(
        arguments: [
            ([], [], true), ([1], [1], true), ([1], [2], false), ([1], [], false), ([1, 2], [1], false),
            ([0, 0, 0], [0, 0, 1], false), ([1, 0, 0], [0, 0, 0], false),
        ] as [([UInt8], [UInt8], Bool)])
    func `secrets are equal when every byte is`(left: [UInt8], right: [UInt8], expected: Bool) {
        let isEqual = left.withUnsafeBytes { left in right.withUnsafeBytes { constantTimeEqual(left, $0) } }
        #expect(isEqual == expected)
    }
}
