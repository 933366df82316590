-- proves: a repeated operation gets the first one's result, another request is told apart, old ones are cleaned
\ir words.sql
set session authorization clerk;
begin;
select pg_temp.make_tenant(:T);
commit;
begin;
select pg_temp.be(:T);
select pg_temp.same('first', o::text, '(t,t,,)') from bellhop.begin_operation(:U, :U, 'one') o;
select from bellhop.append_events(array[:T]::uuid[], jsonb_build_array(pg_temp.event(:T), pg_temp.event(:T)), '{a,b}',
    '{x,NULL,NULL,NULL,y,NULL,NULL,NULL}', '[]', :U, :U, '{"outcome":"applied"}');
commit;
begin;
select pg_temp.be(:T);
select pg_temp.same('repeated', (is_new, is_same, convert_from(result, 'UTF8'), seq)::text,
    '(f,t,"{""outcome"":""applied""}",2)')
from bellhop.begin_operation(:U, :U, 'one');
select pg_temp.same('another request', (is_new, is_same)::text, '(f,f)') from bellhop.begin_operation(:U, :U, 'two');
select pg_temp.same('another actor', (is_new, is_same)::text, '(t,t)') from bellhop.begin_operation(:T, :U, 'two');
-- A command that changed nothing locks no head.
select from bellhop.append_events('{}', '[]', '{}', '{}', '[]', :T, :U, 'nothing');
select pg_temp.same('a result without events', (convert_from(result, 'UTF8'), seq)::text, '(nothing,)')
from bellhop.begin_operation(:T, :U, 'two');
commit;
select pg_temp.refused('under no tenant', '42501', format('select from bellhop.begin_operation(%L, %L, ''x'')', :U,
    :U));
begin;
select pg_temp.be(:T);
select pg_temp.same('an attempt that was rolled back', is_new, true) from bellhop.begin_operation(:SYSTEM, :U, 'x');
rollback;
begin;
select pg_temp.be(:T);
select pg_temp.same('leaves nothing', is_new, true) from bellhop.begin_operation(:SYSTEM, :U, 'x');
rollback;

reset session authorization;
update bellhop.operation set created_at = now() - interval '7 days 1 minute' where actor_id = :U;
update bellhop.operation set created_at = now() - interval '6 days 23 hours' where actor_id = :T;
insert into bellhop.login_throttle (kind, key, span, present, before, counted_at) values
    ('account', sha256('a'), 1, 1, 0, now() - interval '25 hours'), ('account', sha256('b'), 1, 1, 0, now());
set session authorization clerk;
begin;
select pg_temp.be(:T);
insert into bellhop.app_user (tenant_id, id, email, name) values (:T, :T, 'a@b', 'A');
insert into bellhop.user_session (tenant_id, id, user_id, device_id, family_hash, current_hashes, rotated_at,
    token_epoch, started_at, expires_at)
select :T, gen_random_uuid(), :T, :T, sha256(n::text::bytea), array[sha256('t')], now(), 1, now() - interval '30 days',
    now() - interval '23 hours' * n from generate_series(1, 2) as n;
commit;
select pg_temp.same('cleaned', d::text, '(1,1,1)') from bellhop.delete_expired(100) d;
select pg_temp.same('cleaned again', d::text, '(0,0,0)') from bellhop.delete_expired(100) d;
begin;
select pg_temp.be(:T);
select pg_temp.same('who remains', array_agg(actor_id), array[:T]::uuid[]) from bellhop.operation;
commit;
