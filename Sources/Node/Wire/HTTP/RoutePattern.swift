internal import Shared

/// What may stand in a path segment that is a parameter.
package enum RouteParameterKind: String, Sendable, CaseIterable {
    /// A UUID in its canonical form, either case.
    case uuid
    /// 1 to 18 decimal digits.
    case int
    /// Lower case letters, digits and `-`.
    case slug
    /// Any text that is not empty.
    case string
    /// All that follows, slashes included; only as the last segment, and only when no other route fits.
    case rest

    /// Whether a segment has this form.
    func accepts(_ segment: UnsafeRawBufferPointer) -> Bool {
        switch self {
        case .uuid: UUIDText.parse(segment) != nil
        case .int: (1...18).contains(segment.count) && segment.allSatisfy { $0.decimalValue != nil }
        case .slug:
            !segment.isEmpty
                && segment.allSatisfy {
                    $0 &- UInt8(ascii: "a") < 26 || $0.decimalValue != nil || $0 == UInt8(ascii: "-")
                }
        case .string, .rest: !segment.isEmpty
        }
    }

    /// Whether some segment fits both: then a table with both at one place would be ambiguous.
    func overlaps(_ other: RouteParameterKind) -> Bool {
        switch (self, other) {
        case (.uuid, .int), (.int, .uuid): false
        case (.rest, _), (_, .rest): false  // by rule the other one wins
        default: true
        }
    }
}

/// The path of a route: `/v1/rooms/{id:uuid}/tasks`.
package struct RoutePattern: Sendable, Equatable {
    /// One part between two slashes.
    package enum Segment: Sendable, Equatable {
        case literal(String)
        case parameter(name: String, kind: RouteParameterKind)
    }

    /// Parameters that one route may have.
    package static let maximumParameters = 6

    /// The pattern as it was written.
    package let text: String
    package let segments: [Segment]

    /// The names of the parameters, in the order of the path.
    package var parameterNames: [String] {
        self.segments.compactMap { segment in
            if case .parameter(let name, _) = segment { name } else { nil }
        }
    }

    /// Reads a pattern: literal segments of unreserved characters, and parameters `{name:kind}`.
    package init(_ text: String) throws(RouteError) {
        guard text.utf8.first == UInt8(ascii: "/") else { throw .malformedPattern(text) }
        self.text = text
        var segments: [Segment] = []
        if text != "/" {
            for part in text.dropFirst().split(separator: "/", omittingEmptySubsequences: false) {
                guard let segment = Segment(part) else { throw .malformedPattern(text) }
                segments.append(segment)
            }
        }
        self.segments = segments
        let names = self.parameterNames
        let restPlaces = segments.indices.filter { index in
            if case .parameter(_, .rest) = segments[index] { true } else { false }
        }
        guard Set(names).count == names.count, names.count <= RoutePattern.maximumParameters,
            restPlaces.allSatisfy({ $0 == segments.count - 1 })
        else { throw .malformedPattern(text) }
    }
}

extension RoutePattern.Segment {
    fileprivate init?(_ text: Substring) {
        guard text.first == "{" else {
            guard !text.isEmpty, text.utf8.allSatisfy({ HTTPByteSet.unreserved.contains($0) }) else { return nil }
            self = .literal(String(text))
            return
        }
        let parts = text.dropFirst().dropLast().split(separator: ":", omittingEmptySubsequences: false)
        guard text.last == "}", parts.count == 2, let kind = RouteParameterKind(rawValue: String(parts[1])),
            !parts[0].isEmpty, parts[0].utf8.allSatisfy({ HTTPByteSet.unreserved.contains($0) })
        else { return nil }
        self = .parameter(name: String(parts[0]), kind: kind)
    }
}

/// Why a table of routes cannot be built.
package enum RouteError: Error, Equatable, Sendable {
    case malformedPattern(String)
    /// The same method and path twice.
    case duplicate(method: HTTPMethod, pattern: String)
    /// Some path would fit this pattern and an earlier one.
    case ambiguous(pattern: String)
    /// More than 32,767 nodes.
    case tooManyRoutes
}
