internal import Glibc

/// The addresses of a server, as the system knows them. Looking them up blocks.
struct ServerPlaces: Sequence {
    /// One of them, as the kernel takes it.
    struct Place {
        let family: CInt
        let bytes: [UInt8]
    }

    private let places: [Place]

    init(of host: String, port: UInt16) {
        var hints = addrinfo()
        hints.ai_socktype = CInt(SOCK_STREAM.rawValue)
        hints.ai_flags = AI_NUMERICSERV
        var first: UnsafeMutablePointer<addrinfo>?
        var places: [Place] = []
        guard getaddrinfo(host, "\(port)", &hints, &first) == 0 else {
            self.places = []
            return
        }
        defer { freeaddrinfo(first) }
        // More than a few would only make each one's share of the time too short.
        while let next = first, places.count < 8 {
            defer { first = next.pointee.ai_next }
            guard let address = next.pointee.ai_addr else { continue }
            // Safety: getaddrinfo gave an address of that length, which lives until freeaddrinfo.
            let bytes = UnsafeRawBufferPointer(start: address, count: Int(next.pointee.ai_addrlen))
            places.append(Place(family: next.pointee.ai_family, bytes: Array(bytes)))
        }
        self.places = places
    }

    var count: Int { self.places.count }

    func makeIterator() -> IndexingIterator<[Place]> { self.places.makeIterator() }
}
