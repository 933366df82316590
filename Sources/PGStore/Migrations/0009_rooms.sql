-- Rooms and their types (domain 2.2). A room is not one status: its axes are columns (domain 4.1).

create table bellhop.room_type (
    tenant_id uuid not null,
    id uuid not null,
    property_id uuid not null,
    code text not null check (code = btrim(code) and length(code) between 1 and 20),
    name text not null check (name = btrim(name) and length(name) between 1 and 120),
    class text check (length(class) between 1 and 40),
    base_occupancy smallint not null check (base_occupancy between 1 and 50),
    max_occupancy smallint not null check (max_occupancy between base_occupancy and 50),
    features text[] not null default '{}',
    default_clean_minutes jsonb not null default '{}' check (jsonb_typeof(default_clean_minutes) = 'object'),
    credits jsonb not null default '{}' check (jsonb_typeof(credits) = 'object'),
    version bigint not null default 1 check (version > 0),
    created_at timestamptz(3) not null default date_trunc('milliseconds', clock_timestamp()),
    created_by uuid,
    updated_at timestamptz(3) not null default date_trunc('milliseconds', clock_timestamp()),
    updated_by uuid,
    deleted_at timestamptz(3),
    primary key (tenant_id, id),
    foreign key (tenant_id, property_id) references bellhop.property
);

create unique index room_type_code on bellhop.room_type (tenant_id, property_id, lower(code)) where deleted_at is null;

select bellhop.protect('bellhop.room_type');
grant select, insert, update on bellhop.room_type to bellhop_node;

-- The natural order of numbers: 2 before 10, A2 before A10. The number itself follows, so that 7 and 007 differ and no
-- two numbers that differ in more than case have one key.
create function bellhop.room_sort_key(p_number text) returns text
language sql immutable parallel safe
set search_path = pg_catalog, pg_temp
as $$
    select concat(
        string_agg(case when part.match[1] ~ '^[0-9]' then lpad(part.match[1], 10, '0') else part.match[1] end, ''
                   order by part.ordinality),
        ' ', lower(p_number))
    from regexp_matches(lower(p_number), '[0-9]+|[^0-9]+', 'g') with ordinality as part (match, ordinality);
$$;

-- In the order in which operations reach the database: the last word between writes of one instant and rank (domain
-- 11.2). Taken after the room's row lock.
create sequence bellhop.recv_seq as bigint;
grant usage on sequence bellhop.recv_seq to bellhop_node;

-- `registers` has, for each register that was ever written, the key of its last write (domain 11.2): {"hk_status":
-- {"at": effective_at, "rank": source_rank, "seq": recv_seq, "by": writer}}. One value, not twenty columns: a node
-- loads and writes a room as a whole, and the database compares none of it.
create table bellhop.room (
    tenant_id uuid not null,
    id uuid not null,
    property_id uuid not null,
    number text not null check (number ~ '^[A-Za-z0-9-]{1,10}$'),
    sort_key text collate "C" not null generated always as (bellhop.room_sort_key(number)) stored,
    room_type_id uuid not null,
    floor text check (length(floor) between 1 and 20),
    building text check (length(building) between 1 and 40),
    zone text check (length(zone) between 1 and 40),
    is_pseudo boolean not null default false,
    counts_in_inventory boolean not null default true,
    active_from date not null,
    active_to date check (active_to > active_from),
    features text[] not null default '{}',
    connecting_room_ids uuid[] not null default '{}',
    parent_room_id uuid,
    accessible boolean not null default false,
    smoking boolean not null default false,
    fo_occupancy text not null default 'vacant' check (fo_occupancy in ('vacant', 'occupied')),
    fo_persons int not null default 0 check (fo_persons >= 0),
    hk_status text not null default 'dirty' check (hk_status in ('dirty', 'pickup', 'clean', 'inspected')),
    hk_occupancy text not null default 'unknown' check (hk_occupancy in ('vacant', 'occupied', 'unknown')),
    hk_persons int check (hk_persons >= 0),
    service_flag text not null default 'none'
        check (service_flag in ('none', 'do_not_disturb', 'make_up_room', 'service_declined', 'double_locked')),
    service_flag_since timestamptz(3),
    dnd_consecutive_days int not null default 0 check (dnd_consecutive_days >= 0),
    turndown_status text not null default 'not_required'
        check (turndown_status in ('not_required', 'required', 'completed')),
    availability text not null default 'in_service'
        check (availability in ('in_service', 'out_of_service', 'out_of_order')),
    discrepancy text not null default 'none' check (discrepancy in ('none', 'sleep', 'skip', 'person')),
    rush boolean not null default false,
    occupancy_cycle int not null default 0 check (occupancy_cycle >= 0),
    hold_until timestamptz(3),
    hold_by uuid,
    current_stay_id uuid,
    next_reservation_id uuid,
    last_cleaned_at timestamptz(3),
    last_inspected_at timestamptz(3),
    registers jsonb not null default '{}' check (
        jsonb_typeof(registers) = 'object'
        and registers - array['hk_status', 'service_flag', 'hk_occupancy', 'turndown_status', 'rush'] = '{}'),
    version bigint not null default 1 check (version > 0),
    created_at timestamptz(3) not null default date_trunc('milliseconds', clock_timestamp()),
    created_by uuid,
    updated_at timestamptz(3) not null default date_trunc('milliseconds', clock_timestamp()),
    updated_by uuid,
    deleted_at timestamptz(3),
    primary key (tenant_id, id),
    foreign key (tenant_id, property_id) references bellhop.property,
    foreign key (tenant_id, room_type_id) references bellhop.room_type,
    foreign key (tenant_id, parent_room_id) references bellhop.room,
    check (not (is_pseudo and counts_in_inventory)),
    check (parent_room_id <> id)
) with (fillfactor = 70);

-- Both the pages of a property's list and that a number, in any case, exists once.
create unique index room_by_number on bellhop.room (tenant_id, property_id, sort_key) where deleted_at is null;

select bellhop.protect('bellhop.room');
grant select, insert, update on bellhop.room to bellhop_node;

comment on column bellhop.room.discrepancy is
    'Derived by domain 4.1.4; stored by each command that changes one of its sides.';
comment on column bellhop.room.availability is
    'Derived from the active blocks; stored by each command that changes one.';

-- What each axis of a room was, and when. recorded_at is the moment of writing, under the room's lock; the event that
-- says the same is recorded in the same transaction, a little later.
create table bellhop.room_status_history (
    tenant_id uuid not null,
    room_id uuid not null,
    recorded_at timestamptz(3) not null default date_trunc('milliseconds', clock_timestamp()),
    event_id uuid not null,
    axis text not null check (axis in (
        'fo_occupancy', 'fo_persons', 'hk_status', 'hk_occupancy', 'hk_persons', 'service_flag', 'turndown_status',
        'availability', 'discrepancy', 'rush', 'display_status')),
    from_value text,
    to_value text,
    occurred_at timestamptz(3) not null,
    actor jsonb not null check (jsonb_typeof(actor) = 'object'),
    source text not null check (source in ('web', 'mobile', 'api', 'pms', 'automation', 'import')),
    primary key (tenant_id, room_id, recorded_at, event_id, axis),
    foreign key (tenant_id, room_id) references bellhop.room
);

select bellhop.protect('bellhop.room_status_history');
grant select, insert on bellhop.room_status_history to bellhop_node;

revoke all on all functions in schema bellhop from public;
grant execute on function bellhop.room_sort_key(text) to bellhop_node;
