extension LoggedEvent {
    /// Appends the whole payload of one projection as a JSON string, quotes included: the form in which Pusher's protocol
    /// carries JSON within JSON.
    package func appendQuotedPayload(_ projection: Int, to output: inout [UInt8]) {
        output.append(UInt8(ascii: "\""))
        self.projections[projection].withUnsafeBytes { JSONText.appendInside($0, to: &output) }
        output.append(contentsOf: #",\"seq\":"#.utf8)
        JSONText.append(self.seq.magnitude, to: &output)
        output.append(contentsOf: #",\"recorded_at\":\""#.utf8)
        self.recordedAt.append(to: &output)
        output.append(contentsOf: #"\"}}""#.utf8)
    }
}
