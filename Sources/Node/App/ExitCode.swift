/// How a program says why it ended (sysexits.h), so that scripts and supervisors need not read text.
enum ExitCode: Int32, Sendable {
    /// Asked to stop, and did.
    case success = 0
    /// The command line was not understood.
    case usage = 64
    /// Something that is needed is not there, such as a free port.
    case unavailable = 69
    /// A fault of the program itself.
    case software = 70
    /// The environment was not understood, or names a database that this program is not made for: starting again without a
    /// change would not help.
    case configuration = 78
}
