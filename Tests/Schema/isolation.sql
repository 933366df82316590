-- proves: every table of a tenant shows and takes rows under their own tenant only
\ir words.sql
set session authorization clerk;
\ir hotel.sql
reset session authorization;

-- What holds rows of tenants is closed; what is not is known by name.
select pg_temp.same('tables without forced row-level security', string_agg(relname, ' ' order by relname),
    'built_in_role crossing_function login_throttle webhook_event webhook_line webhook_told')
from pg_class
where relnamespace = 'bellhop'::regnamespace and relkind in ('r', 'p') and relname <> 'schema_migrations'
    and not (relrowsecurity and relforcerowsecurity);

create temp view closed as
select c.oid, c.relname, c.relispartition,
    (select a.attname from pg_attribute a where a.attrelid = c.oid and a.attname in ('stream',
        'tenant_id') and not attisdropped
     order by a.attname limit 1) as tenant
from pg_class c
where c.relnamespace = 'bellhop'::regnamespace and c.relkind in ('r', 'p') and c.relrowsecurity;

select pg_temp.same(relname || ' has the policy of its tenant',
    (select string_agg(pg_get_expr(polqual, polrelid), '; ') from pg_policy
     where polrelid = closed.oid and polcmd = '*' and polroles = '{0}' and polpermissive),
    '(' || tenant || ' = bellhop.current_tenant())')
from closed;
select pg_temp.same(relname || ' has no other policy than that and the owner''s',
    (select count(*) from pg_policy where polrelid = closed.oid and polroles <> '{0}'
        and polroles <> array['hotel_owner'::regrole::oid]),
    0::bigint)
from closed;
select pg_temp.same(relname || '''s key begins with the tenant', a.attname, tenant)
from closed join pg_index i on i.indrelid = closed.oid and i.indisprimary
join pg_attribute a on a.attrelid = closed.oid and a.attnum = i.indkey[0];

grant select on closed to public;
create function pg_temp.visible(p_table name) returns bigint language plpgsql as $$
declare
    v_count bigint;
begin
    execute format('select count(*) from bellhop.%I', p_table) into v_count;
    return v_count;
end $$;

set session authorization clerk;
begin;
select pg_temp.be(:T);
select pg_temp.holds(relname || ' shows rows under their own tenant', pg_temp.visible(relname) > 0)
from closed where not relispartition;
select pg_temp.be(:U);
select pg_temp.same(relname || ' under another tenant', pg_temp.visible(relname), 0::bigint)
from closed where not relispartition;
-- The key of a session of the owner's functions is of no use to a node.
select set_config('bellhop.crossing', 'yes', true);
select pg_temp.same(relname || ' with the owner''s key', pg_temp.visible(relname), 0::bigint)
from closed where not relispartition;
select pg_temp.be(null);
select pg_temp.same(relname || ' under no tenant', pg_temp.visible(relname), 0::bigint)
from closed where not relispartition;
rollback;
select pg_temp.same(relname || ' with nothing set', pg_temp.visible(relname), 0::bigint)
from closed where not relispartition;
select pg_temp.refused(relname || ' by the name of a partition', '42501', format('select from bellhop.%I', relname))
from closed where relispartition;
select pg_temp.refused('a tenant that is no id', '22P02',
    'select set_config(''bellhop.tenant'', ''x'', true), (select count(*) from bellhop.room)');

-- Writing: rows of others are not found, and none can be made for them.
begin;
select pg_temp.be(:U);
create function pg_temp.changed(p_statement text) returns bigint language plpgsql as $$
declare
    v_count bigint;
begin
    execute p_statement;
    get diagnostics v_count = row_count;
    return v_count;
end $$;
select pg_temp.same('rows of another tenant that an update finds',
    pg_temp.changed('update bellhop.room set rush = true'), 0::bigint);
select pg_temp.same('rows of another tenant that a delete finds', pg_temp.changed('delete from bellhop.timer'),
    0::bigint);
select pg_temp.refused('a row for another tenant', '42501', format(
    'insert into bellhop.timer (tenant_id, kind, key, due_at) values (%L, ''k'', ''k'', now())', :T));
select pg_temp.refused('a stream for another tenant', '42501',
    format('insert into bellhop.stream_head (stream) values (%L)', :T));
select pg_temp.refused('a stream that begins at a number of one''s choice', '42501', format(
    'insert into bellhop.stream_head (stream, seq) values (%L, 7)', :U));
select pg_temp.refused('an event for another tenant', '42501', format(
    'select from pg_temp.append(array[%L]::uuid[], jsonb_build_array(pg_temp.event(%L)))', :T, :T));
select pg_temp.refused('audit for another tenant', '42501', format(
    'select bellhop.append_audit(%L, jsonb_build_array(pg_temp.audit()))', :T));
select pg_temp.be(:T);
select pg_temp.refused('a row given away', '42501', format('update bellhop.timer set tenant_id = %L', :U));
rollback;
select pg_temp.refused('an event under no tenant', '42501', format(
    'select from pg_temp.append(array[%L]::uuid[], jsonb_build_array(pg_temp.event(%L)))', :SYSTEM, :SYSTEM));

-- The owner is bound too: also where it names a partition.
set session authorization hotel_owner;
select pg_temp.same(relname || ' for an owner who forgot to say whose', pg_temp.visible(relname), 0::bigint)
from closed;
begin;
select pg_temp.be(:U);
select pg_temp.same(relname || ' for an owner under another tenant', pg_temp.visible(relname), 0::bigint) from closed;
select count(*) from bellhop.renew_epochs();
select pg_temp.same(relname || ' after a function that crosses', pg_temp.visible(relname), 0::bigint) from closed;
rollback;
