/// How an event is called on each protocol (architecture 4).
package enum EventName {
    /// Entity and action in PascalCase: what Pusher clients hear where the catalogue has no other alias. It works for names
    /// that only newer nodes know, too.
    package static func pascal(_ canonical: String) -> String {
        var name = ""
        var startsWord = true
        for scalar in canonical.unicodeScalars {
            if scalar == ":" || scalar == "_" {
                startsWord = true
                continue
            }
            name += startsWord ? String(scalar).uppercased() : String(scalar)
            startsWord = false
        }
        return name
    }

    /// `entity:action` in lower snake case.
    package static func isCanonical(_ name: String) -> Bool {
        let words = name.utf8.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
        return name.utf8.count <= 80 && words.count == 2
            && words.allSatisfy { word in
                guard let first = word.first, FieldScan.isLower(first) else { return false }
                return word.allSatisfy {
                    FieldScan.isLower($0) || FieldScan.isDigit($0) || $0 == UInt8(ascii: "_")
                }
            }
    }
}
