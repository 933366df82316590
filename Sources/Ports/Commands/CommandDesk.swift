package import Shared

/// Where a command is decided: one transaction of one tenant, in the words of the hotel.
///
/// Loading locks a row until the transaction ends; who loads several of one kind asks for them at once, so that they are
/// locked in the order of their ids. What is kept is written with the commit. Rows of other tenants are not there.
package protocol CommandDesk:
    RoomDesk, RoomTypeDesk, PropertyDesk, DepartmentDesk, TenantDesk, UserDesk, RoleDesk
{
    var origin: CommandOrigin { get }
    /// The database's time, read after the rows that were loaded last were locked: what decides "now".
    var now: Timestamp { get }
}
