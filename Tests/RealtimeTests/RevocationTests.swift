import Hotel
import Shared
import Testing
import Wire

@testable import Realtime

@Suite struct RevocationTests {
    private func event(_ name: String, _ members: String, to audience: Audience? = nil) -> LoggedEvent {
        LoggedEvent(
            seq: 1, recordedAt: Timestamp(milliseconds: 0), id: EventID(raw: 1), name: name,
            targets: audience.map { [EventTarget($0, projection: 0)] } ?? [],
            projections: [Array(#"{\#(members)"meta":{"n":1"#.utf8)])
    }

    private let own = Audience(.user, subject: 0xA1)
    private let stream = EventStream.tenant(TenantID(raw: 7))

    @Test func `an event that cannot be read takes away more, not less`() {
        let user = Revocation.Scope.user(UserID(raw: 0xA1))
        for session in [#""session_id":null,"#, #""session_id":"x","#, "", #""session_id":7,"#, "}"] {
            let revocation = Revocation(self.event("auth:session_revoked", session, to: self.own), of: self.stream)
            #expect(revocation?.scope == user && revocation?.code == .unauthorised, "\(session)")
        }
        for lost in ["", #""channels_lost":7,"#, #""channels_lost":null,"#] {
            let revocation = Revocation(self.event("auth:permissions_changed", lost, to: self.own), of: self.stream)
            #expect(revocation?.scope == user && revocation?.code == .reconnect, "\(lost)")
        }
        let changed = Revocation(self.event("auth:password_changed", "", to: self.own), of: self.stream)
        #expect(changed?.scope == user && changed?.code == .unauthorised)
    }

    @Test func `a suspended tenant is known by its stream, or by its id in the platform's`() {
        let id = "00000000-0000-0000-0000-000000000008"
        let event = self.event("tenant:suspended", #""tenant_id":"\#(id)","#)
        #expect(Revocation(event, of: self.stream)?.scope == .tenant(TenantID(raw: 7)))
        #expect(Revocation(event, of: .system)?.scope == .tenant(TenantID(raw: 8)))
        #expect(Revocation(self.event("tenant:deleted", ""), of: .system) == nil)
    }

    @Test func `all other events of the catalogue take nothing away`() {
        let revoking: Set<String> = [
            "auth:session_revoked", "auth:account_suspended", "user:deleted", "auth:password_changed",
            "user:role_changed", "auth:permissions_changed", "tenant:suspended", "tenant:deleted",
        ]
        let members =
            #""user_id":"00000000-0000-0000-0000-0000000000a1","userId":"00000000-0000-0000-0000-0000000000a1","#
        for kind in EventCatalogue.all {
            let revocation = Revocation(self.event(kind.name, members, to: self.own), of: self.stream)
            #expect((revocation != nil) == revoking.contains(kind.name), "\(kind.name)")
        }
        #expect(revoking.isSubset(of: Set(EventCatalogue.all.map(\.name))))
    }
}
