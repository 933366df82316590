/// What a worker does on its loop, in the order of the orders. It looks at the time when a turn of the loop ends.
protocol WorkerDuty: AnyObject {
    var measurements: Measurements { get }

    /// Says who the worker is in the hotel, if the run is about one; before all else.
    func enter(_ brief: HotelBrief)

    /// The cluster has accepted a command of this run.
    func confirmed(_ confirmation: Confirmation)

    /// Connects; says `settled` when every connection is open or has failed.
    func ramp(start: UInt64)

    /// Lets traffic flow in the window that stands in `measurements`.
    func run()

    /// The run is over: writes down what is still open.
    func settle()

    /// Closes all connections in order and then calls `done`, soon in any case.
    func close(then done: @escaping () -> Void)
}

extension WorkerDuty {
    func enter(_ brief: HotelBrief) {}
    func confirmed(_ confirmation: Confirmation) {}
    func settle() {}
}

/// How a duty speaks to its worker.
struct WorkerVoice {
    let alarm: Alarm
    let report: (WorkerReport) -> Void
}
