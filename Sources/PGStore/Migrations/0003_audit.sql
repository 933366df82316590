-- The audit log: one chain per tenant, and one of the platform, in which each row's hash covers the row before it.

create table bellhop.audit_log (
    tenant_id uuid not null,
    seq bigint not null check (seq > 0),
    at timestamptz(3) not null,
    property_id uuid,
    actor jsonb not null check (jsonb_typeof(actor) = 'object'),
    actor_id uuid,
    on_behalf_of uuid,
    ip inet,
    device_id uuid,
    action text not null check (action <> '' and length(action) <= 100),
    entity_type text check (entity_type ~ '^[a-z0-9_]{1,40}$'),
    entity_id uuid,
    outcome text not null check (outcome in ('applied', 'superseded', 'rejected', 'duplicate')),
    before jsonb,
    after jsonb,
    reason text,
    effective_at timestamptz(3) not null,
    op_id uuid,
    event_id uuid,
    correlation_id uuid not null,
    clock_offset_ms int,
    clock_untrusted boolean not null default false,
    automation_rule_id uuid,
    pms_request_id text,
    prev_hash bytea not null check (octet_length(prev_hash) = 32),
    hash bytea not null check (octet_length(hash) = 32),
    primary key (tenant_id, seq)
);

-- The history of one entity, and what one person did.
create index audit_log_of_entity on bellhop.audit_log (tenant_id, entity_id, seq) where entity_id is not null;
create index audit_log_of_actor on bellhop.audit_log (tenant_id, actor_id, seq) where actor_id is not null;

select bellhop.protect('bellhop.audit_log'), bellhop.open_to_crossing('bellhop.audit_log');
grant select on bellhop.audit_log to bellhop_node;

comment on table bellhop.audit_log is
    'What was done, tried and refused; written by append_events and append_audit alone, never changed. Whoever '
    'writes it masks secrets and personal data first.';
comment on column bellhop.audit_log.actor_id is 'The id within actor.';
comment on column bellhop.audit_log.hash is
    'sha256(prev_hash || audit_canonical(row)); the first row''s prev_hash is all zeros.';

-- What is hashed of a row. It depends on no setting of the session: moments are milliseconds since 1970. A column that
-- is added later needs a new form: the number in front says which one it is.
create function bellhop.audit_canonical(a bellhop.audit_log) returns bytea
language sql stable
return convert_to(jsonb_build_array(
    1, a.tenant_id, a.seq, (extract(epoch from a.at) * 1000)::bigint, a.property_id, a.actor, a.actor_id,
    a.on_behalf_of, a.ip, a.device_id, a.action, a.entity_type, a.entity_id, a.outcome, a.before, a.after, a.reason,
    (extract(epoch from a.effective_at) * 1000)::bigint, a.op_id, a.event_id, a.correlation_id, a.clock_offset_ms,
    a.clock_untrusted, a.automation_rule_id, a.pms_request_id)::text, 'UTF8');

-- Appends to a chain whose head the caller has locked.
create function bellhop.chain_audit(p_chain uuid, p_rows jsonb) returns void
language plpgsql
set search_path = pg_catalog, bellhop, pg_temp
as $$
declare
    v_head stream_head;
    v_at timestamptz;
    v_rows audit_log[];
    v_row audit_log;
    v_prev bytea;
    v_hashes bytea[] := '{}';
begin
    select * into strict v_head from stream_head where stream = p_chain;
    v_at := greatest(v_head.last_at, date_trunc('milliseconds', clock_timestamp()));
    select array_agg(row(
            p_chain, v_head.audit_seq + r.ordinality, v_at, r.property_id, r.actor, r.actor ->> 'id', r.on_behalf_of,
            r.ip, r.device_id, r.action, r.entity_type, r.entity_id, r.outcome, r.before, r.after, r.reason,
            date_trunc('milliseconds', coalesce(r.effective_at, v_at)), r.op_id, r.event_id, r.correlation_id,
            r.clock_offset_ms, coalesce(r.clock_untrusted, false), r.automation_rule_id, r.pms_request_id, null, null
        )::audit_log order by r.ordinality)
    into v_rows
    from rows from (jsonb_to_recordset(p_rows) as (
        property_id uuid, actor jsonb, on_behalf_of uuid, ip inet, device_id uuid, action text, entity_type text,
        entity_id uuid, outcome text, before jsonb, after jsonb, reason text, effective_at timestamptz, op_id uuid,
        event_id uuid, correlation_id uuid, clock_offset_ms int, clock_untrusted boolean, automation_rule_id uuid,
        pms_request_id text)) with ordinality as r;
    if v_rows is null then
        return;
    end if;
    -- Only the hashes must be computed one after another.
    v_prev := v_head.audit_hash;
    foreach v_row in array v_rows loop
        v_prev := sha256(v_prev || audit_canonical(v_row));
        v_hashes := v_hashes || v_prev;
    end loop;
    insert into audit_log
    select
        r.tenant_id, r.seq, r.at, r.property_id, r.actor, r.actor_id, r.on_behalf_of, r.ip, r.device_id, r.action,
        r.entity_type, r.entity_id, r.outcome, r.before, r.after, r.reason, r.effective_at, r.op_id, r.event_id,
        r.correlation_id, r.clock_offset_ms, r.clock_untrusted, r.automation_rule_id, r.pms_request_id,
        coalesce(v_hashes[r.ordinality - 1], v_head.audit_hash), v_hashes[r.ordinality]
    from unnest(v_rows) with ordinality as r;
    update stream_head
    set audit_seq = audit_seq + cardinality(v_rows), audit_hash = v_prev, last_at = v_at
    where stream = p_chain;
end $$;

-- Whether a transaction may write to a stream: its own tenant's, or the platform's, where twins and alerts go.
create function bellhop.may_append(p_streams uuid[]) returns void
language plpgsql stable
set search_path = pg_catalog, bellhop, pg_temp
as $$
begin
    if current_tenant() is null or not p_streams <@ array[current_tenant(), platform()] then
        raise exception 'this transaction may not append to these streams' using errcode = 'insufficient_privilege';
    end if;
end $$;

create function bellhop.append_audit(p_chain uuid, p_rows jsonb) returns void
language plpgsql security definer
set search_path = pg_catalog, bellhop, pg_temp
as $$
begin
    perform set_config('bellhop.crossing', 'yes', true);
    perform may_append(array[p_chain]);
    perform from stream_head where stream = p_chain for update;
    if not found then
        raise exception 'there is no stream %', p_chain using errcode = 'foreign_key_violation';
    end if;
    perform chain_audit(p_chain, p_rows);
    perform set_config('bellhop.crossing', '', true);
end $$;

comment on function bellhop.append_audit(uuid, jsonb) is
    'Appends a batch of audit rows to one chain, outside of any command: refusals, reads that are sensitive. '
    'Nothing else belongs into its transaction, which holds the head of the stream.';

-- Runs under row-level security, with the chain''s tenant set.
create function bellhop.verify_audit(p_chain uuid, p_from bigint default 1, p_through bigint default null)
returns bigint
language plpgsql stable
set search_path = pg_catalog, bellhop, pg_temp
as $$
declare
    v_head stream_head;
    v_through bigint;
    v_before bytea;
    v_broken bigint;
    v_last audit_log;
begin
    select * into v_head from stream_head where stream = p_chain;
    if not found then
        raise exception 'there is no stream %, or it is not of this transaction''s tenant', p_chain
            using errcode = 'no_data_found';
    end if;
    v_through := coalesce(p_through, v_head.audit_seq);
    if p_from = 1 then
        v_before := decode(repeat('00', 32), 'hex');
    else
        -- NULL where old rows were let go: then the first row's word is taken for what was before it.
        select hash into v_before from audit_log where tenant_id = p_chain and seq = p_from - 1;
    end if;
    select min(case when seq = seq_before + 1 then seq else seq_before + 1 end) into v_broken
    from (
        select
            a.seq, a.prev_hash, a.hash = sha256(a.prev_hash || audit_canonical(a)) as is_own,
            lag(a.seq, 1, p_from - 1) over w as seq_before,
            lag(a.hash, 1, coalesce(v_before, a.prev_hash)) over w as hash_before
        from audit_log a
        where a.tenant_id = p_chain and a.seq between p_from and v_through
        window w as (order by a.seq)
    ) as link
    where seq <> seq_before + 1 or prev_hash <> hash_before or not is_own;
    if v_broken is not null or v_through < p_from then
        return v_broken;
    end if;
    -- No row is wrong; are they all there, and is the last one the one that was last?
    select * into v_last from audit_log
    where tenant_id = p_chain and seq between p_from and v_through
    order by seq desc limit 1;
    if v_last.seq is distinct from v_through then
        return coalesce(v_last.seq + 1, p_from);
    elsif v_through = v_head.audit_seq and v_last.hash <> v_head.audit_hash then
        return v_through;
    end if;
    return null;
end $$;

comment on function bellhop.verify_audit(uuid, bigint, bigint) is
    'Recomputes a chain over a range (all of it unless told) and returns the first seq that is missing or not '
    'what it was; NULL if there is none.';

insert into bellhop.crossing_function values
    ('append_audit(uuid,jsonb)',
        'the node may not write the audit log itself; refusals of a tenant may be told to the platform');

revoke all on all functions in schema bellhop from public;
grant execute on function
    bellhop.audit_canonical(bellhop.audit_log),
    bellhop.append_audit(uuid, jsonb),
    bellhop.verify_audit(uuid, bigint, bigint)
    to bellhop_node;
