/// The names in the objects that are open, to find one that comes twice.
///
/// Names are compared by fingerprints of their unescaped bytes, seeded per process so that nobody can make them collide
/// on purpose, and byte by byte where these are equal. Large objects are sorted: n names cost n log n.
struct JSONNames {
    private struct Name {
        let fingerprint: UInt64
        let slice: JSONSlice
    }

    private static let processSeed = UInt64.random(in: .min ... .max)
    /// Below this comparing all pairs is faster than sorting.
    private static let sortedFrom = 32

    private let seed = Self.processSeed
    private var names: [Name] = []

    init() {
        // Enough for most records, so that they cost one allocation.
        self.names.reserveCapacity(16)
    }

    var count: Int { self.names.count }

    /// Adds a name to the innermost object.
    @inline(__always)
    mutating func append(_ name: JSONSlice, of base: UnsafeRawPointer) {
        // Safety: the scanner has accepted this slice of the bytes at `base`, with its quotes.
        let inside = UnsafeRawBufferPointer(start: base + name.start + 1, count: name.end - name.start - 2)
        let fingerprint = name.hasEscapes ? self.unescapedFingerprint(name, of: base) : self.fingerprint(inside)
        self.names.append(Name(fingerprint: fingerprint, slice: name))
    }

    /// Forgets the innermost object, whose names begin at `first`.
    ///
    /// - Returns: the offset of the first name that repeats an earlier one.
    @inline(__always)
    mutating func close(from first: Int, of base: UnsafeRawPointer) -> Int? {
        let count = self.names.count - first
        guard count > 1 else {
            self.names.removeLast(count)
            return nil
        }
        let repeated =
            count < Self.sortedFrom
            ? self.repeatedAmongPairs(from: first, of: base) : self.repeatedWhenSorted(from: first, of: base)
        self.names.removeLast(count)
        return repeated
    }

    private func repeatedAmongPairs(from first: Int, of base: UnsafeRawPointer) -> Int? {
        self.names.withUnsafeBufferPointer { names in
            for later in first + 1..<names.count {
                for earlier in first..<later where names[earlier].fingerprint == names[later].fingerprint {
                    if Self.areEqual(names[earlier].slice, names[later].slice, of: base) {
                        return names[later].slice.start
                    }
                }
            }
            return nil
        }
    }

    private func repeatedWhenSorted(from first: Int, of base: UnsafeRawPointer) -> Int? {
        let sorted = self.names[first...].sorted {
            ($0.fingerprint, $0.slice.start) < ($1.fingerprint, $1.slice.start)
        }
        var repeated: Int?
        for (index, name) in sorted.enumerated() {
            // The nearest equal name ends the search: a million times the same name is still one step each.
            var later = index + 1
            while later < sorted.count, sorted[later].fingerprint == name.fingerprint {
                if Self.areEqual(name.slice, sorted[later].slice, of: base) {
                    repeated = min(repeated ?? .max, sorted[later].slice.start)
                    break
                }
                later += 1
            }
        }
        return repeated
    }

    private static func areEqual(_ one: JSONSlice, _ other: JSONSlice, of base: UnsafeRawPointer) -> Bool {
        JSONText.bytes(of: one, in: base) == JSONText.bytes(of: other, in: base)
    }

    private func unescapedFingerprint(_ name: JSONSlice, of base: UnsafeRawPointer) -> UInt64 {
        JSONText.bytes(of: name, in: base).withUnsafeBytes { self.fingerprint($0) }
    }

    /// A multiply-and-fold hash, eight bytes a step.
    @inline(__always)
    private func fingerprint(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
        let count = bytes.count
        guard count > 0, let base = bytes.baseAddress else { return self.seed }
        // Safety: each load lies within the first `count` bytes.
        guard count >= 8 else {
            return Self.fold(self.seed ^ Self.word(from: base, count: count), 0x9E37_79B9_7F4A_7C15 ^ UInt64(count))
        }
        var hash = self.seed
        var offset = 0
        while count - offset > 8 {
            hash = Self.fold(hash ^ (base + offset).loadUnaligned(as: UInt64.self), 0xD6E8_FEB8_6659_FD93)
            offset += 8
        }
        return Self.fold(
            hash ^ (base + count - 8).loadUnaligned(as: UInt64.self), 0x9E37_79B9_7F4A_7C15 ^ UInt64(count))
    }

    /// One to seven bytes as one number, each of them in it.
    @inline(__always)
    private static func word(from base: UnsafeRawPointer, count: Int) -> UInt64 {
        if count >= 4 {
            let low = base.loadUnaligned(as: UInt32.self)
            let high = (base + count - 4).loadUnaligned(as: UInt32.self)
            return UInt64(low) | UInt64(high) << 32
        }
        let first = base.load(as: UInt8.self)
        let middle = (base + count / 2).load(as: UInt8.self)
        let last = (base + count - 1).load(as: UInt8.self)
        return UInt64(first) | UInt64(middle) << 8 | UInt64(last) << 16
    }

    @inline(__always)
    private static func fold(_ one: UInt64, _ other: UInt64) -> UInt64 {
        let product = one.multipliedFullWidth(by: other)
        return product.high ^ product.low
    }
}
