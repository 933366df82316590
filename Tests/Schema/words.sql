-- The words in which the tests of the schema are written. Included first by each; nothing of it outlives the session,
-- which begins as a superuser and becomes the node's login with `set session authorization clerk`.

\set ON_ERROR_STOP on
\set T '''11111111-1111-7111-8111-111111111111'''
\set U '''22222222-2222-7222-8222-222222222222'''
\set SYSTEM '''00000000-0000-0000-0000-000000000000'''

create function pg_temp.same(p_what text, p_got anyelement, p_want anyelement) returns void language plpgsql as $$
begin
    if p_got is distinct from p_want then
        raise exception '%: got %, not %', p_what, coalesce(p_got::text, 'NULL'), coalesce(p_want::text, 'NULL');
    end if;
end $$;

create function pg_temp.holds(p_what text, p_fact boolean) returns void language plpgsql as $$
begin
    if p_fact is not true then raise exception 'does not hold: %', p_what; end if;
end $$;

-- The statement is refused with this SQLSTATE.
create function pg_temp.refused(p_what text, p_state text, p_statement text) returns void language plpgsql as $$
declare
    v_state text;
    v_message text;
begin
    begin
        execute p_statement;
    exception when others then
        get stacked diagnostics v_state = returned_sqlstate, v_message = message_text;
    end;
    if v_state is distinct from p_state then
        raise exception '%: got % (%), not %', p_what, coalesce(v_state, 'no error'), v_message, p_state;
    end if;
end $$;

create function pg_temp.be(p_tenant uuid) returns void language plpgsql as $$
begin
    perform set_config('bellhop.tenant', coalesce(p_tenant::text, ''), true);
end $$;

create function pg_temp.make_tenant(p_tenant uuid) returns void language plpgsql as $$
begin
    perform pg_temp.be(p_tenant);
    insert into bellhop.tenant (tenant_id, name, slug, contact_email, status)
    values (p_tenant, 'Tenant ' || left(p_tenant::text, 8), left(p_tenant::text, 8), 'desk@' || left(p_tenant::text,
        8), 'active');
end $$;

-- One event as append_events wants it, with whatever `p_more` says otherwise.
create function pg_temp.event(p_stream uuid, p_more jsonb default '{}') returns jsonb language sql as $$
    select jsonb_build_object(
        'stream', p_stream, 'id', gen_random_uuid(), 'tenant_id', p_stream, 'name', 'room:updated', 'entity_type',
            'room',
        'entity_id', 'aaaaaaaa-0000-7000-8000-000000000001', 'actor', '{"type": "system"}'::jsonb, 'source', 'api',
        'correlation_id', gen_random_uuid(), 'projections', 1) || p_more;
$$;

create function pg_temp.audit(p_more jsonb default '{}') returns jsonb language sql as $$
    select jsonb_build_object(
        'actor', '{"type": "user", "id": "bbbbbbbb-0000-7000-8000-000000000001", "name": "Ana P."}'::jsonb,
        'action', 'room.set_hk_status', 'entity_type', 'room', 'entity_id', 'aaaaaaaa-0000-7000-8000-000000000001',
        'outcome', 'applied', 'before', '{"hk_status": "dirty"}'::jsonb, 'after', '{"hk_status": "clean"}'::jsonb,
        'correlation_id', gen_random_uuid()) || p_more;
$$;

-- Appends events whose only projection is their place in the list.
create function pg_temp.append(p_streams uuid[], p_events jsonb, p_audit jsonb default '[]')
returns table (ordinal int, stream uuid, seq bigint, recorded_at timestamptz, epoch bigint) language sql as $$
    select * from bellhop.append_events(
        p_streams, p_events,
        array(select convert_to('to ' || i, 'UTF8') from generate_series(1, jsonb_array_length(p_events)) as i),
        array(select case when k = 0 then convert_to('{"n":' || i || ',"meta":{"m":1', 'UTF8') end
              from generate_series(1, jsonb_array_length(p_events)) as i, generate_series(0, 3) as k order by i, k),
        p_audit);
$$;
