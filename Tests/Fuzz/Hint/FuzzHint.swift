import Shared

/// Any bytes: they are refused, or they are a hint that is written back as the same bytes; the same for targets alone.
@c(LLVMFuzzerTestOneInput)
public func fuzzOne(_ data: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    guard let data, count > 0 else { return 0 }
    // Its own allocation, so that a read past the end is noticed.
    let bytes = Array(UnsafeBufferPointer(start: data, count: count))
    checkHint(bytes)
    checkTargets(bytes)
    return 0
}

private func checkHint(_ bytes: [UInt8]) {
    bytes.withUnsafeBytes { raw in
        guard let hint = try? Hint(raw), let events = try? hint.events() else { return }
        precondition(events.count == hint.count && events.first?.seq == hint.firstSeq, "another number of events")
        precondition(events.last?.seq == hint.lastSeq, "events with a gap")
        let rest = try? hint.events(after: hint.firstSeq)
        precondition(rest == Array(events.dropFirst()), "what is skipped changes the rest")
        let again = Hint.messages(of: events, epoch: hint.epoch, usualBytes: .max)
        precondition(again.count == 1, "one hint became several")
        // Targets of unknown kinds are passed over, so that only the events can be compared.
        again[0].withUnsafeBytes { precondition((try? Hint($0).events()) == events, "reads back differently") }
    }
}

private func checkTargets(_ bytes: [UInt8]) {
    guard let targets = try? bytes.withUnsafeBytes({ try EventTargets.decode($0, projections: 4) }) else { return }
    let again = EventTargets.encoded(targets)
    precondition((try? again.withUnsafeBytes { try EventTargets.decode($0, projections: 4) }) == targets)
    if targets.count == Int(bytes[0]) << 8 | Int(bytes[1]) { precondition(again == bytes, "written differently") }
}
