-- proves: the node's role owns nothing, cannot change log and audit, and can do nothing that is not granted
\ir words.sql
set session authorization clerk;
\ir hotel.sql

select pg_temp.refused(format('%s on %s', verb, name), '42501', format(statement, name))
from unnest(array['event', 'audit_log', 'event_default', 'event_' || to_char(now() at time zone 'UTC',
    'YYYY_MM')]) as name,
    (values ('update', 'update bellhop.%I set seq = seq'), ('delete', 'delete from bellhop.%I'),
            ('truncate', 'truncate bellhop.%I'), ('insert', 'insert into bellhop.%I select * from bellhop.%1$I'),
            ('lock', 'lock table bellhop.%I in share mode')) as v (verb, statement);
select pg_temp.refused(what, '42501', statement) from (values
    ('moving a head', 'update bellhop.stream_head set seq = 99'),
    ('forgetting an operation', 'delete from bellhop.operation'),
    ('a result that was not appended', 'update bellhop.operation set result = ''x'''),
    ('writing the history anew', 'update bellhop.room_status_history set to_value = ''x'''),
    ('deleting a user', 'delete from bellhop.app_user'),
    ('making a role', 'insert into bellhop.built_in_role values (''x'', ''platform'', ''X'')'),
    ('a table in the schema', 'create table bellhop.mine ()'),
    ('switching off row-level security', 'alter table bellhop.room disable row level security'),
    ('a policy', 'create policy mine on bellhop.room using (true)'),
    ('a role without row-level security', 'alter role clerk bypassrls'),
    ('becoming the owner', 'set role hotel_owner'),
    ('a new epoch for all', 'select bellhop.renew_epochs()'),
    ('making partitions', 'select bellhop.create_event_partitions()'),
    ('chaining by hand', 'select bellhop.chain_audit(bellhop.platform(), ''[]'')'),
    ('opening a table', 'select bellhop.open_to_crossing(''bellhop.room'')'),
    ('reading which functions cross', 'select from bellhop.crossing_function')
) as v (what, statement);
-- Not a way around: it is an error, not all rows.
set row_security = off;
select pg_temp.refused('without row-level security', '42501', 'select from bellhop.room');
set row_security = on;

reset session authorization;
select pg_temp.same('what a node owns', count(*), 0::bigint)
from pg_shdepend d join pg_roles r on r.oid = d.refobjid and d.deptype = 'o' where r.rolname in ('clerk',
    'bellhop_node');
select pg_temp.same('the group can log in or more',
    rolcanlogin or rolsuper or rolbypassrls or rolcreaterole or rolcreatedb or rolreplication, false)
from pg_roles where rolname = 'bellhop_node';
select pg_temp.same('the group has no TRUNCATE, REFERENCES or TRIGGER', string_agg(relname, ' '), null)
from pg_class where relnamespace = 'bellhop'::regnamespace and relkind in ('r', 'p')
    and has_table_privilege('bellhop_node', oid, 'TRUNCATE, REFERENCES, TRIGGER');
-- A grant that is forgotten in a migration shows here.
select pg_temp.same('what the group may do', string_agg(format('%s:%s', relname, verbs),
    ' ' order by relname collate "C"),
    'app_user:SIU audit_log:S built_in_role:S department:SIU device:SIUD event:S event_guest:SD event_personal:SD '
    'login_throttle:SIUD operation:S property:SIU role:SIU role_assignment:SID room:SIU room_status_history:SI '
    'room_type:SIU stream_head:S tenant:SIU timer:SIUD '
    'user_invitation:SIUD user_session:SIU webhook_event:SID webhook_line:SIU webhook_told:SIUD')
from pg_class c, lateral (
    select string_agg(left(verb, 1), '' order by place) from unnest(array['SELECT', 'INSERT', 'UPDATE', 'DELETE'])
    with ordinality as v (verb, place) where has_table_privilege('bellhop_node', c.oid, verb)) as v (verbs)
where relnamespace = 'bellhop'::regnamespace and relkind in ('r', 'p') and verbs is not null;

-- PUBLIC has nothing.
select pg_temp.same('functions that everybody may call', string_agg(proname, ' '), null)
from pg_proc p where pronamespace = 'bellhop'::regnamespace
    and exists (select from aclexplode(coalesce(proacl, acldefault('f', proowner))) where grantee = 0);
create role passer_by login;
select pg_temp.same('the schema is closed', has_schema_privilege('passer_by', 'bellhop', 'USAGE, CREATE'), false);
drop role passer_by;
