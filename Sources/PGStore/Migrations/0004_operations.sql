-- What makes a command safe to repeat: its operation is recorded before it does anything, in the same transaction.

create table bellhop.operation (
    tenant_id uuid not null,
    actor_id uuid not null,
    op_id uuid not null,
    request_hash bytea not null check (octet_length(request_hash) between 1 and 64),
    result bytea,
    seq bigint,
    created_at timestamptz(3) not null default date_trunc('milliseconds', clock_timestamp()),
    primary key (tenant_id, actor_id, op_id)
);

-- For the cleaning.
create index operation_by_age on bellhop.operation (created_at);

select bellhop.protect('bellhop.operation'), bellhop.open_to_crossing('bellhop.operation');
grant select, insert (tenant_id, actor_id, op_id, request_hash) on bellhop.operation to bellhop_node;

comment on table bellhop.operation is 'Each command once: kept for seven days with its result (domain 11.3).';
comment on column bellhop.operation.result is 'What a repeat is answered, as the node encodes it.';
comment on column bellhop.operation.seq is 'The last seq that the command took in its tenant''s stream.';

create function bellhop.begin_operation(p_actor uuid, p_op uuid, p_request_hash bytea)
returns table (is_new boolean, is_same boolean, result bytea, seq bigint)
language plpgsql
set search_path = pg_catalog, bellhop, pg_temp
as $$
#variable_conflict use_column
begin
    loop
        -- Waits for the transaction that inserted the same key, if there is one: until its fate is known.
        insert into operation (tenant_id, actor_id, op_id, request_hash)
        values (current_tenant(), p_actor, p_op, p_request_hash)
        on conflict do nothing;
        if found then
            return query values (true, true, null::bytea, null::bigint);
            return;
        end if;
        return query
            select false, o.request_hash = p_request_hash, o.result, o.seq
            from operation o
            where o.tenant_id = current_tenant() and o.actor_id = p_actor and o.op_id = p_op;
        if found then
            return;
        end if;
        -- It was cleaned away in between: then it is new.
    end loop;
end $$;

comment on function bellhop.begin_operation(uuid, uuid, bytea) is
    'The first statement of a command''s transaction. A repeat waits for the fate of the first attempt and is '
    'given its result (is_new false); is_same says whether it asks for the same. The result is stored by '
    'append_events.';

revoke all on all functions in schema bellhop from public;
grant execute on function bellhop.begin_operation(uuid, uuid, bytea) to bellhop_node;
