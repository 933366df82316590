/// What a response is to a browser; it decides which protections the answer carries.
package enum HTTPContentKind: Sendable, CaseIterable {
    /// Data for programs: nothing in it may be run, framed or sniffed.
    case data
    /// A page of the web application.
    case page
    /// A part of a page: script, style, image, font.
    case asset
}

extension HTTPContentKind {
    /// The one table of security fields, as ready lines.
    var securityFields: StaticString {
        switch self {
        case .data:
            """
            X-Content-Type-Options: nosniff\r\n\
            Content-Security-Policy: default-src 'none'; frame-ancestors 'none'\r\n\
            Referrer-Policy: no-referrer\r\n
            """
        case .page:
            """
            X-Content-Type-Options: nosniff\r\n\
            X-Frame-Options: DENY\r\n\
            Content-Security-Policy: default-src 'self'; img-src 'self' data: blob:; object-src 'none'; \
            base-uri 'none'; form-action 'self'; frame-ancestors 'none'\r\n\
            Cross-Origin-Opener-Policy: same-origin\r\n\
            Cross-Origin-Resource-Policy: same-origin\r\n\
            Referrer-Policy: same-origin\r\n
            """
        case .asset:
            """
            X-Content-Type-Options: nosniff\r\n\
            Cross-Origin-Resource-Policy: same-origin\r\n\
            Referrer-Policy: same-origin\r\n
            """
        }
    }
}
