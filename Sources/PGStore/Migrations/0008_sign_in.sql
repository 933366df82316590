-- What happens before a tenant is known: logging in, coming back with a refresh token, and the throttle for both; and
-- the platform's own list of tenants.

create function bellhop.find_login(p_email text)
returns table (
    tenant_id uuid, tenant_status text, user_id uuid, status text, password_hash text, token_epoch int,
    mfa_enabled boolean)
language plpgsql stable security definer
set search_path = pg_catalog, bellhop, pg_temp
as $$
#variable_conflict use_column
begin
    perform set_config('bellhop.crossing', 'yes', true);
    return query
        select u.tenant_id, t.status, u.id, u.status, u.password_hash, u.token_epoch, u.mfa_enabled
        from app_user u join tenant t using (tenant_id)
        where u.email_key = lower(p_email) and u.deleted_at is null;
    perform set_config('bellhop.crossing', '', true);
end $$;

comment on function bellhop.find_login(text) is 'The one user with this address, if there is one.';

create function bellhop.find_session(p_token_hash bytea, p_session uuid default null)
returns table (
    tenant_id uuid, tenant_status text, user_id uuid, user_status text, user_token_epoch int, session_id uuid,
    device_id uuid, matched text, since_rotation interval, token_epoch int, expires_at timestamptz, is_expired boolean,
    revoked_at timestamptz)
language plpgsql stable security definer
set search_path = pg_catalog, bellhop, pg_temp
as $$
#variable_conflict use_column
begin
    perform set_config('bellhop.crossing', 'yes', true);
    return query
        select
            s.tenant_id, t.status, s.user_id, u.status, u.token_epoch, s.id, s.device_id,
            case when s.token_hash = p_token_hash then 'current' when s.previous_hash = p_token_hash then 'previous'
                else 'none' end,
            clock_timestamp() - s.rotated_at, s.token_epoch, s.expires_at, s.expires_at <= clock_timestamp(),
            s.revoked_at
        from user_session s
        join app_user u on u.tenant_id = s.tenant_id and u.id = s.user_id
        join tenant t on t.tenant_id = s.tenant_id
        where s.token_hash = p_token_hash or s.previous_hash = p_token_hash or s.id = p_session
        order by s.token_hash = p_token_hash desc, s.previous_hash = p_token_hash desc nulls last
        limit 1;
    perform set_config('bellhop.crossing', '', true);
end $$;

comment on function bellhop.find_session(bytea, uuid) is
    'The session of a refresh token. matched: current, previous, or none, where only the session named by '
    'p_session was found: then the token is an older one of it, or none at all.';

create function bellhop.list_tenants(
    p_limit int, p_after_name text default null, p_after_id uuid default null, p_status text default null,
    p_name_contains text default null)
returns table (
    tenant_id uuid, name text, name_key text, slug text, status text, owner_user_id uuid, owner_name text,
    contact_email text, plan_name text, plan_monthly_price numeric, currency text, created_at timestamptz,
    version bigint, properties_count bigint, users_count bigint)
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
            (select count(*) from app_user u where u.tenant_id = t.tenant_id and u.deleted_at is null)
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

-- Counters of attempts, for the whole cluster. Of no tenant, since the account may not exist. The key is a keyed hash
-- that the node makes of the account, the address, or both: the table names nobody.
create table bellhop.login_throttle (
    kind text not null check (kind in ('account', 'address', 'account_address')),
    key bytea not null check (octet_length(key) between 16 and 64),
    window_start timestamptz(3) not null default date_trunc('milliseconds', clock_timestamp()),
    attempts int not null default 1 check (attempts > 0),
    primary key (kind, key)
) with (fillfactor = 50);

create index login_throttle_by_age on bellhop.login_throttle (window_start);

grant select, insert, update, delete on bellhop.login_throttle to bellhop_node;

create function bellhop.count_attempt(p_kinds text[], p_keys bytea[], p_window interval)
returns table (kind text, attempts int, window_ends_in interval)
language plpgsql
set search_path = pg_catalog, bellhop, pg_temp
as $$
#variable_conflict use_column
declare
    v_now timestamptz(3) := date_trunc('milliseconds', clock_timestamp());
begin
    -- In one order for everybody, so that two attempts cannot wait for each other.
    return query
        insert into login_throttle as t (kind, key, window_start)
        select k.kind, k.key, v_now from unnest(p_kinds, p_keys) as k (kind, key) order by k.kind, k.key
        on conflict (kind, key) do update set
            attempts = case when t.window_start + p_window > v_now then t.attempts + 1 else 1 end,
            window_start = case when t.window_start + p_window > v_now then t.window_start else v_now end
        returning t.kind, t.attempts, t.window_start + p_window - v_now;
end $$;

comment on function bellhop.count_attempt(text[], bytea[], interval) is
    'Counts an attempt under each key, before the password is looked at, so that attempts at the same time '
    'cannot pass the limit together; returns the counts including this one. To be committed at once.';

create function bellhop.forget_attempts(p_kinds text[], p_keys bytea[]) returns void
language sql
set search_path = pg_catalog, bellhop, pg_temp
as $$
    delete from login_throttle t using unnest(p_kinds, p_keys) as k (kind, key) where t.kind = k.kind and t.key = k.key;
$$;

comment on function bellhop.forget_attempts(text[], bytea[]) is 'After a success.';

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
        select s.id from user_session s
        where s.expires_at < v_now - interval '1 day' order by s.expires_at limit p_limit for update skip locked
    ), gone as (
        delete from user_session s using old where s.id = old.id returning 1
    ) select count(*) into sessions from gone;
    with old as (
        select t.kind, t.key from login_throttle t
        where t.window_start < v_now - interval '1 day' order by t.window_start limit p_limit for update skip locked
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
    ('find_login(text)', 'the tenant is known only after the address was found'),
    ('find_session(bytea,uuid)', 'the tenant is known only after the token was found'),
    ('list_tenants(integer,text,uuid,text,text)', 'platform staff see all tenants; nightly work visits each'),
    ('delete_expired(integer)', 'cleaning is for all tenants at once');

revoke all on all functions in schema bellhop from public;
grant execute on function
    bellhop.find_login(text),
    bellhop.find_session(bytea, uuid),
    bellhop.list_tenants(int, text, uuid, text, text),
    bellhop.count_attempt(text[], bytea[], interval),
    bellhop.forget_attempts(text[], bytea[]),
    bellhop.delete_expired(int)
    to bellhop_node;
