import Testing

@testable import Wire

@Suite struct HTTPByteSetTests {
    private static let letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"

    @Test(arguments: [
        (HTTPByteSet.token, letters + "!#$%&'*+-.^_`|~"), (.path, letters + "-._~!$&'()*+,;=:@/"),
        (.query, letters + "!\"$%&'()*+,-./:;<=>?@[\\]^_`{|}~"), (.host, letters + "-._"),
        (.unreserved, letters + "-._~"),
    ]) func `each set holds its characters and no other byte`(set: HTTPByteSet, characters: String) {
        #expect((UInt8.min...UInt8.max).filter { set.contains($0) } == characters.utf8.sorted())
    }
}
