-- What happens before a tenant is known: logging in, coming back with a refresh token, and the throttle for both; and
-- the platform's own list of tenants.

create function bellhop.find_login(p_email text, p_device uuid default null)
returns table (
    tenant_id uuid, tenant_status text, user_id uuid, email text, status text, password_hash text, token_epoch int,
    mfa_enabled boolean, knows_device boolean)
language plpgsql stable security definer
set search_path = pg_catalog, bellhop, pg_temp
as $$
#variable_conflict use_column
begin
    perform set_config('bellhop.crossing', 'yes', true);
    return query
        select
            u.tenant_id, t.status, u.id, u.email_key, u.status, u.password_hash, u.token_epoch, u.mfa_enabled,
            p_device is not null and exists (
                select from user_session s
                where s.tenant_id = u.tenant_id and s.user_id = u.id and s.device_id = p_device)
        from app_user u join tenant t using (tenant_id)
        where u.email_key = lower(p_email) and u.deleted_at is null;
    perform set_config('bellhop.crossing', '', true);
end $$;

comment on function bellhop.find_login(text, uuid) is
    'The one user with this address, if there is one; knows_device: whether the user had a session on p_device.';

create function bellhop.enter_session(p_family_hash bytea) returns uuid
language plpgsql security definer
set search_path = pg_catalog, bellhop, pg_temp
as $$
declare
    v_tenant uuid;
begin
    perform set_config('bellhop.crossing', 'yes', true);
    select s.tenant_id into v_tenant from user_session s where s.family_hash = p_family_hash;
    perform set_config('bellhop.crossing', '', true);
    perform set_config('bellhop.tenant', coalesce(v_tenant::text, ''), true);
    return v_tenant;
end $$;

comment on function bellhop.enter_session(bytea) is
    'Makes the tenant of a session the one of this transaction: whoever shows a refresh token says no tenant. NULL, and '
    'no tenant, if there is no such family.';

create function bellhop.enter_invitation(p_token_hash bytea) returns uuid
language plpgsql security definer
set search_path = pg_catalog, bellhop, pg_temp
as $$
declare
    v_tenant uuid;
begin
    perform set_config('bellhop.crossing', 'yes', true);
    select i.tenant_id into v_tenant from user_invitation i where i.token_hash = p_token_hash;
    perform set_config('bellhop.crossing', '', true);
    perform set_config('bellhop.tenant', coalesce(v_tenant::text, ''), true);
    return v_tenant;
end $$;

comment on function bellhop.enter_invitation(bytea) is
    'Makes the tenant of an invitation the one of this transaction: whoever follows its link says no tenant. NULL, and no '
    'tenant, if there is no such invitation.';

create function bellhop.list_tenants(
    p_limit int, p_after_name text default null, p_after_id uuid default null, p_status text default null,
    p_name_contains text default null)
returns table (
    tenant_id uuid, name text, name_key text, slug text, status text, owner_user_id uuid, owner_name text,
    contact_email text, plan_name text, plan_monthly_price numeric, currency text, created_at timestamptz,
    version bigint, properties_count bigint, users_count bigint, legal_name text, phone text, billing_email text,
    approved_at timestamptz, approved_by uuid, suspended_at timestamptz, suspend_reason text, updated_at timestamptz,
    owner_status text)
language plpgsql stable security definer
set search_path = pg_catalog, bellhop, pg_temp
as $$
#variable_conflict use_column
begin
    perform set_config('bellhop.crossing', 'yes', true);
    return query
        select
            t.tenant_id, t.name, t.name_key, t.slug, t.status, t.owner_user_id, o.name, t.contact_email, t.plan_name,
            t.plan_monthly_price, t.currency, t.created_at::timestamptz, t.version,
            (select count(*) from property p where p.tenant_id = t.tenant_id and p.deleted_at is null),
            (select count(*) from app_user u where u.tenant_id = t.tenant_id and u.deleted_at is null),
            t.legal_name, t.phone, t.billing_email, t.approved_at::timestamptz, t.approved_by,
            t.suspended_at::timestamptz, t.suspend_reason, t.updated_at::timestamptz, o.status
        from tenant t
        left join app_user o on o.tenant_id = t.tenant_id and o.id = t.owner_user_id
        where t.tenant_id <> platform() and t.deleted_at is null
            and (t.name_key, t.tenant_id) > (coalesce(p_after_name, ''), coalesce(p_after_id, platform()))
            and (p_status is null or t.status = p_status)
            and (p_name_contains is null or position(lower(p_name_contains) in t.name_key) > 0)
        order by t.name_key, t.tenant_id
        limit p_limit;
    perform set_config('bellhop.crossing', '', true);
end $$;

comment on function bellhop.list_tenants(int, text, uuid, text, text) is
    'All tenants by name, for platform staff and nightly work; the next page begins after the last row''s '
    'name_key and tenant_id.';

-- Counters of attempts, for the whole cluster. Of no tenant, since the account may not exist. The key is a hash that the node
-- makes of the account, the address, or both: the table names nobody. Time is cut into spans, of which the present one
-- and the one before it are known.
create table bellhop.login_throttle (
    kind text not null check (kind in ('account', 'address', 'pair', 'device')),
    key bytea not null check (octet_length(key) between 16 and 64),
    span bigint not null,
    present int not null check (present >= 0),
    before int not null check (before >= 0),
    counted_at timestamptz(3) not null default date_trunc('milliseconds', clock_timestamp()),
    primary key (kind, key)
) with (fillfactor = 50);

create index login_throttle_by_age on bellhop.login_throttle (counted_at);

grant select, insert, update, delete on bellhop.login_throttle to bellhop_node;

create function bellhop.count_attempt(p_kinds text[], p_keys bytea[], p_span interval)
returns table (ordinal int, span bigint, present int, before int, elapsed interval)
language plpgsql
set search_path = pg_catalog, bellhop, pg_temp
as $$
#variable_conflict use_column
declare
    v_width bigint := (extract(epoch from p_span) * 1000)::bigint;
    v_now timestamptz(3) := date_trunc('milliseconds', clock_timestamp());
    v_ms bigint := (extract(epoch from v_now) * 1000)::bigint;
    v_span bigint := v_ms / v_width;
begin
    -- In one order for everybody, so that two attempts cannot wait for each other. Who waited finds a later span: it counts
    -- there.
    return query
        with counted as (
            insert into login_throttle as t (kind, key, span, present, before, counted_at)
            select k.kind, k.key, v_span, 1, 0, v_now
            from unnest(p_kinds, p_keys) as k (kind, key) order by k.kind, k.key
            on conflict (kind, key) do update set
                present = case when t.span >= excluded.span then t.present + 1 else 1 end,
                before = case
                    when t.span >= excluded.span then t.before
                    when t.span = excluded.span - 1 then t.present
                    else 0 end,
                span = greatest(t.span, excluded.span),
                counted_at = greatest(t.counted_at, excluded.counted_at)
            returning t.kind, t.key, t.span, t.present, t.before
        )
        select
            k.ordinality::int, c.span, c.present, c.before,
            greatest(v_ms - c.span * v_width, 0) * interval '1 millisecond'
        from unnest(p_kinds, p_keys) with ordinality as k (kind, key, ordinality)
        join counted c using (kind, key)
        order by k.ordinality;
end $$;

comment on function bellhop.count_attempt(text[], bytea[], interval) is
    'Counts an attempt under each key, before the password is looked at, so that attempts at the same time '
    'cannot pass the limit together; returns the counts including this one, and how much of the span is over. To be '
    'committed at once.';

create function bellhop.take_back_attempt(p_kinds text[], p_keys bytea[], p_spans bigint[]) returns void
language sql
set search_path = pg_catalog, bellhop, pg_temp
as $$
    with counted as materialized (
        select t.kind, t.key, k.span
        from login_throttle t join unnest(p_kinds, p_keys, p_spans) as k (kind, key, span) using (kind, key)
        order by t.kind, t.key for update of t
    )
    update login_throttle t set
        present = case when t.span = c.span then greatest(t.present - 1, 0) else t.present end,
        before = case when t.span = c.span + 1 then greatest(t.before - 1, 0) else t.before end
    from counted c where t.kind = c.kind and t.key = c.key;
$$;

comment on function bellhop.take_back_attempt(text[], bytea[], bigint[]) is
    'After a success, or where no password was looked at: from the spans in which count_attempt counted it.';

create function bellhop.delete_expired(p_limit int)
returns table (operations bigint, sessions bigint, throttles bigint)
language plpgsql security definer
set search_path = pg_catalog, bellhop, pg_temp
as $$
declare
    v_now timestamptz := clock_timestamp();
begin
    perform set_config('bellhop.crossing', 'yes', true);
    -- Who does the same at the same time takes other rows.
    with old as (
        select o.tenant_id, o.actor_id, o.op_id from operation o
        where o.created_at < v_now - interval '7 days' order by o.created_at limit p_limit for update skip locked
    ), gone as (
        delete from operation o using old
        where o.tenant_id = old.tenant_id and o.actor_id = old.actor_id and o.op_id = old.op_id returning 1
    ) select count(*) into operations from gone;
    -- A day longer than a session is good for: its late tokens are answered as expired.
    with old as (
        select s.tenant_id, s.id from user_session s
        where s.expires_at < v_now - interval '1 day' order by s.expires_at limit p_limit for update skip locked
    ), gone as (
        delete from user_session s using old where s.tenant_id = old.tenant_id and s.id = old.id returning 1
    ) select count(*) into sessions from gone;
    with old as (
        select t.kind, t.key from login_throttle t
        where t.counted_at < v_now - interval '1 day' order by t.counted_at limit p_limit for update skip locked
    ), gone as (
        delete from login_throttle t using old where t.kind = old.kind and t.key = old.key returning 1
    ) select count(*) into throttles from gone;
    return next;
    perform set_config('bellhop.crossing', '', true);
end $$;

comment on function bellhop.delete_expired(int) is
    'Deletes at most p_limit each of: operations older than 7 days, sessions that ended a day ago, throttles '
    'older than a day.';

insert into bellhop.crossing_function values
    ('find_login(text,uuid)', 'the tenant is known only after the address was found'),
    ('enter_session(bytea)', 'the tenant is known only after the token was found'),
    ('enter_invitation(bytea)', 'the tenant is known only after the link was found'),
    ('list_tenants(integer,text,uuid,text,text)', 'platform staff see all tenants; nightly work visits each'),
    ('delete_expired(integer)', 'cleaning is for all tenants at once');

revoke all on all functions in schema bellhop from public;
grant execute on function
    bellhop.find_login(text, uuid),
    bellhop.enter_session(bytea),
    bellhop.enter_invitation(bytea),
    bellhop.list_tenants(int, text, uuid, text, text),
    bellhop.count_attempt(text[], bytea[], interval),
    bellhop.take_back_attempt(text[], bytea[], bigint[]),
    bellhop.delete_expired(int)
    to bellhop_node;
