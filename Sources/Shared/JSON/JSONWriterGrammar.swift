/// What a `JSONWriter` may write next. It is asked inside `assert` only, so that a release build neither keeps nor checks
/// anything of it.
struct JSONWriterGrammar {
    enum Container { case object, array }

    private enum Expectation { case name, memberValue, element }

    private var open: [Expectation] = []
    private var hasRoot = false

    /// One whole value was written.
    var isFinished: Bool { self.hasRoot && self.open.isEmpty }

    /// Takes note of a value; false if none can stand here.
    mutating func holdsValue() -> Bool {
        switch self.open.last {
        case nil:
            if self.hasRoot { return false }
            self.hasRoot = true
        case .name: return false
        case .memberValue: self.open[self.open.count - 1] = .name
        case .element: break
        }
        return true
    }

    /// Takes note of a name; false if none can stand here.
    mutating func names() -> Bool {
        guard self.open.last == .name else { return false }
        self.open[self.open.count - 1] = .memberValue
        return true
    }

    /// Takes note of an opening bracket; false if no value can stand here.
    mutating func begins(_ container: Container) -> Bool {
        guard self.holdsValue() else { return false }
        self.open.append(container == .object ? .name : .element)
        return true
    }

    /// Takes note of a closing bracket; false if another container is open, or a name waits for its value.
    mutating func ends(_ container: Container) -> Bool {
        guard self.open.last == (container == .object ? .name : .element) else { return false }
        self.open.removeLast()
        return true
    }
}
