/// A queue: elements leave at the front in constant time on average.
struct Ring<Element> {
    private var elements: [Element?] = []
    private var head = 0

    var count: Int { self.elements.count - self.head }
    var isEmpty: Bool { self.count == 0 }
    var first: Element? { self.isEmpty ? nil : self.elements[self.head] }

    mutating func append(_ element: Element) { self.elements.append(element) }

    mutating func popFirst() -> Element? {
        guard let element = self.first else { return nil }
        // Given up at once, not when the place is: it may be large.
        self.elements[self.head] = nil
        self.head += 1
        if self.head == self.elements.count {
            self.elements.removeAll(keepingCapacity: self.head <= 1024)
            self.head = 0
        } else if self.head >= 64, self.head * 2 >= self.elements.count {
            self.elements.removeFirst(self.head)
            self.head = 0
        }
        return element
    }

    /// Lets each element, the oldest first, be changed in place.
    mutating func update(_ body: (inout Element) -> Void) {
        for index in self.head..<self.elements.count {
            guard var element = self.elements[index] else { continue }
            body(&element)
            self.elements[index] = element
        }
    }

    /// Takes everything.
    mutating func takeAll() -> [Element] {
        defer { self = Ring() }
        return self.elements[self.head...].compactMap(\.self)
    }
}
