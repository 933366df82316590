-- How events get into the log and out of it to those who deliver them.

create function bellhop.append_events(
    p_streams uuid[], p_events jsonb, p_targets bytea[], p_projections bytea[], p_audit jsonb default '[]',
    p_actor uuid default null, p_op uuid default null, p_result bytea default null)
returns table (ordinal int, stream uuid, seq bigint, recorded_at timestamptz, epoch bigint)
language plpgsql security definer
set search_path = pg_catalog, bellhop, pg_temp
-- Planned once per session: planning the statement below anew would take longer than running it.
set plan_cache_mode = force_generic_plan
as $$
#variable_conflict use_column
declare
    v_count int := jsonb_array_length(p_events);
    v_chain uuid;
    v_locked int;
    v_written int;
begin
    perform set_config('bellhop.crossing', 'yes', true);
    perform may_append(p_streams);
    if cardinality(p_targets) <> v_count or cardinality(p_projections) <> 4 * v_count then
        raise exception 'one list of targets and four projections belong to each event'
            using errcode = 'invalid_parameter_value';
    end if;
    -- What is meant to be erasable must be: a slip here would leave it in the log for ever.
    if p_events @? '$[*].personal[*]' and exists (
        select from jsonb_to_recordset(p_events) as e (projections int, personal int[], guests uuid[])
        where cardinality(e.personal) > 0 and (
            coalesce(cardinality(e.guests), 0) = 0 or array_position(e.guests, null) is not null
            or not e.personal <@ array(select generate_series(0, e.projections - 1))))
    then
        raise exception 'personal data needs the projections that hold it and the guests who may have it erased'
            using errcode = 'invalid_parameter_value';
    end if;

    -- All heads in one order for everybody: the platform's id is the lowest, so that it comes last.
    perform from stream_head where stream = any(p_streams) order by stream desc for update;
    get diagnostics v_locked = row_count;
    if v_locked <> cardinality(p_streams) then
        raise exception 'one of these streams does not exist, or is named twice'
            using errcode = 'foreign_key_violation';
    end if;

    -- A new statement, and so a new snapshot: it sees what was committed while this transaction waited for the lock.
    return query
        with head as materialized (
            select
                h.stream, h.epoch, h.seq,
                greatest(h.last_at, date_trunc('milliseconds', clock_timestamp())) as last_at
            from stream_head h
            where h.stream = any(p_streams)
        ), placed as materialized (
            select
                e.*, h.epoch, h.last_at,
                h.seq + row_number() over (partition by e.stream order by e.ordinality) as seq,
                p_projections[4 * e.ordinality - 3 : 4 * e.ordinality - 4 + e.projections] as bodies,
                case when cardinality(e.personal) > 0 then
                    array(select case when k = any(e.personal) then uuid_send(gen_random_uuid()) end
                          from generate_series(0, e.projections - 1) as k order by k)
                end as salts
            from rows from (jsonb_to_recordset(p_events) as (
                stream uuid, id uuid, tenant_id uuid, property_id uuid, name text, schema smallint, entity_type text,
                entity_id uuid, entity_version bigint, occurred_at timestamptz, business_date date, actor jsonb,
                source text, device_id uuid, op_id uuid, correlation_id uuid, causation_id uuid, changes jsonb,
                projections int, personal int[], guests uuid[])) with ordinality as e
            join head h using (stream)
        ), written as (
            insert into event (
                stream, seq, recorded_at, id, tenant_id, property_id, name, schema, entity_type, entity_id,
                entity_version, occurred_at, business_date, actor, source, device_id, op_id, correlation_id,
                causation_id, changes, targets, projections, personal_hashes)
            select
                p.stream, p.seq, p.last_at, p.id, p.tenant_id, p.property_id, p.name, coalesce(p.schema, 1),
                p.entity_type, p.entity_id, p.entity_version,
                date_trunc('milliseconds', coalesce(p.occurred_at, p.last_at)),
                p.business_date, p.actor, p.source, p.device_id, p.op_id, p.correlation_id, p.causation_id, p.changes,
                p_targets[p.ordinality],
                case when p.salts is null then p.bodies else
                    array(select case when s.salt is null then p.bodies[s.k] end
                          from unnest(p.salts) with ordinality as s (salt, k) order by s.k)
                end,
                case when p.salts is not null then
                    array(select sha256(s.salt || p.bodies[s.k])
                          from unnest(p.salts) with ordinality as s (salt, k) order by s.k)
                end
            from placed p
        ), hidden as (
            insert into event_personal (stream, seq, projection, salt, body)
            select p.stream, p.seq, s.k - 1, s.salt, p.bodies[s.k]
            from placed p, unnest(p.salts) with ordinality as s (salt, k)
            where s.salt is not null
        ), named as (
            insert into event_guest (stream, guest_id, seq, projection)
            select distinct p.stream, g.guest, p.seq, k
            from placed p, unnest(p.guests) as g (guest), unnest(p.personal) as k
        ), advanced as (
            update stream_head h
            set seq = h.seq + n.count, last_at = n.last_at
            from (select p.stream, p.last_at, count(*) from placed p group by p.stream, p.last_at) as n
            where h.stream = n.stream
        )
        select p.ordinality::int, p.stream, p.seq, p.last_at, p.epoch from placed p order by p.ordinality;
    get diagnostics v_written = row_count;
    if v_written <> v_count then
        raise exception 'an event names a stream that was not to be locked' using errcode = 'invalid_parameter_value';
    end if;

    for v_chain in
        select distinct coalesce((a.value ->> 'stream')::uuid, current_tenant()) from jsonb_array_elements(p_audit) as a
    loop
        if v_chain <> all(p_streams) then
            raise exception 'an audit row names a stream that was not to be locked'
                using errcode = 'invalid_parameter_value';
        end if;
        perform chain_audit(v_chain, (
            select jsonb_agg(a.value order by a.ordinality)
            from jsonb_array_elements(p_audit) with ordinality as a
            where coalesce((a.value ->> 'stream')::uuid, current_tenant()) = v_chain));
    end loop;

    -- Here, so that nothing but the commit comes after the heads were locked.
    if p_op is not null then
        update operation o
        set result = p_result, seq = (
            select h.seq from stream_head h where h.stream = current_tenant() and current_tenant() = any(p_streams))
        where o.tenant_id = current_tenant() and o.actor_id = p_actor and o.op_id = p_op;
        if not found then
            raise exception 'the operation was not begun' using errcode = 'invalid_parameter_value';
        end if;
    end if;
    perform set_config('bellhop.crossing', '', true);
end $$;

comment on function bellhop.append_events(uuid[], jsonb, bytea[], bytea[], jsonb, uuid, uuid, bytea) is
    'The last statement of a command''s transaction. Locks the heads of p_streams (the tenant''s own, the '
    'platform''s or both), gives each event the next seq of its stream, appends audit rows, moves the heads, and'
    ' stores the result of operation p_op. p_targets has one element, p_projections four per event: those after'
    ' its count are ignored. Of an event''s fields, `projections` is that count, `personal` the indexes of those'
    ' with personal data, `guests` whom these speak of.';

create function bellhop.stream_heads(p_streams uuid[])
returns table (stream uuid, epoch bigint, seq bigint, last_at timestamptz)
language plpgsql stable security definer
set search_path = pg_catalog, bellhop, pg_temp
as $$
#variable_conflict use_column
begin
    perform set_config('bellhop.crossing', 'yes', true);
    return query select h.stream, h.epoch, h.seq, h.last_at from stream_head h where h.stream = any(p_streams);
    perform set_config('bellhop.crossing', '', true);
end $$;

comment on function bellhop.stream_heads(uuid[]) is
    'How far these streams have come, for followers; a stream that does not exist is left out.';

-- In plpgsql, not SQL, so that a session plans it once; with one plan for all moments, which leaves out months when it
-- runs.
create function bellhop.stream_events(
    p_stream uuid, p_after bigint, p_through bigint, p_limit int, p_not_before timestamptz default null)
returns table (seq bigint, recorded_at timestamptz, id uuid, name text, targets bytea, projections bytea[])
language plpgsql stable security definer
set search_path = pg_catalog, bellhop, pg_temp
set plan_cache_mode = force_generic_plan
as $$
#variable_conflict use_column
declare
    v_not_before timestamptz := coalesce(p_not_before, '-infinity');
begin
    perform set_config('bellhop.crossing', 'yes', true);
    return query
        select
            e.seq, e.recorded_at, e.id, e.name, e.targets,
            case when e.personal_hashes is null then e.projections else
                array(select coalesce(p.body, x.body)
                      from unnest(e.projections) with ordinality as x (body, k)
                      left join event_personal p on p.stream = e.stream and p.seq = e.seq and p.projection = x.k - 1
                      order by x.k)
            end
        from event e
        where e.stream = p_stream and e.seq > p_after and e.seq <= p_through
            and e.recorded_at >= v_not_before
        order by e.seq
        limit p_limit;
    perform set_config('bellhop.crossing', '', true);
end $$;

comment on function bellhop.stream_events(uuid, bigint, bigint, int, timestamptz) is
    'The events of one stream with p_after < seq <= p_through, in order, as followers deliver them. '
    'p_not_before is a moment that is known to be no later than the first of them (the recorded_at of p_after, '
    'or a head''s last_at): older months are then not looked at. A projection that was erased is NULL.';

create function bellhop.renew_epoch(p_stream uuid, p_epoch bigint, p_delivered bigint)
returns table (epoch bigint, seq bigint)
language plpgsql security definer
set search_path = pg_catalog, bellhop, pg_temp
as $$
#variable_conflict use_column
begin
    perform set_config('bellhop.crossing', 'yes', true);
    update stream_head h set epoch = new_epoch()
    where h.stream = p_stream and h.epoch = p_epoch and h.seq < p_delivered;
    return query select h.epoch, h.seq from stream_head h where h.stream = p_stream;
    perform set_config('bellhop.crossing', '', true);
end $$;

comment on function bellhop.renew_epoch(uuid, bigint, bigint) is
    'For a follower that has delivered what the stream no longer has: the first of those who saw it gives the '
    'stream a new epoch; all are told the one that holds now.';

-- For the owner, after a database was restored, or promoted with loss.
create function bellhop.renew_epochs() returns bigint
language plpgsql
set search_path = pg_catalog, bellhop, pg_temp
as $$
declare
    v_renewed bigint;
begin
    perform set_config('bellhop.crossing', 'yes', true);
    update stream_head set epoch = new_epoch();
    get diagnostics v_renewed = row_count;
    perform set_config('bellhop.crossing', '', true);
    return v_renewed;
end $$;

comment on function bellhop.renew_epochs() is
    'Gives every stream a new epoch, so that all followers and clients start afresh; says how many streams there are.';

insert into bellhop.crossing_function values
    ('append_events(uuid[],jsonb,bytea[],bytea[],jsonb,uuid,uuid,bytea)',
        'the node may not write the log itself; twins go to the platform''s stream'),
    ('stream_heads(uuid[])', 'a node follows many tenants with one query'),
    ('stream_events(uuid,bigint,bigint,integer,timestamp with time zone)', 'delivery is on nobody''s behalf'),
    ('renew_epoch(uuid,bigint,bigint)', 'a follower finds that a stream went back in time');

revoke all on all functions in schema bellhop from public;
grant execute on function
    bellhop.append_events(uuid[], jsonb, bytea[], bytea[], jsonb, uuid, uuid, bytea),
    bellhop.stream_heads(uuid[]),
    bellhop.stream_events(uuid, bigint, bigint, int, timestamptz),
    bellhop.renew_epoch(uuid, bigint, bigint)
    to bellhop_node;
