/// What a worker does on its loop, in the order of the orders. It looks at the time when a turn of the loop ends.
protocol WorkerDuty: AnyObject {
    var measurements: Measurements { get }

    /// Connects; says `settled` when every connection is open or has failed.
    func ramp(start: UInt64)

    /// Lets traffic flow in the window that stands in `measurements`.
    func run()

    /// Closes all connections in order and then calls `done`, soon in any case.
    func close(then done: @escaping () -> Void)
}

/// How a duty speaks to its worker.
struct WorkerVoice {
    let alarm: Alarm
    let report: (WorkerReport) -> Void
}
