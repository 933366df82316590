/// The rows of `domain.md` 7 whose entities exist, as they are written there (without their triggers and data).
let catalogueTable = #"""
    | tenant:registered | TenantRegistered | SYS →N |
    | tenant:created | TenantCreated (`customer:created`) | SYS →N |
    | tenant:updated | TenantUpdated (`customer:updated`) | SYS →N |
    | account:updated | AccountUpdated | T →N (all its users) |
    | tenant:approved | TenantApproved | SYS, T, U(owner) →N |
    | tenant:rejected | TenantRejected | SYS |
    | tenant:suspended | TenantSuspended | SYS, T →N then sockets close |
    | tenant:reinstated | TenantReinstated | SYS, T, U(owner) →N |
    | tenant:deleted | TenantDeleted (`customer:deleted`) | SYS →N |
    | property:created / updated / archived | PropertyCreated / PropertyUpdated / PropertyArchived | T, SYS(created) |
    | department:created / updated | DepartmentUpdated | P |
    | user:created | UserCreated | platform user → SYS; tenant user → T (without email), OWN, MGR →N |
    | user:updated | UserUpdated | as above, U(self) |
    | user:deleted | UserDeleted | as above |
    | user:role_changed | UserRoleChanged | with user:updated, U(self) |
    | auth:permissions_changed | PermissionsChanged | U |
    | auth:password_changed | PasswordChanged | U →N (security) |
    | auth:account_suspended | AccountSuspended | U →N, MGR; sockets close |
    | auth:account_activated | AccountActivated | U →N, MGR |
    | auth:login_succeeded / login_failed | — | audit; U →N only for a new device or lock |
    | auth:session_revoked | SessionRevoked | U |
    | auth:token_expiring ~ | — | that socket |
    | room:status_changed | **RoomStatusChanged** | P, T(compact: number, display before/after), D:hk, FD, D:mt when availability involved, K |
    | room:ready | RoomReady | FD →N |
    | room:rush_set / rush_cleared | RoomRushSet | D:hk, FD →N(assignee) |
    | room:discrepancy_opened | RoomDiscrepancyOpened | FD, D:hk →N |
    | room:discrepancy_resolved | RoomDiscrepancyResolved | FD, D:hk |
    | room:created / updated / retired | RoomUpdated | P |
    | sync:conflict_resolved | ConflictResolved | U(author), D when staff-visible |
    | sync:op_rejected | OpRejected | U(author) |
    """#
