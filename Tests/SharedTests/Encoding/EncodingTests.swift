import Shared
import Testing

@Suite struct Base64Tests {
    @Test(arguments: [
        ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("fooba", "Zm9vYmE="),
        ("foobar", "Zm9vYmFy"),
    ])
    func `the examples of RFC 4648 go both ways`(plain: String, text: String) {
        #expect(Array(plain.utf8).withUnsafeBytes { Base64.encode($0) } == Array(text.utf8))
        #expect(Array(text.utf8).withUnsafeBytes { Base64.decode($0) } == Array(plain.utf8))
        #expect(Base64.encodedCount(plain.utf8.count) == text.utf8.count)
    }

    @Test(arguments: [Base64.Alphabet.standard, .url])
    func `every byte value at every position survives`(alphabet: Base64.Alphabet) {
        for count in 0...6 {
            for value in UInt8.min...UInt8.max {
                let bytes = (0..<count).map { value &+ UInt8($0) &* 37 }
                let text = bytes.withUnsafeBytes { Base64.encode($0, as: alphabet) }
                #expect(text.withUnsafeBytes { Base64.decode($0, as: alphabet) } == bytes)
            }
        }
    }

    @Test(arguments: [
        "Z", "Zg", "Zg=", "Zh==", "Zm9=", "Zg==Zg==", "=", "====", "Zg=a", "Zm 9", "Zm9v\n", "Zm-_", "Z===", "Zm9vYg",
    ])
    func `anything but the one spelling is refused`(text: String) {
        #expect(Array(text.utf8).withUnsafeBytes { Base64.decode($0) } == nil)
    }

    @Test(arguments: ["Zg==", "Zm9", "Zh", "Z", "Zm+v", "Zm/v"])
    func `the alphabet for addresses has no padding and its own two characters`(text: String) {
        #expect(Array(text.utf8).withUnsafeBytes { Base64.decode($0, as: .url) } == nil)
        let bytes: [UInt8] = [0xFB, 0xFF, 0xFE]
        #expect(bytes.withUnsafeBytes { Base64.encode($0, as: .url) } == Array("-__-".utf8))
    }
}

@Suite struct HexadecimalTests {
    @Test func `every byte goes both ways and either case is read`() {
        let bytes = Array(UInt8.min...UInt8.max)
        let digits = bytes.withUnsafeBytes { Hexadecimal.encode($0) }
        #expect(digits.prefix(8) == Array("00010203".utf8)[...] && digits.suffix(4) == Array("feff".utf8)[...])
        #expect(digits.withUnsafeBytes { Hexadecimal.decode($0) } == bytes)
        let upper = Array(String(decoding: digits, as: UTF8.self).uppercased().utf8)
        #expect(upper.withUnsafeBytes { Hexadecimal.decode($0) } == bytes)
    }

    @Test(arguments: ["0", "000", "0g", "g0", "0x", " 0", "-1", "/0", "0:", "@0", "`0"])
    func `half a byte and other characters are refused`(digits: String) {
        #expect(Array(digits.utf8).withUnsafeBytes { Hexadecimal.decode($0) } == nil)
    }
}
