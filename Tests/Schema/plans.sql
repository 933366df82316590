-- proves: what is asked often is answered from an index, also through row-level security
\ir words.sql
set session authorization clerk;
\ir hotel.sql
reset session authorization;
-- With rows this few the planner would read them all; what matters is that it can use the index.
set enable_seqscan = off;
set session authorization clerk;
begin;
select pg_temp.be(:T);
create function pg_temp.plan(p_statement text) returns text language plpgsql as $$
declare
    v_line text;
    v_plan text := '';
begin
    for v_line in execute 'explain (costs off) ' || p_statement loop v_plan := v_plan || v_line || E'\n'; end loop;
    return v_plan;
end $$;
select pg_temp.holds(what || E':\n' || pg_temp.plan(statement),
    pg_temp.plan(statement) like '%' || expected || '%' and pg_temp.plan(statement) !~ 'Sort *\n')
from (values
    ('a page of rooms', 'select * from bellhop.room where property_id = ''b0000000-0000-7000-8000-000000000001'' and '
        'sort_key > ''x'' and deleted_at is null order by sort_key limit 50',
        'Index Scan using room_by_number on room%Index Cond: ((tenant_id = %(property_id = %(sort_key > '),
    ('a page of users', 'select * from bellhop.app_user where (name_key, id) > (''x'', '
        '''b0000000-0000-7000-8000-000000000001'') order by tenant_id, name_key, id limit 50',
        'Index Scan using app_user_by_name on app_user%Index Cond: ((tenant_id = %ROW(name_key, id) > '),
    ('a user''s sessions', 'select * from bellhop.user_session where user_id = '
        '''b0000000-0000-7000-8000-000000000001''', 'Index Scan using user_session_of_user on user_session'),
    ('an entity''s events', 'select * from bellhop.event where entity_id = ''b0000000-0000-7000-8000-000000000001'' '
        'order by seq desc limit 50', '_stream_entity_id_seq_idx'),
    ('an entity''s audit', 'select * from bellhop.audit_log where entity_id = '
        '''b0000000-0000-7000-8000-000000000001'' order by seq desc limit 50',
        'Index Scan Backward using audit_log_of_entity on audit_log'),
    ('a person''s audit', 'select * from bellhop.audit_log where actor_id = ''b0000000-0000-7000-8000-000000000001'' '
        'order by seq desc limit 50',
        'Index Scan Backward using audit_log_of_actor on audit_log'),
    ('the latest audit', 'select * from bellhop.audit_log order by seq desc limit 50',
        'Index Scan Backward using audit_log_pkey on audit_log'),
    ('a room''s history', 'select * from bellhop.room_status_history where room_id = '
        '''b0000000-0000-7000-8000-000000000001'' order by recorded_at desc limit 50',
        'Index Scan Backward using room_status_history_pkey on room_status_history'),
    ('what speaks of a guest', 'select * from bellhop.event_guest where guest_id = '
        '''b0000000-0000-7000-8000-000000000001''', 'event_guest_pkey on event_guest')
) as v (what, statement, expected);
commit;
