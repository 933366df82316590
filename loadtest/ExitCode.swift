/// How the program ends: the shell's and sysexits.h's numbers.
enum ExitCode {
    static let success: CInt = 0
    /// The run was made and was not good enough.
    static let failed: CInt = 1
    /// EX_USAGE
    static let usage: CInt = 64
    /// EX_UNAVAILABLE: the server cannot be reached or refuses.
    static let unavailable: CInt = 69
    /// EX_SOFTWARE: a worker died.
    static let software: CInt = 70
    /// EX_CANTCREAT: an output file cannot be written.
    static let cannotCreate: CInt = 73
    /// 128 + SIGINT: Ctrl-C; the report so far was printed.
    static let interrupted: CInt = 130
}
