-- What the back ends of external apps are told over HTTP, and what they were told. Of no tenant: apps are the platform's.
--
-- Whoever changes what an app's back end is told holds the lock of its line until the commit: so events get their numbers in
-- the order in which they become true, and of two nodes that notice the same thing one tells it. Locks are taken in the order
-- line, rows, timer.

create table bellhop.webhook_line (
    app text primary key check (length(app) between 1 and 64),
    last_id bigint not null default 0,
    failing_since timestamptz(3),
    failures int not null default 0 check (failures >= 0),
    check ((failing_since is null) = (failures = 0))
);

create table bellhop.webhook_event (
    app text not null,
    id bigint not null,
    event bytea not null check (octet_length(event) <= 1048576),
    queued_at timestamptz(3) not null default date_trunc('milliseconds', clock_timestamp()),
    primary key (app, id)
);

create table bellhop.webhook_told (
    app text not null,
    kind text not null check (kind in ('channel', 'member', 'count')),
    channel text not null check (length(channel) between 1 and 200),
    user_id text not null default '' check (length(user_id) <= 128 and (kind = 'member') = (user_id <> '')),
    subscriptions int check (subscriptions is null or subscriptions > 0 and kind = 'count'),
    look_at timestamptz(3),
    primary key (app, kind, channel, user_id)
);

create index webhook_told_by_look on bellhop.webhook_told (app, look_at) where look_at is not null;

grant select, insert, update on bellhop.webhook_line to bellhop_node;
grant select, insert, delete on bellhop.webhook_event to bellhop_node;
grant select, insert, update, delete on bellhop.webhook_told to bellhop_node;

comment on table bellhop.webhook_line is 'One row for each app with webhooks: its lock, and how its back end answers.';
comment on column bellhop.webhook_line.last_id is 'The number of the event that was queued last.';
comment on column bellhop.webhook_event.event is 'The event as JSON, as it will stand in the request''s body.';
comment on table bellhop.webhook_told is
    'What a back end believes: channel: that it is occupied; member: that the user is in it; count: how many subscriptions it '
    'has (subscriptions; NULL is none). No row: that it is not so.';
comment on column bellhop.webhook_told.look_at is
    'When to look whether it still is so. Whoever notes a change sets it ahead; whoever has looked takes it away only if '
    'nobody did that meanwhile.';

-- Timers are named in one place; the platform's have no tenant.
create function bellhop.wake_webhooks(p_app text, p_window interval) returns void
language plpgsql
set search_path = pg_catalog, bellhop, pg_temp
as $$
declare
    v_look timestamptz := (select min(look_at) from webhook_told where app = p_app);
begin
    if exists (select from webhook_event where app = p_app) then
        insert into timer (tenant_id, kind, key, due_at)
        values (platform(), 'webhook.deliver', p_app, clock_timestamp() + p_window)
        on conflict do nothing;
    end if;
    if v_look is not null then
        -- Whoever works on it sets it anew at the end.
        insert into timer as t (tenant_id, kind, key, due_at) values (platform(), 'webhook.look', p_app, v_look)
        on conflict (tenant_id, kind, key) do update set due_at = excluded.due_at
        where t.claimed_by is null and t.due_at > excluded.due_at;
    end if;
end $$;

comment on function bellhop.wake_webhooks(text, interval) is
    'Sees to it that there are timers for what is queued and for what is to be looked at. Under the lock of the line.';

create function bellhop.queue_webhooks(p_app text, p_events bytea[], p_bound int) returns int
language plpgsql
set search_path = pg_catalog, bellhop, pg_temp
as $$
declare
    v_last bigint;
    v_dropped int := 0;
begin
    if cardinality(p_events) > 0 then
        update webhook_line set last_id = last_id + cardinality(p_events) where app = p_app returning last_id into v_last;
        insert into webhook_event (app, id, event)
        select p_app, v_last - cardinality(p_events) + e.place, e.event
        from unnest(p_events) with ordinality as e (event, place);
        delete from webhook_event where app = p_app and id <= v_last - p_bound;
        get diagnostics v_dropped = row_count;
    end if;
    return v_dropped;
end $$;

comment on function bellhop.queue_webhooks(text, bytea[], int) is
    'Queues events in their order; at most p_bound stay, the oldest are dropped. Under the lock of the line. Returns how many '
    'were dropped.';

create function bellhop.note_webhooks(
    p_app text, p_kinds text[], p_channels text[], p_users text[], p_holds boolean[], p_events bytea[], p_others bytea[],
    p_grace interval, p_pause interval, p_window interval, p_bound int)
returns table (told text[], queued int, dropped int)
language plpgsql
set search_path = pg_catalog, bellhop, pg_temp
as $$
declare
    v_now timestamptz(3);
    v_events bytea[];
begin
    insert into webhook_line (app) values (p_app) on conflict do nothing;
    perform from webhook_line where app = p_app for update;
    v_now := date_trunc('milliseconds', clock_timestamp());
    with fact as (
        select * from unnest(p_kinds, p_channels, p_users, p_holds, p_events) with ordinality
            as f (kind, channel, user_id, holds, event, place)
    ), fresh as (
        insert into webhook_told as t (app, kind, channel, user_id)
        select p_app, f.kind, f.channel, f.user_id from fact f where f.holds and f.kind <> 'count'
        on conflict do nothing
        returning t.kind, t.channel, t.user_id
    )
    select array_agg(f.event order by f.place) filter (where f.event is not null), array_agg(f.channel order by f.place)
    into v_events, told
    from fresh join fact f using (kind, channel, user_id);
    -- A look that is still ahead will see it, too; one that may be going on may not.
    update webhook_told t set look_at = v_now + p_grace
    from unnest(p_kinds, p_channels, p_users, p_holds) as f (kind, channel, user_id, holds)
    where t.app = p_app and t.kind = f.kind and t.channel = f.channel and t.user_id = f.user_id and f.kind <> 'count'
        and not f.holds and (t.look_at is null or t.look_at <= v_now);
    insert into webhook_told as t (app, kind, channel, look_at)
    select p_app, f.kind, f.channel, v_now + p_pause
    from unnest(p_kinds, p_channels) as f (kind, channel) where f.kind = 'count'
    on conflict (app, kind, channel, user_id) do update set look_at = excluded.look_at
    where t.look_at is null or t.look_at <= v_now;
    v_events := coalesce(v_events, '{}') || p_others;
    queued := cardinality(v_events);
    dropped := queue_webhooks(p_app, v_events, p_bound);
    perform wake_webhooks(p_app, p_window);
    told := coalesce(told, '{}');
    return next;
end $$;

comment on function bellhop.note_webhooks(
    text, text[], text[], text[], boolean[], bytea[], bytea[], interval, interval, interval, int) is
    'Notes what was found: what holds and was not told is told now, what does not hold and was told is looked at again after '
    'p_grace, counts after p_pause; p_others are queued as they are. No fact may be named twice. Returns the channels of what '
    'is told, how many events were queued, and how many old ones dropped.';

create function bellhop.hold_webhook_claim(p_app text, p_kind text, p_claim text, p_attempts int) returns void
language plpgsql
set search_path = pg_catalog, bellhop, pg_temp
as $$
begin
    perform from webhook_line where app = p_app for update;
    perform from timer
    where tenant_id = platform() and kind = p_kind and key = p_app and claimed_by = p_claim and attempts = p_attempts
    for update;
    if not found then
        raise exception 'the claim of timer % was lost', p_kind using errcode = 'BH001';
    end if;
end $$;

comment on function bellhop.hold_webhook_claim(text, text, text, int) is
    'Locks an app''s line, and refuses (BH001) whoever has lost the claim of its timer.';

create function bellhop.settle_webhooks(
    p_app text, p_kinds text[], p_channels text[], p_users text[], p_looks timestamptz[], p_holds boolean[],
    p_numbers int[], p_events bytea[], p_again interval, p_window interval, p_bound int, p_claim text, p_attempts int)
returns table (told text[], queued int, dropped int)
language plpgsql
set search_path = pg_catalog, bellhop, pg_temp
as $$
declare
    v_events bytea[];
    v_next timestamptz(3);
begin
    perform hold_webhook_claim(p_app, 'webhook.look', p_claim, p_attempts);
    with fact as (
        select f.*, t.subscriptions
        from unnest(p_kinds, p_channels, p_users, p_looks, p_holds, p_numbers, p_events) with ordinality
            as f (kind, channel, user_id, look_at, holds, number, event, place)
        -- What was noted anew since somebody looked is looked at later.
        join webhook_told t on t.app = p_app and t.kind = f.kind and t.channel = f.channel and t.user_id = f.user_id
            and t.look_at = f.look_at
    ), gone as (
        delete from webhook_told t using fact f
        where t.app = p_app and t.kind = f.kind and t.channel = f.channel and t.user_id = f.user_id and not f.holds
    ), kept as (
        update webhook_told t set
            look_at = case when f.holds is null then date_trunc('milliseconds', clock_timestamp()) + p_again end,
            subscriptions = case when f.holds and f.kind = 'count' then f.number else t.subscriptions end
        from fact f
        where t.app = p_app and t.kind = f.kind and t.channel = f.channel and t.user_id = f.user_id
            and f.holds is not false
    )
    select array_agg(f.event order by f.place) filter (where f.event is not null), array_agg(f.channel order by f.place)
    into v_events, told
    from fact f
    where case when f.kind = 'count' then f.holds is not null and coalesce(f.subscriptions, 0) <> f.number else not f.holds end;
    v_events := coalesce(v_events, '{}');
    queued := cardinality(v_events);
    dropped := queue_webhooks(p_app, v_events, p_bound);
    select min(t.look_at) into v_next from webhook_told t where t.app = p_app;
    if v_next is null then
        delete from timer where tenant_id = platform() and kind = 'webhook.look' and key = p_app;
    else
        update timer set due_at = v_next, claimed_by = null, claim_expires_at = null, attempts = 0
        where tenant_id = platform() and kind = 'webhook.look' and key = p_app;
    end if;
    perform wake_webhooks(p_app, p_window);
    told := coalesce(told, '{}');
    return next;
end $$;

comment on function bellhop.settle_webhooks(
    text, text[], text[], text[], timestamptz[], boolean[], int[], bytea[], interval, interval, int, text, int) is
    'What came of looking at rows whose look_at has come: what does not hold any more is told to be gone, a count that is '
    'another is told; where p_holds is NULL nobody can say yet, and it is looked at again after p_again. Ends the claim, or '
    'sets the timer for the next look. Returns as note_webhooks does.';

create function bellhop.end_webhook_attempt(
    p_app text, p_ids bigint[], p_is_done boolean, p_patience interval, p_horizon interval, p_claim text, p_attempts int)
returns table (failures int, dropped int, is_left boolean)
language plpgsql
set search_path = pg_catalog, bellhop, pg_temp
as $$
#variable_conflict use_column
declare
    v_now timestamptz(3);
    v_since timestamptz(3);
begin
    perform hold_webhook_claim(p_app, 'webhook.deliver', p_claim, p_attempts);
    v_now := date_trunc('milliseconds', clock_timestamp());
    failures := 0;
    dropped := 0;
    if p_is_done then
        delete from webhook_event where app = p_app and id = any(p_ids);
        update webhook_line l set failing_since = null, failures = 0 where l.app = p_app and l.failures > 0;
    else
        update webhook_line l set failing_since = coalesce(l.failing_since, v_now), failures = l.failures + 1
        where l.app = p_app
        returning l.failures, l.failing_since into failures, v_since;
        -- Those that were tried, and whatever waits behind them for much too long; not because of a failure or two after a
        -- time without nodes.
        delete from webhook_event e
        where e.app = p_app and v_since <= v_now - p_patience and (e.queued_at <= v_now - p_horizon
            or e.id = any(p_ids) and e.queued_at <= v_now - p_patience);
        get diagnostics dropped = row_count;
    end if;
    is_left := exists (select from webhook_event e where e.app = p_app);
    if not is_left then
        delete from timer where tenant_id = platform() and kind = 'webhook.deliver' and key = p_app;
    end if;
    return next;
end $$;

comment on function bellhop.end_webhook_attempt(text, bigint[], boolean, interval, interval, text, int) is
    'What came of a request. Done: its events go. Not done, and not for p_patience: those of its events go that have waited '
    'that long, and all that have waited for p_horizon. When nothing is left the claim ends. Returns how often in a row it '
    'failed, how many were dropped, and whether something is left.';

revoke all on all functions in schema bellhop from public;
grant execute on function
    bellhop.wake_webhooks(text, interval), bellhop.queue_webhooks(text, bytea[], int),
    bellhop.note_webhooks(
        text, text[], text[], text[], boolean[], bytea[], bytea[], interval, interval, interval, int),
    bellhop.hold_webhook_claim(text, text, text, int),
    bellhop.settle_webhooks(
        text, text[], text[], text[], timestamptz[], boolean[], int[], bytea[], interval, interval, int, text, int),
    bellhop.end_webhook_attempt(text, bigint[], boolean, interval, interval, text, int)
    to bellhop_node;
