/// What ids name. A kind of entity that gets an id gets a line here.
package enum Subject {
    package enum Tenant {}
    package enum Property {}
    package enum Department {}
    package enum User {}
    package enum Role {}
    package enum Session {}
    package enum Device {}
    package enum RoomType {}
    package enum Room {}
    package enum Stay {}
    package enum Event {}
    package enum Operation {}
    package enum Correlation {}
}

package typealias TenantID = ID<Subject.Tenant>
package typealias PropertyID = ID<Subject.Property>
package typealias DepartmentID = ID<Subject.Department>
package typealias UserID = ID<Subject.User>
package typealias RoleID = ID<Subject.Role>
package typealias SessionID = ID<Subject.Session>
package typealias DeviceID = ID<Subject.Device>
package typealias RoomTypeID = ID<Subject.RoomType>
package typealias RoomID = ID<Subject.Room>
package typealias StayID = ID<Subject.Stay>
package typealias EventID = ID<Subject.Event>
/// One attempt of one actor to change something; repeating it with the same id changes nothing more.
package typealias OperationID = ID<Subject.Operation>
/// What was caused by one command, directly or not.
package typealias CorrelationID = ID<Subject.Correlation>
