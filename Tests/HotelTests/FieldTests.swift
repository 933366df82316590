import Hotel
import Shared
import Testing

@Suite struct FieldTests {
    private func fault<Field: FieldText>(_ type: Field.Type, _ text: String) -> JSONFieldErrors.Code? {
        do throws(FieldFault) {
            _ = try Field(checking: text)
            return nil
        } catch {
            return error.code
        }
    }

    @Test func `names are tidied`() {
        #expect(Name("  Ana\u{0}\n P. \u{202E}")?.text == "Ana P.")
        #expect(Name("\u{85}é\u{AD}x")?.text == "é\u{AD}x")
        #expect(Name("<b>Bo</b>")?.text == "<b>Bo</b>")
        #expect(self.fault(Name.self, " a \n") == .length)
        #expect(self.fault(Name.self, String(repeating: "x", count: 121)) == .length)
        #expect(Name(String(repeating: "🏨", count: 120)) != nil)
        #expect(Label(" 2 ")?.text == "2")
        #expect(self.fault(Label.self, "\u{7}") == .length)
    }

    @Test func `codes and numbers are compared without case`() {
        #expect(Code(" Dlx ")?.text == "Dlx")
        #expect(Code("Dlx") == Code("DLX"))
        #expect(Code("Dlx")?.hashValue == Code("dLX")?.hashValue)
        #expect(self.fault(Code.self, "a\nb") == .format)
        #expect(self.fault(Code.self, "") == .length)
        #expect(self.fault(Code.self, String(repeating: "x", count: 21)) == .length)
        #expect(RoomNumber("12a") == RoomNumber("12A"))
    }

    @Test(arguments: ["1", "A-101", "0123456789", " 7 ", "PH"]) func `a room number is taken`(text: String) {
        #expect(RoomNumber(text) != nil)
    }

    @Test(arguments: ["", " ", "01234567890", "1 2", "1.2", "é1", "1\u{0}", "１", "#1"])
    func `a room number is refused`(text: String) { #expect(RoomNumber(text) == nil) }

    @Test(arguments: [
        "a@b.gr", "Ana.P+x@mail.example.com", "o'neil@x-y.io", "1@2.co", " a@b.gr ",
        String(repeating: "a", count: 64) + "@b.gr",
    ]) func `an address is taken`(text: String) { #expect(EmailAddress(text) != nil) }

    @Test(arguments: [
        "", "a", "a@", "@b.gr", "a@b", "a@b.", "a@.gr", "a@-b.gr", "a@b-.gr", "a b@c.gr", "a@b@c.gr", ".a@b.gr",
        "a.@b.gr",
        "a..b@c.gr", "a@b..gr", "a\n@b.gr", "a@b.gr\r\nBcc: c@d.gr", "<a@b.gr>", "a,b@c.gr", "\"a\"@b.gr", "ä@b.gr",
        "a@bé.gr",
        String(repeating: "a", count: 65) + "@b.gr", "a@" + String(repeating: "b.", count: 130) + "gr",
        "a@\(String(repeating: "b", count: 64)).gr",
    ]) func `an address is refused`(text: String) { #expect(EmailAddress(text) == nil) }

    @Test func `addresses are one whatever their capitals`() {
        #expect(EmailAddress("Ana@B.gr") == EmailAddress("ana@b.GR"))
        #expect(EmailAddress("Ana@B.gr")?.text == "Ana@B.gr")
    }

    @Test func `telephone numbers become E.164`() {
        #expect(PhoneNumber(" +30 (210) 123-4567 ")?.text == "+302101234567")
        #expect(PhoneNumber("+123456789012345") != nil)
        let bad = [
            "", "302101234567", "+", "+0301234567", "+1234567890123456", "+1234", "+30x1234567", "++301234567",
            "+３01234567",
            "+" + String(repeating: " ", count: 100_000) + "301234567",
        ]
        for text in bad { #expect(PhoneNumber(text) == nil, "\(text.prefix(40))") }
    }

    @Test func `time zones have the shape of the database's`() {
        for text in ["Europe/Athens", "UTC", "America/Argentina/Buenos_Aires", "Etc/GMT+5", "America/Port-au-Prince"] {
            #expect(TimeZoneName(text) != nil, "\(text)")
        }
        for text in [
            "", "EST", "+03:00", "Europe/", "/Athens", "Europe/../etc", "a/b/c/d", "Europe/Ath ens", "Europe/Αθήνα",
            "1/2", "Europe/Athens\n", String(repeating: "a", count: 65),
        ] {
            #expect(TimeZoneName(text) == nil, "\(text)")
        }
    }

    @Test func `currencies are those of ISO 4217 with their minor units`() {
        #expect(CurrencyCode("EUR")?.minorUnits == 2)
        #expect(CurrencyCode("JPY")?.minorUnits == 0)
        #expect(CurrencyCode("KWD")?.minorUnits == 3)
        #expect(self.fault(CurrencyCode.self, "eur") == .format)
        #expect(self.fault(CurrencyCode.self, "ZZZ") == .unknownCode)
        #expect(self.fault(CurrencyCode.self, "EU") == .length)
    }

    @Test func `slugs, languages and times`() throws {
        #expect(TenantSlug("aegean-bay") != nil && TenantSlug("ab") == nil && TenantSlug("Aegean") == nil)
        #expect(ChannelSlug(try #require(Code("F&B Bar"))).text == "f-b-bar")
        #expect(ChannelSlug(try #require(Code("HK"))).text == "hk")
        #expect(ChannelSlug(try #require(Code("ΚΟΥΖΙΝΑ"))).text == "-------")
        #expect(ChannelSlug("h.k") == nil && ChannelSlug("") == nil)
        #expect(LanguageTag("el") != nil && LanguageTag("zh-Hant-TW") != nil)
        #expect(LanguageTag("e") == nil && LanguageTag("en_GB") == nil && LanguageTag("en--x") == nil)
        #expect(LocalTime("03:00") != nil && LocalTime("23:59") != nil)
        #expect(self.fault(LocalTime.self, "24:00") == .range && self.fault(LocalTime.self, "00:60") == .range)
        #expect(self.fault(LocalTime.self, "3:00") == .length && self.fault(LocalTime.self, "03.00") == .format)
    }

    @Test func `what stands in while errors are gathered is itself allowed`() {
        func holds<Field: FieldText>(_ type: Field.Type) -> Bool { Field(Field.placeholder.text) == Field.placeholder }
        #expect(holds(Name.self) && holds(Label.self) && holds(Code.self) && holds(RoomNumber.self))
        #expect(
            holds(TenantSlug.self) && holds(ChannelSlug.self) && holds(EmailAddress.self) && holds(PhoneNumber.self))
        #expect(
            holds(TimeZoneName.self) && holds(CurrencyCode.self) && holds(LanguageTag.self) && holds(LocalTime.self))
    }

    private struct Form: JSONDecodable {
        let number: RoomNumber
        let email: EmailAddress

        init(fields: inout JSONFields) {
            self.number = fields.required("number", .text(RoomNumber.self))
            self.email = fields.required("email", .text(EmailAddress.self))
        }
    }

    @Test func `requests read them, and say all that is wrong`() throws {
        let form = try Form.decode(["number": "204", "email": "a@b.gr"])
        #expect(form.number.text == "204" && form.email.text == "a@b.gr")
        do {
            _ = try Form.decode(["number": "2 4", "email": 5])
            Issue.record("was taken")
        } catch {
            #expect(Refusal(error).fieldErrors.map(\.code) == [.format, .type])
        }
    }
}
