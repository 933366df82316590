/// One word of text for the link between processes: `MIN/MAX/SUM/GAP:COUNT,GAP:COUNT,…`, numbers in base 36, where a gap is the
/// distance from the bucket before. Empty buckets cost nothing.
extension LatencyHistogram {
    /// `-` for an empty histogram; never holds a space.
    var encoded: String {
        guard self.count > 0 else { return "-" }
        var text = [self.minimum, self.maximum, self.sum].map { String($0, radix: 36) }.joined(separator: "/") + "/"
        var previous = 0
        for (bucket, count) in self.counts.enumerated() where count > 0 {
            if text.last != "/" { text += "," }
            text += String(bucket - previous, radix: 36) + ":" + String(count, radix: 36)
            previous = bucket
        }
        return text
    }

    /// Reads ``encoded``; `nil` for anything that it does not write.
    init?(encoded: some StringProtocol) {
        if encoded == "-" {
            self.init()
            return
        }
        let parts = encoded.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 4, let minimum = UInt64(parts[0], radix: 36), let maximum = UInt64(parts[1], radix: 36),
            let sum = UInt64(parts[2], radix: 36)
        else { return nil }
        var counts: [UInt64] = []
        var bucket = 0
        for pair in parts[3].split(separator: ",", omittingEmptySubsequences: false) {
            let numbers = pair.split(separator: ":", omittingEmptySubsequences: false)
            guard numbers.count == 2, let gap = UInt32(numbers[0], radix: 36),
                let count = UInt64(numbers[1], radix: 36),
                count > 0, gap > 0 || counts.isEmpty
            else { return nil }
            bucket += Int(gap)
            guard bucket < Self.bucketLimit else { return nil }
            counts.append(contentsOf: repeatElement(0, count: bucket - counts.count))
            counts.append(count)
        }
        self.init(counts: counts, sum: sum, minimum: minimum, maximum: maximum)
    }
}
