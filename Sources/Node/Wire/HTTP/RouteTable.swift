import Glibc

/// The tree behind a `Router`, without its handlers: segments are found by hash, and a path has one way through it.
///
/// At each node at most one child fits a segment, which is checked when the table is built: there is no backtracking,
/// except that a `rest` parameter takes what nothing else took.
package struct RouteTable: Sendable {
    private struct Node: Sendable {
        var parameters: [(kind: RouteParameterKind, child: Int16)] = []
        var rest: Int16 = -1
        /// By raw value of `HTTPMethod`: the route's number, or -1.
        var routes = InlineArray<8, Int16>(repeating: -1)
        var allow = ""
        var isEndpoint = false
    }

    /// A literal child, in a table of open addressing.
    private struct Edge: Sendable {
        var node: Int16 = -1
        var child: Int16 = -1
        var nameStart: Int32 = 0
        var nameCount: Int32 = 0
    }

    /// Where a path ended.
    enum Outcome {
        case route(Int, Captures)
        case wrongMethod(allow: String)
        case nothing
    }

    /// The places of the parameters in the path.
    struct Captures: Sendable {
        var count: UInt8 = 0
        var starts = InlineArray<6, UInt16>(repeating: 0)
        var counts = InlineArray<6, UInt16>(repeating: 0)

        mutating func append(from start: Int, count: Int) {
            guard self.count < RoutePattern.maximumParameters else { return }
            self.starts[Int(self.count)] = UInt16(truncatingIfNeeded: start)
            self.counts[Int(self.count)] = UInt16(truncatingIfNeeded: count)
            self.count &+= 1
        }
    }

    private var nodes: [Node] = [Node()]
    private var edges: [Edge] = Array(repeating: Edge(), count: 16)
    private var edgeCount = 0
    private var names: [UInt8] = []
    /// All methods of the table, for `OPTIONS *`.
    private(set) var allow = "OPTIONS"
    /// By route.
    let parameterNames: [[String]]

    init(_ routes: [(method: HTTPMethod, pattern: RoutePattern)]) throws(RouteError) {
        self.parameterNames = routes.map { $0.pattern.parameterNames }
        for (index, route) in routes.enumerated() {
            var node = 0
            for segment in route.pattern.segments {
                switch segment {
                case .literal(let text): node = try self.literalChild(of: node, [UInt8](text.utf8), route.pattern)
                case .parameter(_, let kind): node = try self.parameterChild(of: node, kind, route.pattern)
                }
            }
            guard route.method != .other, self.nodes[node].routes[Int(route.method.rawValue)] < 0 else {
                throw .duplicate(method: route.method, pattern: route.pattern.text)
            }
            guard index <= Int(Int16.max) else { throw .tooManyRoutes }
            self.nodes[node].routes[Int(route.method.rawValue)] = Int16(index)
            self.nodes[node].allow = RouteTable.allow(self.nodes[node])
            self.nodes[node].isEndpoint = true
        }
        let used = HTTPMethod.allCases.filter { method in routes.contains { $0.method == method } }
        self.allow = RouteTable.allow(used)
    }

    /// Finds the route for a decoded path that begins with `/`.
    func find(_ method: HTTPMethod, _ path: UnsafeRawBufferPointer) -> Outcome {
        var node = 0
        var captures = Captures()
        var fallback: (node: Int, captures: Captures)?
        var start = 1
        while start < path.count || start == path.count && start > 1 {
            if self.nodes[node].rest >= 0, start < path.count {
                fallback = (Int(self.nodes[node].rest), captures)
                fallback?.captures.append(from: start, count: path.count &- start)
            }
            var end = start
            var hash = RouteTable.seed(node)
            while end < path.count, path[end] != UInt8(ascii: "/") {
                hash = RouteTable.mix(hash, path[end])
                end &+= 1
            }
            let segment = UnsafeRawBufferPointer(rebasing: path[start..<end])
            var child = self.child(of: node, segment, hash: hash)
            if child < 0 {
                child = self.parameterChild(of: node, accepting: segment)
                captures.append(from: start, count: segment.count)
            }
            guard child >= 0 else { return self.outcome(method, fallback) }
            node = child
            start = end &+ 1
        }
        guard self.nodes[node].isEndpoint else { return self.outcome(method, fallback) }
        return self.outcome(method, (node, captures))
    }

    private func outcome(_ method: HTTPMethod, _ place: (node: Int, captures: Captures)?) -> Outcome {
        guard let place else { return .nothing }
        guard method != .other else { return .wrongMethod(allow: self.nodes[place.node].allow) }
        var route = self.nodes[place.node].routes[Int(method.rawValue)]
        // RFC 9110 9.3.2: HEAD is GET without the body, which the writer leaves out.
        if route < 0, method == .head { route = self.nodes[place.node].routes[Int(HTTPMethod.get.rawValue)] }
        guard route >= 0 else { return .wrongMethod(allow: self.nodes[place.node].allow) }
        return .route(Int(route), place.captures)
    }
}

// MARK: - Building

extension RouteTable {
    private mutating func addNode() throws(RouteError) -> Int {
        guard self.nodes.count < Int(Int16.max) else { throw .tooManyRoutes }
        self.nodes.append(Node())
        return self.nodes.count - 1
    }

    private mutating func literalChild(
        of node: Int, _ name: [UInt8], _ pattern: RoutePattern
    ) throws(RouteError) -> Int {
        let hash = name.reduce(RouteTable.seed(node)) { RouteTable.mix($0, $1) }
        let known = name.withUnsafeBytes { self.child(of: node, $0, hash: hash) }
        if known >= 0 { return known }
        let isTaken = name.withUnsafeBytes { bytes in
            self.nodes[node].parameters.contains { $0.kind.accepts(bytes) }
        }
        guard !isTaken else { throw .ambiguous(pattern: pattern.text) }
        let child = try self.addNode()
        let start = Int32(self.names.count)
        self.names += name
        self.insert(
            Edge(node: Int16(node), child: Int16(child), nameStart: start, nameCount: Int32(name.count)), hash: hash)
        return child
    }

    private mutating func parameterChild(
        of node: Int, _ kind: RouteParameterKind, _ pattern: RoutePattern
    ) throws(RouteError) -> Int {
        if kind == .rest {
            if self.nodes[node].rest < 0 { self.nodes[node].rest = Int16(try self.addNode()) }
            return Int(self.nodes[node].rest)
        }
        if let known = self.nodes[node].parameters.first(where: { $0.kind == kind }) { return Int(known.child) }
        let isTaken =
            self.nodes[node].parameters.contains { $0.kind.overlaps(kind) }
            || self.literals(of: node).contains { name in name.withUnsafeBytes { kind.accepts($0) } }
        guard !isTaken else { throw .ambiguous(pattern: pattern.text) }
        let child = try self.addNode()
        self.nodes[node].parameters.append((kind, Int16(child)))
        return child
    }

    private func literals(of node: Int) -> [[UInt8]] {
        self.edges.filter { Int($0.node) == node }.map { self.name(of: $0) }
    }

    private func name(of edge: Edge) -> [UInt8] {
        Array(self.names[Int(edge.nameStart)..<Int(edge.nameStart + edge.nameCount)])
    }

    /// Keeps the table at most half full, so that a search ends soon and always.
    private mutating func insert(_ edge: Edge, hash: UInt64) {
        self.edgeCount += 1
        if self.edgeCount * 2 > self.edges.count {
            let old = self.edges.filter { $0.node >= 0 }
            self.edges = Array(repeating: Edge(), count: self.edges.count * 2)
            for edge in old {
                self.place(edge, self.name(of: edge).reduce(RouteTable.seed(Int(edge.node))) { RouteTable.mix($0, $1) })
            }
        }
        self.place(edge, hash)
    }

    private mutating func place(_ edge: Edge, _ hash: UInt64) {
        var slot = Int(truncatingIfNeeded: hash &>> 20) & (self.edges.count - 1)
        while self.edges[slot].node >= 0 { slot = (slot + 1) & (self.edges.count - 1) }
        self.edges[slot] = edge
    }

    private static func allow(_ node: Node) -> String {
        self.allow(HTTPMethod.allCases.filter { $0 != .other && node.routes[Int($0.rawValue)] >= 0 })
    }

    private static func allow(_ methods: [HTTPMethod]) -> String {
        var all = methods
        if all.contains(.get), !all.contains(.head) { all.append(.head) }
        if !all.contains(.options) { all.append(.options) }
        return all.sorted { $0.rawValue < $1.rawValue }.map { "\($0.name)" }.joined(separator: ", ")
    }
}

// MARK: - Searching

extension RouteTable {
    /// FNV-1a, begun with the parent, so that one table serves all nodes. The names are ours: nobody can aim at it.
    @inline(__always)
    private static func seed(_ node: Int) -> UInt64 {
        (0xCBF2_9CE4_8422_2325 ^ UInt64(truncatingIfNeeded: node)) &* 0x100_0000_01B3
    }

    @inline(__always)
    private static func mix(_ hash: UInt64, _ byte: UInt8) -> UInt64 {
        (hash ^ UInt64(byte)) &* 0x100_0000_01B3
    }

    @inline(__always)
    private func parameterChild(of node: Int, accepting segment: UnsafeRawBufferPointer) -> Int {
        for index in self.nodes[node].parameters.indices {
            if self.nodes[node].parameters[index].kind.accepts(segment) {
                return Int(self.nodes[node].parameters[index].child)
            }
        }
        return -1
    }

    @inline(__always)
    private func child(of node: Int, _ name: UnsafeRawBufferPointer, hash: UInt64) -> Int {
        var slot = Int(truncatingIfNeeded: hash &>> 20) & (self.edges.count &- 1)
        while true {
            let edge = self.edges[slot]
            guard edge.node >= 0 else { return -1 }
            if Int(edge.node) == node, Int(edge.nameCount) == name.count, let base = name.baseAddress {
                let isSame = self.names.withUnsafeBytes { names in
                    names.baseAddress.map { memcmp($0 + Int(edge.nameStart), base, name.count) == 0 } ?? false
                }
                if isSame { return Int(edge.child) }
            }
            slot = (slot &+ 1) & (self.edges.count &- 1)
        }
    }
}
