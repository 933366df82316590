import Testing

@testable import Wire

@Suite struct DeflateNegotiationTests {
    static func answer(_ offers: String, _ policy: PerMessageDeflate.Policy = .init()) -> String? {
        guard let parsed = ExtensionOffer.parse(Array(offers.utf8)) else { return nil }
        return PerMessageDeflate.accept(parsed, policy: policy).map { String(decoding: $0.answer, as: UTF8.self) }
    }

    static let takeover: PerMessageDeflate.Policy = {
        var policy = PerMessageDeflate.Policy()
        policy.serverKeepsContext = true
        policy.clientKeepsContext = true
        return policy
    }()

    @Test(arguments: [
        ("permessage-deflate", ""), ("permessage-deflate; client_max_window_bits", ""),
        ("permessage-deflate; client_max_window_bits=15", ""),
        ("permessage-deflate; client_max_window_bits=10", "; client_max_window_bits=10"),
        ("permessage-deflate; client_max_window_bits=8", "; client_max_window_bits=8"),
        ("permessage-deflate; server_max_window_bits=15", "; server_max_window_bits=15"),
        ("permessage-deflate; server_max_window_bits=\"9\"", "; server_max_window_bits=9"),
        ("Permessage-Deflate;Server_Max_Window_Bits = 12 ", "; server_max_window_bits=12"),
        ("permessage-deflate; server_no_context_takeover; client_no_context_takeover", ""),
        ("x-other; a=b, permessage-deflate", ""), (",, permessage-deflate ,", ""),
        ("permessage-deflate; server_max_window_bits=8, permessage-deflate", ""),
        ("permessage-deflate; unknown, permessage-deflate; server_max_window_bits=10", "; server_max_window_bits=10"),
    ])
    func `the first offer that can be fulfilled is answered`(offers: String, parameters: String) {
        let defaults = "permessage-deflate; server_no_context_takeover; client_no_context_takeover"
        #expect(Self.answer(offers) == defaults + parameters)
        let kept = offers.contains("takeover") ? defaults : "permessage-deflate"
        #expect(Self.answer(offers, Self.takeover) == kept + parameters)
    }

    @Test(arguments: [
        "permessage-deflate; server_max_window_bits", "permessage-deflate; server_max_window_bits=7",
        "permessage-deflate; server_max_window_bits=8", "permessage-deflate; server_max_window_bits=16",
        "permessage-deflate; server_max_window_bits=010", "permessage-deflate; server_max_window_bits=1",
        "permessage-deflate; server_max_window_bits=99999999999999999999",
        "permessage-deflate; client_max_window_bits=7", "permessage-deflate; client_max_window_bits=16",
        "permessage-deflate; client_max_window_bits=0x9", "permessage-deflate; server_no_context_takeover=1",
        "permessage-deflate; client_no_context_takeover=true",
        "permessage-deflate; server_no_context_takeover; server_no_context_takeover",
        "permessage-deflate; client_max_window_bits; client_max_window_bits=10",
        "permessage-deflate; server_max_window_bits=10; server_max_window_bits=10",
        "permessage-deflate; foo", "permessage-deflate; foo=bar", "x-webkit-deflate-frame", "permessage-deflat",
    ])
    func `an offer with a wrong or unknown parameter is declined`(offers: String) {
        #expect(ExtensionOffer.parse(Array(offers.utf8)) != nil)
        #expect(Self.answer(offers) == nil && Self.answer(offers, Self.takeover) == nil)
    }

    @Test(arguments: [
        "", ",", ";", "permessage-deflate;", "permessage-deflate;;a", "permessage-deflate; =1",
        "permessage-deflate; a=",
        "permessage-deflate; a=\"\"", "permessage-deflate; a=\"b", "permessage-deflate; a=b c", "a b", "a/b",
        "permessage-deflate; a=\"b,c\"", "é",
    ])
    func `what is no list of extensions is not read`(field: String) {
        #expect(ExtensionOffer.parse(Array(field.utf8)) == nil)
    }

    @Test func `the policy's windows are named where the client lets them`() {
        var policy = PerMessageDeflate.Policy()
        policy.serverWindowBits = 12
        policy.clientWindowBits = 11
        let defaults = "permessage-deflate; server_no_context_takeover; client_no_context_takeover"
        #expect(Self.answer("permessage-deflate", policy) == defaults + "; server_max_window_bits=12")
        #expect(
            Self.answer("permessage-deflate; client_max_window_bits", policy)
                == defaults + "; server_max_window_bits=12; client_max_window_bits=11")
        #expect(
            Self.answer("permessage-deflate; server_max_window_bits=10; client_max_window_bits=9", policy)
                == defaults + "; server_max_window_bits=10; client_max_window_bits=9")
    }

    @Test func `a client refuses an answer that it did not offer`() {
        var offer = PerMessageDeflate.ClientOffer()
        offer.serverKeepsContext = false
        offer.serverWindowBits = 12
        let agreed = { (answer: String) in
            ExtensionOffer.parse(Array(answer.utf8)).flatMap { PerMessageDeflate(answer: $0, to: offer) }
        }
        let right = "permessage-deflate; server_no_context_takeover; server_max_window_bits=12"
        #expect(agreed(right) == .init(server: .init(windowBits: 12), client: .init(keepsContext: true)))
        #expect(
            agreed(right + "; client_max_window_bits=9; client_no_context_takeover")
                == .init(server: .init(windowBits: 12), client: .init(windowBits: 9)))
        #expect(
            agreed("permessage-deflate; server_no_context_takeover; server_max_window_bits=8")?.server.windowBits == 8)
        for wrong in [
            "permessage-deflate", "permessage-deflate; server_no_context_takeover",
            "permessage-deflate; server_max_window_bits=12", right + "; client_max_window_bits", right + "; foo",
            "permessage-deflate; server_no_context_takeover; server_max_window_bits=13", "\(right), \(right)", "gzip",
        ] {
            #expect(agreed(wrong) == nil, "\(wrong)")
        }
    }

    @Test func `what a client offers a server can read`() {
        var offer = PerMessageDeflate.ClientOffer()
        offer.serverKeepsContext = false
        offer.clientKeepsContext = false
        offer.serverWindowBits = 10
        offer.clientWindowBits = 9
        var text: [UInt8] = []
        offer.append(to: &text)
        let parsed = ExtensionOffer.parse(text) ?? []
        let accepted = PerMessageDeflate.accept(parsed, policy: Self.takeover)
        #expect(accepted?.agreed == .init(server: .init(windowBits: 10), client: .init(windowBits: 9)))
        let answer = accepted.flatMap { ExtensionOffer.parse($0.answer) } ?? []
        #expect(PerMessageDeflate(answer: answer, to: offer) == accepted?.agreed)
    }
}
