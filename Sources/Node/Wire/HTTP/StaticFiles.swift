internal import Crypto

/// One file as it was read from disk.
package struct StaticFile: Sendable {
    /// Relative to the folder, with `/` between parts and none at the start.
    package let path: String
    package let bytes: [UInt8]

    package init(path: String, bytes: [UInt8]) {
        self.path = path
        self.bytes = bytes
    }
}

/// A folder of files, held in memory with everything that can be made once: tags, compressed variants, whole answers.
///
/// Only paths that are in the table are served, so no path can leave the folder.
package struct StaticFiles: Sendable {
    private struct Entry: Sendable {
        let plain: HTTPResponse
        let plainTag: String
        let compressed: HTTPResponse?
        let compressedTag: String
        let plainUnchanged: HTTPResponse
        let compressedUnchanged: HTTPResponse
    }

    private var entries: [String: Entry] = [:]

    /// Builds the table.
    ///
    /// - Parameters:
    ///   - digest: a collision-free hash of the bytes (SHA-256); tags are made from its first 16 bytes.
    ///   - gzip: the gzip form of the bytes, asked for once per text file; `nil` when it cannot be had.
    package init(_ files: [StaticFile], digest: ([UInt8]) -> [UInt8], gzip: ([UInt8]) -> [UInt8]?) {
        for file in files {
            let entry = StaticFiles.entry(file, digest: digest, gzip: gzip)
            self.entries["/" + file.path] = entry
            if file.path == "index.html" || file.path.hasSuffix("/index.html") {
                self.entries["/" + file.path.dropLast("index.html".utf8.count)] = entry
            }
        }
    }

    /// The same with SHA-256 and zlib.
    package init(_ files: [StaticFile]) {
        self.init(
            files, digest: { bytes in bytes.withUnsafeBytes { SHA256.hash($0).span.withUnsafeBytes { Array($0) } } },
            gzip: { bytes in bytes.withUnsafeBytes { Wire.gzip($0) } })
    }

    /// The paths that are served.
    package var paths: [String] { self.entries.keys.sorted() }

    /// Whether there is something under this path.
    package func serves(_ path: String) -> Bool { self.entries[path] != nil }

    /// The answer to GET or HEAD, `nil` when there is no such file.
    package func response(to request: HTTPRequest) -> HTTPResponse? {
        guard let entry = self.entries[request.path] else { return nil }
        let wanted = request.list(.ifNoneMatch)
        if let compressed = entry.compressed, StaticFiles.acceptsGzip(request.list(.acceptEncoding)) {
            return StaticFiles.matches(wanted, entry.compressedTag) ? entry.compressedUnchanged : compressed
        }
        return StaticFiles.matches(wanted, entry.plainTag) ? entry.plainUnchanged : entry.plain
    }

    /// RFC 9110 13.1.2: weak comparison, or `*` for anything.
    private static func matches(_ wanted: [String], _ tag: String) -> Bool {
        wanted.contains { $0 == "*" || ($0.hasPrefix("W/") ? String($0.dropFirst(2)) : $0) == tag }
    }

    /// RFC 9110 12.5.3: gzip by name, or by `*` when it is not named; a weight of zero forbids.
    static func acceptsGzip(_ codings: [String]) -> Bool {
        var star = false
        for coding in codings {
            let parts = coding.lowercased().split(separator: ";").map { $0.filter { $0 != " " && $0 != "\t" } }
            let weight = parts.dropFirst().first { $0.hasPrefix("q=") }?.dropFirst(2) ?? "1"
            let isForbidden = weight.allSatisfy { $0 == "0" || $0 == "." }
            if parts.first == "gzip" || parts.first == "x-gzip" { return !isForbidden }
            if parts.first == "*" { star = !isForbidden }
        }
        return star
    }
}

// MARK: - Building

extension StaticFiles {
    private static func entry(
        _ file: StaticFile, digest: ([UInt8]) -> [UInt8], gzip: ([UInt8]) -> [UInt8]?
    ) -> Entry {
        let type = StaticContentType(path: file.path)
        let tag = digest(file.bytes).prefix(16).map { self.hexadecimal($0) }.joined()
        // A strong tag stands for the very bytes, so the compressed form needs another one.
        let plainTag = "\"\(tag)\""
        let compressedTag = "\"\(tag)-gz\""
        let caching: StaticString =
            self.hasHashedName(file.path) ? "public, max-age=31536000, immutable" : "no-cache"
        var compressed: HTTPResponse?
        // What gzip cannot shrink by a tenth is not worth the browser's work.
        if type.isText, let bytes = gzip(file.bytes), bytes.count < file.bytes.count / 10 * 9 {
            compressed = self.response(.ok, bytes, type, tag: compressedTag, caching: caching)
            compressed?.setField("Content-Encoding", "gzip")
        }
        return Entry(
            plain: self.response(.ok, file.bytes, type, tag: plainTag, caching: caching),
            plainTag: plainTag, compressed: compressed, compressedTag: compressedTag,
            plainUnchanged: self.response(.notModified, [], type, tag: plainTag, caching: caching),
            compressedUnchanged: self.response(.notModified, [], type, tag: compressedTag, caching: caching))
    }

    private static func response(
        _ status: HTTPStatus, _ body: [UInt8], _ type: StaticContentType, tag: String, caching: StaticString
    ) -> HTTPResponse {
        var response = HTTPResponse(status: status, body: body, kind: type.kind)
        if status == .ok { response.setField("Content-Type", type.field) }
        response.setField("ETag", tag)
        response.setField("Cache-Control", caching)
        if type.isText { response.setField("Vary", "Accept-Encoding") }
        return response
    }

    private static func hexadecimal(_ byte: UInt8) -> String {
        let digits = String(byte, radix: 16)
        return byte < 16 ? "0" + digits : digits
    }

    /// Whether the name carries a hash of the content, `app-3f9a0c1b.js`: then it never changes under that name.
    static func hasHashedName(_ path: String) -> Bool {
        let name = path.split(separator: "/").last ?? ""
        let parts = name.split { $0 == "." || $0 == "-" }
        return parts.dropFirst().dropLast().contains { part in
            part.utf8.count >= 8 && part.utf8.allSatisfy { $0.hexadecimalValue != nil }
                && part.utf8.contains { $0.decimalValue != nil }
        }
    }
}

/// What a file is, by the end of its name.
struct StaticContentType: Sendable {
    let field: StaticString
    let isText: Bool
    let kind: HTTPContentKind

    init(path: String) {
        let ending = path.split(separator: ".").last.map { $0.lowercased() } ?? ""
        let (field, isText): (StaticString, Bool) =
            switch ending {
            case "html": ("text/html; charset=utf-8", true)
            case "js", "mjs": ("text/javascript; charset=utf-8", true)
            case "css": ("text/css; charset=utf-8", true)
            case "json", "map": ("application/json", true)
            case "webmanifest": ("application/manifest+json", true)
            case "svg": ("image/svg+xml", true)
            case "txt", "md": ("text/plain; charset=utf-8", true)
            case "xml": ("application/xml", true)
            case "wasm": ("application/wasm", true)
            case "ico": ("image/x-icon", true)
            case "png": ("image/png", false)
            case "jpg", "jpeg": ("image/jpeg", false)
            case "gif": ("image/gif", false)
            case "webp": ("image/webp", false)
            case "avif": ("image/avif", false)
            case "woff2": ("font/woff2", false)
            case "woff": ("font/woff", false)
            case "mp3": ("audio/mpeg", false)
            case "pdf": ("application/pdf", false)
            default: ("application/octet-stream", false)
            }
        self.field = field
        self.isText = isText
        self.kind = ending == "html" ? .page : .asset
    }
}
