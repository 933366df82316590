-- Work that is due at a time and must happen once (architecture 2.2). A command sets timers in its own transaction, and
-- claims them at once if they are already due; whoever claims one does the work and deletes it in one transaction.

create table bellhop.timer (
    tenant_id uuid not null,
    kind text not null check (kind ~ '^[a-z0-9_.]{1,60}$'),
    key text not null check (length(key) between 1 and 200),
    due_at timestamptz(3) not null,
    payload jsonb not null default '{}' check (length(payload::text) <= 16384),
    claimed_by text check (length(claimed_by) between 1 and 100),
    claim_expires_at timestamptz(3),
    attempts int not null default 0 check (attempts >= 0),
    ready_at timestamptz(3) not null generated always as (coalesce(claim_expires_at, due_at)) stored,
    primary key (tenant_id, kind, key),
    check ((claimed_by is null) = (claim_expires_at is null))
);

create index timer_by_readiness on bellhop.timer (ready_at);

select bellhop.protect('bellhop.timer'), bellhop.open_to_crossing('bellhop.timer');
grant select, insert, update, delete on bellhop.timer to bellhop_node;

comment on column bellhop.timer.ready_at is 'From when on it may be claimed.';
comment on column bellhop.timer.claimed_by is
    'The name of the claim: the node''s, and what tells it from the node''s other claims.';
comment on column bellhop.timer.attempts is
    'Raised by each claim. Whoever finishes deletes the row where claimed_by and attempts are still its own: if'
    ' none is, the claim expired meanwhile or the timer was set anew, and the work is rolled back.';

create function bellhop.claim_timers(p_claim text, p_kinds text[], p_lease interval, p_limit int)
returns table (tenant_id uuid, kind text, key text, due_at timestamptz, payload jsonb, attempts int)
language plpgsql security definer
set search_path = pg_catalog, bellhop, pg_temp
as $$
#variable_conflict use_column
declare
    v_now timestamptz := clock_timestamp();
begin
    perform set_config('bellhop.crossing', 'yes', true);
    return query
        with due as (
            select t.tenant_id, t.kind, t.key from timer t
            where t.ready_at <= v_now and t.kind = any(p_kinds)
            order by t.ready_at limit p_limit
            for update skip locked
        )
        update timer t
        set claimed_by = p_claim, claim_expires_at = v_now + p_lease, attempts = t.attempts + 1
        from due
        where t.tenant_id = due.tenant_id and t.kind = due.kind and t.key = due.key
        returning t.tenant_id, t.kind, t.key, t.due_at::timestamptz, t.payload, t.attempts;
    perform set_config('bellhop.crossing', '', true);
end $$;

comment on function bellhop.claim_timers(text, text[], interval, int) is
    'Claims due timers of these kinds, those first that waited longest, for p_lease by the database''s clock. A '
    'claim that expired is claimed again. To be committed at once: others skip what is locked.';

insert into bellhop.crossing_function values
    ('claim_timers(text,text[],interval,integer)', 'due work of all tenants is claimed by whoever is free');

revoke all on all functions in schema bellhop from public;
grant execute on function bellhop.claim_timers(text, text[], interval, int) to bellhop_node;
