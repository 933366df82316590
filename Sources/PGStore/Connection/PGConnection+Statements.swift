internal import CPQ
internal import Shared

extension PGConnection {
    /// Sends statements in one go and answers when all have been answered. After one that is refused, those behind it are
    /// not run. The connection is open and nothing else is on its way.
    func send(_ queries: [PGQuery], _ completion: @escaping (BatchOutcome) -> Void) {
        precondition(self.flight == nil && self.state != .closed, "one batch at a time")
        self.flight = Flight(completion: completion)
        for query in queries where !self.send(query) { return self.sendingFailed() }
        guard PQpipelineSync(self.raw) == 1 else { return self.sendingFailed() }
        self.expected.append(.sync)
        self.flush()
    }

    /// Half a batch cannot be taken back: the session ends, and with it what the half did.
    private func sendingFailed() {
        let message = self.message
        guard PQstatus(self.raw) != CONNECTION_BAD else { return self.end(.lost(message)) }
        // It was not the connection: more parameters or bytes than the protocol can say.
        self.flight?.failure = PGServerError(code: "54000", message: message)
        self.end(.closed)
    }

    private func send(_ query: PGQuery) -> Bool {
        guard self.options.isPrepared else { return self.sendUnnamed(query) }
        switch self.names.name(of: query) {
        case .unnamed: return self.sendUnnamed(query)
        case .prepared(let name): return self.sendNamed(query, name)
        case .prepare(let name):
            let types = query.values.map(\.type.oid)
            self.expected.append(.prepare(key: query.statement.key, name: name))
            guard PQsendPrepare(self.raw, name, query.statement.pointer, CInt(types.count), types) == 1 else {
                return false
            }
            return self.sendNamed(query, name)
        }
    }

    private func sendNamed(_ query: PGQuery, _ name: String) -> Bool {
        self.expected.append(.query)
        return self.withParameters(query.values) { count, values, lengths, formats in
            PQsendQueryPrepared(self.raw, name, count, values, lengths, formats, 1) == 1
        }
    }

    private func sendUnnamed(_ query: PGQuery) -> Bool {
        self.expected.append(.query)
        let types = query.values.map(\.type.oid)
        return self.withParameters(query.values) { count, values, lengths, formats in
            PQsendQueryParams(self.raw, query.statement.pointer, count, types, values, lengths, formats, 1) == 1
        }
    }

    /// Lays the parameters out as libpq wants them, for the time of one call.
    private func withParameters(
        _ values: [PGValue],
        _ body: (CInt, UnsafePointer<UnsafePointer<CChar>?>, UnsafePointer<CInt>, UnsafePointer<CInt>) -> Bool
    ) -> Bool {
        self.scratch.removeAll(keepingCapacity: self.scratch.capacity <= Self.scratchBytes)
        var lengths: [CInt] = []
        for value in values {
            guard let length = CInt(exactly: value.bytes?.count ?? 0) else { return false }
            lengths.append(length)
            self.scratch.append(contentsOf: value.bytes ?? [])
            // Text ends with it.
            self.scratch.append(0)
        }
        let formats: [CInt] = values.map { $0.isText ? 0 : 1 }
        return self.scratch.withUnsafeBytes { bytes in
            var offset = 0
            let pointers = values.indices.map { index in
                defer { offset += Int(lengths[index]) + 1 }
                guard values[index].bytes != nil else { return nil as UnsafePointer<CChar>? }
                // Safety: `offset` is inside the buffer, which libpq reads during this call only.
                return bytes.baseAddress.map { ($0 + offset).assumingMemoryBound(to: CChar.self) }
            }
            return body(CInt(values.count), pointers, lengths, formats)
        }
    }

    /// What is kept for parameters between statements.
    private static let scratchBytes = 64 << 10

    // MARK: Answers

    /// Takes every answer that is there as a whole.
    func takeResults() {
        while self.state != .closed, PQisBusy(self.raw) == 0, self.expectedStart < self.expected.count {
            guard let result = PGResult(taking: PQgetResult(self.raw)) else {
                // Behind the answer to each statement comes an end; without an answer there is nothing to be had.
                guard self.isAnswered else { return }
                self.step()
                continue
            }
            self.take(result, for: self.expected[self.expectedStart])
        }
    }

    private func step() {
        self.isAnswered = false
        self.expectedStart += 1
    }

    private func take(_ result: borrowing PGResult, for expected: Expected) {
        let status = result.status
        switch expected {
        case .sync:
            guard status == PGRES_PIPELINE_SYNC else { return self.unexpected(result) }
            self.step()
            self.expected.removeAll(keepingCapacity: true)
            self.expectedStart = 0
            self.land()
        case .prepare(let key, let name):
            self.isAnswered = true
            if status == PGRES_COMMAND_OK {
                self.names.confirm(key, name)
            } else {
                self.names.forgetUnconfirmed(key, name)
                self.takeFailure(result)
            }
        case .query:
            self.isAnswered = true
            switch status {
            case PGRES_TUPLES_OK, PGRES_COMMAND_OK, PGRES_EMPTY_QUERY: self.flight?.results.append(result.rows())
            case PGRES_COPY_IN, PGRES_COPY_OUT, PGRES_COPY_BOTH: self.end(.lost("COPY is not spoken here"))
            default: self.takeFailure(result)
            }
        }
    }

    private func takeFailure(_ result: borrowing PGResult) {
        // What follows a refused statement is skipped, and is no failure of its own.
        guard result.status != PGRES_PIPELINE_ABORTED, self.flight?.failure == nil else { return }
        let failure = PGServerError(result)
        self.flight?.failure = failure
        if failure.isStaleStatement { self.isStale = true }
    }

    private func unexpected(_ result: borrowing PGResult) {
        self.takeFailure(result)
        self.end(.lost(self.flight?.failure?.message ?? "the server answered what it was not asked"))
    }

    private func land() {
        guard let flight = self.flight else { return }
        self.flight = nil
        if let failure = flight.failure {
            // A session that says goodbye leaves its last batch undecided.
            guard !failure.isFatal else {
                self.flight = flight
                return self.end(.lost(failure.message))
            }
            flight.completion(.refused(failure, after: flight.results))
        } else {
            flight.completion(.finished(flight.results))
        }
    }
}
