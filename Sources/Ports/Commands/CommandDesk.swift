package import Shared

/// Where a command is decided: one transaction of one tenant, in the words of the hotel.
///
/// Loading locks a row until the transaction ends; who loads several of one kind asks for them at once, so that they are
/// locked in the order of their ids. What is kept is written with the commit. Rows of other tenants are not there.
package protocol CommandDesk: RoomDesk, TenantDesk, UserDesk, RoleDesk {
    var origin: CommandOrigin { get }
    /// The database's time, read after the rows that were loaded last were locked: what decides "now".
    var now: Timestamp { get }
}

/// Rooms at the desk.
package protocol RoomDesk: AnyObject {
    /// A room with all that decides about it; `nil` if there is none. Deleted ones are given: what they do is refused.
    func room(_ id: RoomID) async throws(StoreError) -> RoomFile?

    /// Keeps a room that was loaded, with what is to be remembered of its axes.
    func keep(_ room: RoomRecord, history: [RoomAxisChange])
}
