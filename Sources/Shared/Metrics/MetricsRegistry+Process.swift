extension MetricsRegistry {
    /// Adds what Prometheus expects of every process: CPU, memory, descriptors, threads, start.
    ///
    /// A figure that cannot be read now is left out, so that one missing file does not hide the rest.
    package func collectProcess() {
        self.collect {
            var families: [MetricFamily] = []
            if let figures = try? ProcessFigures.read() { families += Self.families(of: figures) }
            if let open = try? OpenDescriptors.count() {
                families.append(.gauge("process_open_fds", help: "Number of open file descriptors.", Double(open)))
            }
            families.append(
                .gauge(
                    "process_max_fds", help: "Maximum number of open file descriptors.",
                    Double(OpenDescriptors.limit)))
            return families
        }
    }

    /// Adds the series that tells which build runs, by its labels.
    package func collectBuild(version: String) {
        self.collect {
            [
                .gauges(
                    "bellhop_build_info", help: "Always 1; the labels tell which build runs.",
                    [MetricSample(["version": version, "swift": BuildInfo.compiler, "mode": BuildInfo.mode], 1)])
            ]
        }
    }

    private static func families(of figures: ProcessFigures) -> [MetricFamily] {
        [
            .counter(
                "process_cpu_seconds_total", help: "Total user and system CPU time spent in seconds.",
                Double(figures.cpuNanoseconds) / 1e9),
            .gauge(
                "process_resident_memory_bytes", help: "Resident memory size in bytes.", Double(figures.residentBytes)),
            .gauge("process_virtual_memory_bytes", help: "Virtual memory size in bytes.", Double(figures.virtualBytes)),
            .gauge("process_threads", help: "Number of threads.", Double(figures.threads)),
            .gauge(
                "process_start_time_seconds", help: "Start time of the process since the Unix epoch in seconds.",
                Double(figures.start.milliseconds) / 1e3),
        ]
    }
}

extension MetricsRegistry {
    /// Adds how many log lines were lost.
    package func collectLog(_ writer: LogWriter) {
        self.collect {
            [
                .counter(
                    "bellhop_log_lines_dropped_total", help: "Log lines lost because nobody read them in time.",
                    Double(writer.droppedLines))
            ]
        }
    }
}
