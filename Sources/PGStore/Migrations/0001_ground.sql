-- The ground on which every other migration stands: the schema, the group role of the nodes, and row-level security.
--
-- A migration runs in one transaction as the owner role, which need not be a superuser. Everything of Bellhop lives in
-- the schema `bellhop`, to which PUBLIC has no way in: what the database's other users may do in `public` never decides
-- anything here, and no privilege of `public` must be taken from them.
--
-- Enumerations are text with a check, not enum types: a value can then be added or withdrawn within one transaction.

create schema if not exists bellhop;
revoke all on schema bellhop from public;

-- The nodes' rights are those of a group without login or password; the operator grants it to the role they log in
-- with. Roles belong to the whole server: another database may have made it, even at this moment.
do $$
begin
    if not exists (select from pg_roles where rolname = 'bellhop_node') then
        create role bellhop_node nologin;
    end if;
exception
    when duplicate_object or unique_violation then
        null;
    when insufficient_privilege then
        raise exception 'the role bellhop_node is missing and % may not create it', current_user
            using errcode = 'insufficient_privilege', hint = 'As a superuser: create role bellhop_node nologin;';
end $$;

do $$
begin
    if exists (select from pg_roles where rolname = 'bellhop_node' and (rolsuper or rolbypassrls)) then
        raise exception 'the role bellhop_node must be neither superuser nor free of row-level security'
            using hint = 'alter role bellhop_node nosuperuser nobypassrls;';
    end if;
end $$;

grant usage on schema bellhop to bellhop_node;

-- The platform itself has the all-zero id: its stream is `system`, its staff and its audit rows bear that tenant_id. So
-- row-level security needs no exception for rows without a tenant; on the wire its tenant_id is null.
create function bellhop.platform() returns uuid
language sql immutable parallel safe
return '00000000-0000-0000-0000-000000000000'::uuid;

comment on function bellhop.platform() is 'The id that stands for the platform where others have their tenant''s.';

-- Not `set search_path`: a function with settings is not inlined, and this one stands in every policy.
create function bellhop.current_tenant() returns uuid
language sql stable parallel safe
return nullif(pg_catalog.current_setting('bellhop.tenant', true), '')::uuid;

comment on function bellhop.current_tenant() is
    'The tenant of this transaction: set_config(''bellhop.tenant'', id, true). NULL, and so no row at all, where '
    'none was set.';

-- What must cross tenants. These run as the owner, whom row-level security binds like everybody (it is forced): only
-- the setting `bellhop.crossing`, which they switch on and off, opens to the owner alone the tables that have the
-- policy `crossing`. A node gains nothing by setting it, and an owner who forgets a WHERE still sees nothing. (Not a
-- SET clause of the function: to declare one for a setting of ours an owner would need a grant from a superuser.)
create table bellhop.crossing_function (
    signature text primary key,
    purpose text not null
);

comment on table bellhop.crossing_function is
    'Every function of this schema that is SECURITY DEFINER, and why. A test compares it with pg_proc.';

-- Closes a table that holds rows of tenants; every migration that makes one calls it.
create function bellhop.protect(p_table regclass, p_column name default 'tenant_id') returns void
language plpgsql
set search_path = pg_catalog, bellhop, pg_temp
as $$
begin
    execute format('alter table %s enable row level security', p_table);
    execute format('alter table %s force row level security', p_table);
    execute format('create policy tenant on %s using (%I = bellhop.current_tenant())', p_table, p_column);
end $$;

comment on function bellhop.protect(regclass, name) is
    'Row-level security, enabled and forced: a row is seen and written only under its own tenant.';

-- Lets the crossing functions into a table. The policy is for the role that runs the migrations, which owns those
-- functions.
create function bellhop.open_to_crossing(p_table regclass) returns void
language plpgsql
set search_path = pg_catalog, bellhop, pg_temp
as $$
begin
    execute format(
        'create policy crossing on %s to %I using (current_setting(''bellhop.crossing'', true) = ''yes'')',
        p_table, current_user);
end $$;

comment on function bellhop.open_to_crossing(regclass) is
    'Lets SECURITY DEFINER functions see all rows of a protected table, while bellhop.crossing is ''yes''.';

revoke all on all functions in schema bellhop from public;
grant execute on function bellhop.platform(), bellhop.current_tenant() to bellhop_node;
