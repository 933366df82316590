-- The event log: heads of streams, events by month, and beside them the projections that hold personal data.

-- Random, below 2^48 so that a client's JavaScript reads it exactly.
create function bellhop.new_epoch() returns bigint
language sql volatile
return ('x' || left(replace(gen_random_uuid()::text, '-', ''), 12))::bit(48)::bigint;

-- One row per stream, and one update per command: free space on each page keeps these updates on it.
create table bellhop.stream_head (
    stream uuid primary key,
    epoch bigint not null default bellhop.new_epoch() check (epoch >= 0 and epoch < 281474976710656),
    seq bigint not null default 0 check (seq >= 0),
    last_at timestamptz(3) not null default date_trunc('milliseconds', clock_timestamp()),
    audit_seq bigint not null default 0 check (audit_seq >= 0),
    audit_hash bytea not null default decode(repeat('00', 32), 'hex') check (octet_length(audit_hash) = 32)
) with (fillfactor = 30);

select bellhop.protect('bellhop.stream_head', 'stream');
select bellhop.open_to_crossing('bellhop.stream_head');
-- A node opens the stream of a new tenant, with nothing but its id, and reads positions; only append_events and
-- append_audit move them.
grant insert (stream) on bellhop.stream_head to bellhop_node;
grant select on bellhop.stream_head to bellhop_node;

comment on table bellhop.stream_head is
    'How far each stream (a tenant''s, or the all-zero one of the platform) and its audit chain have come. Its '
    'lock makes seq gap-free and puts it in commit order.';
comment on column bellhop.stream_head.last_at is 'No later row of the log or of the audit chain is recorded before it.';

select set_config('bellhop.tenant', bellhop.platform()::text, true);
insert into bellhop.stream_head (stream) values (bellhop.platform());

-- `stream` decides who sees a row, not `tenant_id`: a twin in the system stream is about a tenant, but told to the
-- platform. Uniqueness of (stream, seq) is the head's; that recorded_at belongs to the key is how PostgreSQL wants
-- partitions.
create table bellhop.event (
    stream uuid not null,
    seq bigint not null check (seq > 0),
    recorded_at timestamptz(3) not null,
    id uuid not null,
    tenant_id uuid not null,
    property_id uuid,
    name text not null check (name ~ '^[a-z0-9_]{1,40}:[a-z0-9_]{1,40}$'),
    schema smallint not null default 1 check (schema > 0),
    entity_type text not null check (entity_type ~ '^[a-z0-9_]{1,40}$'),
    entity_id uuid not null,
    entity_version bigint check (entity_version >= 0),
    occurred_at timestamptz(3) not null,
    business_date date,
    actor jsonb not null check (jsonb_typeof(actor) = 'object'),
    source text not null check (source in ('web', 'mobile', 'api', 'pms', 'automation', 'import')),
    device_id uuid,
    op_id uuid,
    correlation_id uuid not null,
    causation_id uuid,
    changes jsonb check (jsonb_typeof(changes) = 'array'),
    targets bytea not null,
    projections bytea[] not null check (cardinality(projections) between 1 and 4),
    personal_hashes bytea[] check (cardinality(personal_hashes) = cardinality(projections)),
    primary key (stream, seq, recorded_at),
    check (personal_hashes is not null or array_position(projections, null) is null),
    check (stream = tenant_id or stream = bellhop.platform())
) partition by range (recorded_at);

-- The history of one entity.
create index event_of_entity on bellhop.event (stream, entity_id, seq);

create table bellhop.event_default partition of bellhop.event default;

select bellhop.protect('bellhop.event', 'stream'), bellhop.open_to_crossing('bellhop.event');
-- Whoever names a partition meets the policies of the partition, not those of the whole.
select bellhop.protect('bellhop.event_default', 'stream'), bellhop.open_to_crossing('bellhop.event_default');
grant select on bellhop.event to bellhop_node;

comment on table bellhop.event is
    'The log: written by append_events alone, never changed. Personal data is in event_personal; `changes` must'
    ' hold none.';
comment on column bellhop.event.tenant_id is 'The tenant that it is about; the platform''s id if it is about none.';
comment on column bellhop.event.targets is 'To whom it is told, as the node encodes it.';
comment on column bellhop.event.projections is
    'One to four payloads, each the text of a JSON object whose last member is meta, without its two closing '
    'braces. NULL: it holds personal data and is in event_personal.';
comment on column bellhop.event.personal_hashes is
    'Beside each projection that is NULL here: sha256(salt || body) of its row in event_personal. NULL if there'
    ' is none.';

-- Erased when the guest asks for it. The salt goes with the body: a hash of a short text alone could be guessed.
create table bellhop.event_personal (
    stream uuid not null,
    seq bigint not null,
    projection smallint not null check (projection between 0 and 3),
    salt bytea not null check (octet_length(salt) = 16),
    body bytea not null,
    primary key (stream, seq, projection)
);

-- Rows, not an array in event_personal: under row-level security an index on an array would not be used.
create table bellhop.event_guest (
    stream uuid not null,
    guest_id uuid not null,
    seq bigint not null,
    projection smallint not null,
    primary key (stream, guest_id, seq, projection)
);

select bellhop.protect('bellhop.event_personal', 'stream'), bellhop.open_to_crossing('bellhop.event_personal');
select bellhop.protect('bellhop.event_guest', 'stream'), bellhop.open_to_crossing('bellhop.event_guest');
grant select, delete on bellhop.event_personal, bellhop.event_guest to bellhop_node;

comment on table bellhop.event_personal is 'Projections that hold personal data (architecture 3).';
comment on table bellhop.event_guest is 'Which guests a row of event_personal speaks of.';

create function bellhop.erase_guest(p_guest uuid) returns bigint
language plpgsql
set search_path = pg_catalog, bellhop, pg_temp
as $$
declare
    v_erased bigint;
begin
    with named as (
        delete from event_guest where stream = current_tenant() and guest_id = p_guest
        returning stream, seq, projection
    ), erased as (
        delete from event_personal p using named n
        where p.stream = n.stream and p.seq = n.seq and p.projection = n.projection
        returning 1
    )
    select count(*) into v_erased from erased;
    return v_erased;
end $$;

comment on function bellhop.erase_guest(uuid) is
    'Erases, for the current tenant, every logged projection that speaks of this guest; says how many.';

-- The months ahead. An append never waits for a partition: what no month takes goes to the default one, and is moved
-- when its month is made. For the owner, from the migrate job.
create function bellhop.create_event_partitions(p_months_ahead int default 6, p_from timestamptz default now())
returns int
language plpgsql
set search_path = pg_catalog, bellhop, pg_temp
set timezone = 'UTC'
as $$
declare
    v_start timestamptz;
    v_end timestamptz;
    v_name text;
    v_made int := 0;
begin
    perform set_config('bellhop.crossing', 'yes', true);
    for i in 0..p_months_ahead loop
        v_start := date_trunc('month', p_from) + make_interval(months => i);
        v_end := v_start + interval '1 month';
        v_name := 'event_' || to_char(v_start, 'YYYY_MM');
        continue when to_regclass('bellhop.' || v_name) is not null;
        execute format('create table bellhop.%I (like bellhop.event including all)', v_name);
        perform protect(('bellhop.' || v_name)::regclass, 'stream'), open_to_crossing(('bellhop.' || v_name)::regclass);
        if exists (select from event_default where recorded_at >= v_start and recorded_at < v_end) then
            -- Appends to it wait until this transaction ends: a row between the move and the attachment would forbid
            -- the latter.
            lock table event_default in share row exclusive mode;
            execute format(
                'with moved as (
                     delete from bellhop.event_default where recorded_at >= $1 and recorded_at < $2 returning *)
                 insert into bellhop.%I select * from moved', v_name) using v_start, v_end;
        end if;
        -- Not `partition of`: that would lock out everybody who reads or appends.
        execute format(
            'alter table bellhop.event attach partition bellhop.%I for values from (%L) to (%L)',
            v_name, v_start, v_end);
        v_made := v_made + 1;
    end loop;
    perform set_config('bellhop.crossing', '', true);
    return v_made;
end $$;

comment on function bellhop.create_event_partitions(int, timestamptz) is
    'Makes the month of p_from and so many after it, where missing; says how many it made.';

select bellhop.create_event_partitions();

revoke all on all functions in schema bellhop from public;
-- The default of a column is computed with the rights of who inserts.
grant execute on function bellhop.new_epoch(), bellhop.erase_guest(uuid) to bellhop_node;
