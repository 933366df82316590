-- Users, what they may do, and how they are known again (domain 2.1, architecture 3). Platform staff have the
-- platform's tenant_id.

-- The key makes an address one in any case, for the whole platform. A column, not an index on lower(): only operators
-- that are leakproof are let through row-level security into an index.
create table bellhop.app_user (
    tenant_id uuid not null references bellhop.tenant,
    id uuid not null,
    email text not null check (length(email) <= 254 and email like '_%@_%' and email !~ '\s'),
    email_key text collate "C" not null generated always as (lower(email)) stored,
    username text check (length(username) between 1 and 60),
    name text not null check (name = btrim(name) and length(name) between 1 and 120),
    name_key text collate "C" not null generated always as (lower(name)) stored,
    phone text check (phone ~ '^\+[1-9][0-9]{6,14}$'),
    locale text not null default 'en' check (locale ~ '^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$' and length(locale) <= 35),
    status text not null default 'invited' check (status in ('invited', 'active', 'suspended', 'deleted')),
    password_hash text,
    mfa_enabled boolean not null default false,
    last_login_at timestamptz(3),
    token_epoch int not null default 1 check (token_epoch > 0),
    avatar_url text check (length(avatar_url) <= 2000),
    job_title text check (length(job_title) <= 120),
    version bigint not null default 1 check (version > 0),
    created_at timestamptz(3) not null default date_trunc('milliseconds', clock_timestamp()),
    created_by uuid,
    updated_at timestamptz(3) not null default date_trunc('milliseconds', clock_timestamp()),
    updated_by uuid,
    deleted_at timestamptz(3),
    primary key (tenant_id, id),
    check ((status = 'deleted') = (deleted_at is not null)),
    check (status <> 'active' or password_hash is not null)
);

-- Who was deleted stays as a name in the audit; the address may be used again.
create unique index app_user_email on bellhop.app_user (email_key) where deleted_at is null;
create index app_user_by_name on bellhop.app_user (tenant_id, name_key, id);

select bellhop.protect('bellhop.app_user'), bellhop.open_to_crossing('bellhop.app_user');
grant select, insert, update on bellhop.app_user to bellhop_node;

alter table bellhop.tenant
    add foreign key (tenant_id, owner_user_id) references bellhop.app_user deferrable initially deferred;
alter table bellhop.department
    add foreign key (tenant_id, supervisor_user_id) references bellhop.app_user deferrable initially deferred;

-- The roles of domain 3. What they permit depends on scope and ownership in ways that a list of words cannot say: it is
-- in the program, under the same codes. Belongs to no tenant, and nobody changes it.
create table bellhop.built_in_role (
    code text primary key,
    scope text not null check (scope in ('platform', 'tenant')),
    name text not null,
    unique (code, scope)
);

insert into bellhop.built_in_role (code, scope, name) values
    ('super_admin', 'platform', 'Super admin'),
    ('platform_admin', 'platform', 'Platform admin'),
    ('platform_support', 'platform', 'Platform support'),
    ('tenant_owner', 'tenant', 'Owner'),
    ('property_manager', 'tenant', 'Property manager'),
    ('front_office_manager', 'tenant', 'Front office manager'),
    ('front_desk_agent', 'tenant', 'Front desk agent'),
    ('housekeeping_supervisor', 'tenant', 'Housekeeping supervisor'),
    ('room_attendant', 'tenant', 'Room attendant'),
    ('maintenance_supervisor', 'tenant', 'Maintenance supervisor'),
    ('maintenance_technician', 'tenant', 'Maintenance technician'),
    ('department_supervisor', 'tenant', 'Department supervisor'),
    ('department_staff', 'tenant', 'Department staff'),
    ('accountant', 'tenant', 'Accountant'),
    ('auditor', 'tenant', 'Auditor'),
    ('resident', 'tenant', 'Resident'),
    ('integration', 'tenant', 'Integration');

grant select on bellhop.built_in_role to bellhop_node;

-- Roles that a tenant made for itself: subsets of what its owner may do, which the node sees to.
create table bellhop.role (
    tenant_id uuid not null references bellhop.tenant check (tenant_id <> bellhop.platform()),
    id uuid not null,
    code text not null check (code = btrim(code) and length(code) between 1 and 40),
    name text not null check (name = btrim(name) and length(name) between 1 and 120),
    permissions text[] not null check (array_position(permissions, null) is null and cardinality(permissions) <= 200),
    version bigint not null default 1 check (version > 0),
    created_at timestamptz(3) not null default date_trunc('milliseconds', clock_timestamp()),
    created_by uuid,
    updated_at timestamptz(3) not null default date_trunc('milliseconds', clock_timestamp()),
    updated_by uuid,
    deleted_at timestamptz(3),
    primary key (tenant_id, id)
);

create unique index role_code on bellhop.role (tenant_id, lower(code)) where deleted_at is null;

select bellhop.protect('bellhop.role');
grant select, insert, update on bellhop.role to bellhop_node;

-- `scope` follows from whose user it is: no tenant's user can be given a role of the platform, nor the other way round.
create table bellhop.role_assignment (
    tenant_id uuid not null,
    id uuid not null,
    user_id uuid not null,
    built_in_role text,
    role_id uuid,
    property_id uuid,
    department_id uuid,
    scope text not null
        generated always as (case when tenant_id = bellhop.platform() then 'platform' else 'tenant' end) stored,
    version bigint not null default 1 check (version > 0),
    created_at timestamptz(3) not null default date_trunc('milliseconds', clock_timestamp()),
    created_by uuid,
    primary key (tenant_id, id),
    unique nulls not distinct (tenant_id, user_id, built_in_role, role_id, property_id, department_id),
    foreign key (tenant_id, user_id) references bellhop.app_user,
    foreign key (built_in_role, scope) references bellhop.built_in_role (code, scope),
    foreign key (tenant_id, role_id) references bellhop.role,
    foreign key (tenant_id, property_id) references bellhop.property,
    foreign key (tenant_id, department_id) references bellhop.department,
    check (num_nonnulls(built_in_role, role_id) = 1),
    check (department_id is null or property_id is not null)
);

-- Who has a role that is being changed.
create index role_assignment_of_role on bellhop.role_assignment (tenant_id, role_id) where role_id is not null;

select bellhop.protect('bellhop.role_assignment');
-- An assignment is not changed but taken away; the log and the audit remember it.
grant select, insert, delete on bellhop.role_assignment to bellhop_node;

comment on column bellhop.role_assignment.property_id is 'NULL: at all properties of the tenant.';

create table bellhop.device (
    tenant_id uuid not null,
    id uuid not null,
    user_id uuid not null,
    kind text not null check (kind in ('web', 'pwa')),
    name text not null default '' check (length(name) <= 120),
    push_endpoint text check (length(push_endpoint) <= 2000),
    push_keys jsonb check (jsonb_typeof(push_keys) = 'object'),
    last_seen_at timestamptz(3) not null default date_trunc('milliseconds', clock_timestamp()),
    clock_offset_ms int,
    created_at timestamptz(3) not null default date_trunc('milliseconds', clock_timestamp()),
    primary key (tenant_id, id),
    foreign key (tenant_id, user_id) references bellhop.app_user
);

create index device_of_user on bellhop.device (tenant_id, user_id);

select bellhop.protect('bellhop.device');
grant select, insert, update, delete on bellhop.device to bellhop_node;

comment on column bellhop.device.clock_offset_ms is 'What to add to its clock to get ours; NULL: not measured.';

-- How somebody is let in who has no password yet, or none any more: a link, good once. Of its token only the hash is here; a newer
-- link takes the place of the one before.
create table bellhop.user_invitation (
    tenant_id uuid not null,
    user_id uuid not null,
    kind text not null check (kind in ('invitation', 'reset')),
    token_hash bytea not null unique check (octet_length(token_hash) = 32),
    expires_at timestamptz(3) not null,
    created_at timestamptz(3) not null default date_trunc('milliseconds', clock_timestamp()),
    created_by uuid,
    primary key (tenant_id, user_id),
    foreign key (tenant_id, user_id) references bellhop.app_user
);

select bellhop.protect('bellhop.user_invitation'), bellhop.open_to_crossing('bellhop.user_invitation');
grant select, insert, update, delete on bellhop.user_invitation to bellhop_node;

-- One row is one login: the family of refresh tokens that followed from it. A token itself is nowhere. `device_id` is what
-- the client calls its device; the row of `device` appears when it registers for push.
create table bellhop.user_session (
    tenant_id uuid not null,
    id uuid not null,
    user_id uuid not null,
    device_id uuid not null,
    family_hash bytea not null unique check (octet_length(family_hash) = 32),
    current_hashes bytea[] not null
        check (cardinality(current_hashes) between 1 and 3 and array_position(current_hashes, null) is null),
    previous_hash bytea check (octet_length(previous_hash) = 32),
    rotated_at timestamptz(3) not null,
    token_epoch int not null,
    started_at timestamptz(3) not null,
    expires_at timestamptz(3) not null,
    address inet,
    revoked_at timestamptz(3),
    revoke_reason text check (length(revoke_reason) <= 60),
    primary key (tenant_id, id),
    foreign key (tenant_id, user_id) references bellhop.app_user,
    check (expires_at > started_at),
    check ((revoked_at is null) = (revoke_reason is null))
);

create index user_session_of_user on bellhop.user_session (tenant_id, user_id);
-- For the cleaning.
create index user_session_by_expiry on bellhop.user_session (expires_at);

select bellhop.protect('bellhop.user_session'), bellhop.open_to_crossing('bellhop.user_session');
grant select, insert, update on bellhop.user_session to bellhop_node;

comment on column bellhop.user_session.current_hashes is
    'The newest token; several where an exchange was repeated, until one of them is used.';
comment on column bellhop.user_session.previous_hash is
    'The token that was exchanged for the newest, good for 30 s after rotated_at from the same device (two tabs); later '
    'its use revokes the session.';
comment on column bellhop.user_session.rotated_at is 'When it was used last; started_at until then.';

revoke all on all functions in schema bellhop from public;
