internal import Shared

extension PGQuery {
    /// How far a stream has come. Before a list in one transaction: what the list shows is then at least as new.
    static func position(of stream: EventStream) -> PGQuery {
        PGQuery("SELECT epoch, seq FROM bellhop.stream_heads($1)", .uuids([stream.raw]))
    }

    /// The database's time.
    static var now: PGQuery { PGQuery("SELECT date_trunc('milliseconds', clock_timestamp())") }
}

extension StreamHead {
    /// Reads the answer to ``PGQuery/position(of:)``.
    init(position rows: PGRows) throws(StoreError) {
        guard let row = rows.first else { throw .refused(code: "XX000", message: "the tenant has no stream") }
        let (epoch, seq) = try row.read(Int64.self, Int64.self)
        self.init(epoch: Epoch(raw: epoch), seq: seq)
    }
}
