import Testing

@testable import LoadTest

@Suite struct LatencyHistogramTests {
    /// Repeatable numbers of all magnitudes.
    private static func samples(_ count: Int, seed: UInt64) -> [UInt64] {
        var state = seed
        return (0..<count).map { _ in
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return (state >> 22) >> (state & 31)
        }
    }

    @Test(arguments: [1, 2, 10, 999, 1000, 50_000]) func `percentiles are the exact ones to a thousandth`(count: Int) {
        let samples = Self.samples(count, seed: UInt64(count))
        var histogram = LatencyHistogram()
        for sample in samples { histogram.record(sample) }
        let sorted = samples.sorted()
        for quantile in [0, 0.001, 0.25, 0.5, 0.9, 0.99, 0.999, 0.9999, 1] {
            let rank = max(1, Int((quantile * Double(count) - 1e-6).rounded(.up)))
            let exact = sorted[rank - 1]
            let value = histogram.value(at: quantile) ?? 0
            #expect(value >= exact && value - exact <= exact / 1000, "\(quantile) of \(count)")
        }
        #expect(histogram.minimum == sorted[0])
        #expect(histogram.maximum == sorted[count - 1])
        #expect(histogram.count == UInt64(count))
    }

    @Test func `the largest of a thousand is not yet the 99.9th percentile`() {
        var histogram = LatencyHistogram()
        for value in 1...1000 { histogram.record(UInt64(value)) }
        #expect(histogram.value(at: 0.999) == 999)
        #expect(histogram.value(at: 0.9991) == 1000)
        #expect(histogram.value(at: 0.5) == 500)
        #expect(histogram.mean == 500.5)
    }

    @Test func `every bucket begins where the one before ends`() {
        for bucket in 0..<(LatencyHistogram.bucketLimit - 1) {
            let end = LatencyHistogram.upperEnd(of: bucket)
            #expect(LatencyHistogram.bucket(of: end) == bucket)
            #expect(LatencyHistogram.bucket(of: end + 1) == bucket + 1)
        }
    }

    @Test func `what is longer than the longest is counted and keeps its maximum`() {
        var histogram = LatencyHistogram()
        for value in [LatencyHistogram.longest - 1, LatencyHistogram.longest, LatencyHistogram.longest + 1, .max] {
            histogram.record(value)
        }
        #expect(histogram.count == 4)
        #expect(histogram.maximum == .max)
        #expect(histogram.counts.count == LatencyHistogram.bucketLimit)
    }

    @Test func `merging equals recording everything in one`() {
        let first = Self.samples(2000, seed: 1)
        let second = Self.samples(300, seed: 2)
        var (one, other, all) = (LatencyHistogram(), LatencyHistogram(), LatencyHistogram())
        for value in first { one.record(value) }
        for value in second { other.record(value) }
        for value in first + second { all.record(value) }
        one.merge(other)
        #expect(one == all)
        one.merge(LatencyHistogram())
        #expect(one == all)
        var none = LatencyHistogram()
        none.merge(all)
        #expect(none == all)
    }

    @Test(arguments: [0, 1, 2, 5000]) func `a histogram survives the way through text`(count: Int) {
        var histogram = LatencyHistogram()
        for value in Self.samples(count, seed: 7) { histogram.record(value) }
        let text = histogram.encoded
        #expect(!text.contains(" ") && !text.contains("\n"))
        #expect(LatencyHistogram(encoded: text) == histogram)
    }

    @Test(arguments: [
        "", "1", "1/2/3", "1/1/1/", "1/1/1/1", "1/1/1/1:0", "1/1/1/1:1,0:1", "1/1/1/1:1,", "2/2/2/1:1", "1/2/3/1:1",
        "0/0/0/zzzzzz:1", "1/1/1/1:3w5e11264sgsf,1:1", "1/1/1/-1:1", "!/1/1/1:1",
    ]) func `text that was not written by a histogram is refused`(text: String) {
        #expect(LatencyHistogram(encoded: text) == nil)
    }

    @Test func `an empty histogram has no percentiles`() {
        #expect(LatencyHistogram().value(at: 0.5) == nil)
        #expect(LatencyHistogram().mean == 0)
    }
}
