-- Tenants, their properties and departments (domain 2.1).
--
-- What every row of a tenant has: (tenant_id, id) as its key, so that a guessed id reveals nothing; version, which the
-- node raises with each change; who made and changed it when; deleted_at. Codes are stored as typed and are one code in
-- any case.

create table bellhop.tenant (
    tenant_id uuid primary key,
    name text not null check (name = btrim(name) and length(name) between 2 and 120),
    name_key text collate "C" not null generated always as (lower(name)) stored,
    legal_name text check (length(legal_name) between 1 and 200),
    slug text not null unique check (slug ~ '^[a-z0-9-]{3,40}$'),
    owner_user_id uuid,
    contact_email text check (length(contact_email) <= 254 and contact_email like '_%@_%'),
    phone text check (phone ~ '^\+[1-9][0-9]{6,14}$'),
    status text not null default 'pending' check (status in ('pending', 'active', 'suspended', 'closed')),
    plan_id uuid,
    plan_name text check (length(plan_name) between 1 and 80),
    plan_monthly_price numeric(14, 3) check (plan_monthly_price >= 0),
    currency text not null default 'EUR' check (currency ~ '^[A-Z]{3}$'),
    billing_email text check (length(billing_email) <= 254 and billing_email like '_%@_%'),
    approved_at timestamptz(3),
    approved_by uuid,
    suspended_at timestamptz(3),
    suspend_reason text check (length(suspend_reason) <= 2000),
    settings jsonb not null default '{}' check (jsonb_typeof(settings) = 'object'),
    version bigint not null default 1 check (version > 0),
    created_at timestamptz(3) not null default date_trunc('milliseconds', clock_timestamp()),
    created_by uuid,
    updated_at timestamptz(3) not null default date_trunc('milliseconds', clock_timestamp()),
    updated_by uuid,
    deleted_at timestamptz(3),
    check (contact_email is not null or tenant_id = bellhop.platform())
);

-- The platform's list.
create index tenant_by_name on bellhop.tenant (name_key, tenant_id);

select bellhop.protect('bellhop.tenant'), bellhop.open_to_crossing('bellhop.tenant');
grant select, insert, update on bellhop.tenant to bellhop_node;

comment on table bellhop.tenant is
    'The organisations that use the platform, and one row, with the all-zero id, that stands for the platform itself.';

select set_config('bellhop.tenant', bellhop.platform()::text, true);
insert into bellhop.tenant (tenant_id, name, slug, status)
values (bellhop.platform(), 'Platform', 'platform', 'active');

-- From here on a tenant has a stream from its first moment. It runs with the rights of who inserts the tenant.
create function bellhop.open_stream() returns trigger
language plpgsql
set search_path = pg_catalog, bellhop, pg_temp
as $$
begin
    insert into stream_head (stream) values (new.tenant_id);
    return null;
end $$;

create trigger opens_its_stream after insert on bellhop.tenant for each row execute function bellhop.open_stream();

-- An unknown zone is refused with invalid_parameter_value, as PostgreSQL does wherever a zone is used.
create table bellhop.property (
    tenant_id uuid not null references bellhop.tenant,
    id uuid not null,
    code text not null check (code = btrim(code) and length(code) between 1 and 20),
    name text not null check (name = btrim(name) and length(name) between 1 and 120),
    timezone text not null
        check (timezone ~ '^[A-Za-z][A-Za-z0-9_+/-]*$')
        check (('2000-01-01 00:00Z'::timestamptz at time zone timezone) is not null),
    currency text not null check (currency ~ '^[A-Z]{3}$'),
    address jsonb not null default '{}' check (jsonb_typeof(address) = 'object'),
    status text not null default 'draft' check (status in ('draft', 'live', 'archived')),
    business_date date not null,
    day_roll_time time(0) not null default '03:00',
    roll_mode text not null default 'auto' check (roll_mode in ('auto', 'manual', 'pms')),
    check_in_time time(0) not null default '15:00',
    check_out_time time(0) not null default '11:00',
    requires_inspection boolean not null default true,
    allow_pickup_status boolean not null default false,
    turndown_enabled boolean not null default false,
    dirty_on_roll boolean not null default true,
    auto_no_show boolean not null default false,
    dnd_welfare_hours int not null default 24 check (dnd_welfare_hours > 0),
    offline_window_hours int not null default 12 check (offline_window_hours >= 0),
    skew_limit_seconds int not null default 300 check (skew_limit_seconds >= 0),
    ooo_authority text not null default 'local' check (ooo_authority in ('local', 'pms', 'both')),
    checkin_guard text not null default 'block' check (checkin_guard in ('block', 'warn', 'off')),
    default_department_id uuid,
    settings jsonb not null default '{}' check (jsonb_typeof(settings) = 'object'),
    version bigint not null default 1 check (version > 0),
    created_at timestamptz(3) not null default date_trunc('milliseconds', clock_timestamp()),
    created_by uuid,
    updated_at timestamptz(3) not null default date_trunc('milliseconds', clock_timestamp()),
    updated_by uuid,
    deleted_at timestamptz(3),
    primary key (tenant_id, id)
);

create unique index property_code on bellhop.property (tenant_id, lower(code)) where deleted_at is null;

select bellhop.protect('bellhop.property'), bellhop.open_to_crossing('bellhop.property');
grant select, insert, update on bellhop.property to bellhop_node;

-- `slug` is the department's name in channels (architecture 4); the node makes it of the code.
create table bellhop.department (
    tenant_id uuid not null,
    id uuid not null,
    property_id uuid not null,
    code text not null check (code = btrim(code) and length(code) between 1 and 20),
    slug text not null check (slug ~ '^[a-z0-9-]{1,40}$'),
    name text not null check (name = btrim(name) and length(name) between 1 and 120),
    kind text not null check (kind in (
        'front_office', 'housekeeping', 'maintenance', 'food_beverage', 'concierge', 'security', 'spa', 'it', 'finance',
        'other')),
    supervisor_user_id uuid,
    opening_hours jsonb not null default '[]' check (jsonb_typeof(opening_hours) in ('array', 'object')),
    active boolean not null default true,
    version bigint not null default 1 check (version > 0),
    created_at timestamptz(3) not null default date_trunc('milliseconds', clock_timestamp()),
    created_by uuid,
    updated_at timestamptz(3) not null default date_trunc('milliseconds', clock_timestamp()),
    updated_by uuid,
    deleted_at timestamptz(3),
    primary key (tenant_id, id),
    foreign key (tenant_id, property_id) references bellhop.property
);

create unique index department_code
    on bellhop.department (tenant_id, property_id, lower(code)) where deleted_at is null;
create unique index department_slug on bellhop.department (tenant_id, property_id, slug) where deleted_at is null;

select bellhop.protect('bellhop.department');
grant select, insert, update on bellhop.department to bellhop_node;

-- The two know each other; which is made first does not matter.
alter table bellhop.property
    add foreign key (tenant_id, default_department_id) references bellhop.department deferrable initially deferred;

revoke all on all functions in schema bellhop from public;
