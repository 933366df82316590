-- proves: one user per address, roles of the right kind, sessions found by their tokens, attempts counted
\ir words.sql
set session authorization clerk;
\ir hotel.sql

select pg_temp.same('found by address in any case', (tenant_id, tenant_status, user_id, status, password_hash,
    token_epoch, mfa_enabled)::text,
    '(11111111-1111-7111-8111-111111111111,active,b0000000-0000-7000-8000-000000000001,active,scrypt,1,f)')
from bellhop.find_login('aNA@aegean.EXAMPLE');
select pg_temp.same('an unknown address', count(*), 0::bigint) from bellhop.find_login('nobody@aegean.example');

begin;
select pg_temp.make_tenant(:U);
select pg_temp.refused('an address that another tenant''s user has', '23505', format(
    'insert into bellhop.app_user (tenant_id, id, email, name) values (%L, gen_random_uuid(), ''ANA@aegean.example'', '
        '''X'')', :U));
select pg_temp.refused(what, state, format('insert into bellhop.role_assignment (tenant_id, id, user_id, '
    'built_in_role, role_id, property_id, department_id)
    values (%L, gen_random_uuid(), %L, %s)', tenant, person, rest)) from (values
    ('a user of another tenant', '23503', :U, 'b0000000-0000-7000-8000-000000000001',
        '''auditor'', null, null, null')) as v (what, state, tenant, person, rest);
select pg_temp.be(:T);
select pg_temp.refused(what, state, format('insert into bellhop.role_assignment (tenant_id, id, user_id, '
    'built_in_role, role_id, property_id, department_id)
    values (%L, gen_random_uuid(), ''b0000000-0000-7000-8000-000000000001'', %s)', :T, rest)) from (values
    ('a role of the platform for a tenant''s user', '23503', '''super_admin'', null, null, null'),
    ('a role that there is not', '23503', '''king'', null, null, null'),
    ('two roles in one', '23514', '''auditor'', ''e0000000-0000-7000-8000-000000000001'', null, null'),
    ('no role', '23514', 'null, null, null, null'),
    ('a department without its property', '23514', '''auditor'', null, null, ''d0000000-0000-7000-8000-000000000001'''),
    ('the same once more', '23505', 'null, ''e0000000-0000-7000-8000-000000000001'', null, null')
) as v (what, state, rest);
update bellhop.app_user set status = 'deleted', deleted_at = now();
select pg_temp.be(:U);
insert into bellhop.app_user (tenant_id, id, email, name) values (:U, gen_random_uuid(), 'Ana@Aegean.example',
    'Another Ana');
select pg_temp.same('the address of who was deleted is free', tenant_id, :U::uuid)
from bellhop.find_login('ana@aegean.example');
rollback;

-- Staff of the platform: the platform's tenant_id, roles of the platform only.
begin;
select pg_temp.be(:SYSTEM);
insert into bellhop.app_user (tenant_id, id, email, name) values (:SYSTEM, :U, 'root@platform.example', 'Root');
insert into bellhop.role_assignment (tenant_id, id, user_id, built_in_role) values (:SYSTEM, :U, :U, 'super_admin');
select pg_temp.refused('a tenant''s role for staff of the platform', '23503', format(
    'insert into bellhop.role_assignment (tenant_id, id, user_id, built_in_role) values (%L, gen_random_uuid(), %L, '
        '''tenant_owner'')', :SYSTEM, :U));
select pg_temp.refused('a custom role of the platform', '23514', format(
    'insert into bellhop.role (tenant_id, id, code, name, permissions) values (%L, gen_random_uuid(), ''x'', ''X'', '
        '''{}'')', :SYSTEM));
commit;
select pg_temp.same('they log in like all', tenant_id, :SYSTEM::uuid) from bellhop.find_login('root@platform.example');

-- A refresh token is found as the present one, as the one before, or not at all.
begin;
select pg_temp.be(:T);
update bellhop.user_session set previous_hash = token_hash, rotated_at = now(),
    token_hash = sha256('token 2') where token_hash = sha256('token 1');
commit;
select pg_temp.same('token ' || n, (select (session_id, matched, tenant_status, user_status, is_expired)::text
    from bellhop.find_session(sha256(convert_to('token ' || n, 'UTF8')), 'f1000000-0000-7000-8000-000000000001')),
    format('(f1000000-0000-7000-8000-000000000001,%s,active,active,f)', matched))
from (values (1, 'previous'), (2, 'current'), (3, 'none')) as v (n, matched);
select pg_temp.same('a token of no session', count(*), 0::bigint) from bellhop.find_session(sha256('token 3'));
select pg_temp.holds('how long ago it was rotated', since_rotation between interval '0' and interval '1 minute')
from bellhop.find_session(sha256('token 1'));

-- Attempts are counted before they are judged.
create function pg_temp.count() returns text language sql as $$
    select string_agg(format('%s %s %s', kind, attempts, window_ends_in > interval '14 minutes'), ', ' order by kind)
    from bellhop.count_attempt(array['address', 'account'], array[sha256('1'), sha256('2')], interval '15 minutes');
$$;
select pg_temp.same('the first', pg_temp.count(), 'account 1 t, address 1 t');
select pg_temp.same('the second', pg_temp.count(), 'account 2 t, address 2 t');
select bellhop.forget_attempts(array['account'], array[sha256('2')]);
select pg_temp.same('after a success', pg_temp.count(), 'account 1 t, address 3 t');
reset session authorization;
update bellhop.login_throttle set window_start = now() - interval '15 minutes 1 second';
set session authorization clerk;
select pg_temp.same('in a new window', pg_temp.count(), 'account 1 t, address 1 t');

-- The platform's list.
begin;
select pg_temp.make_tenant(:U);
commit;
select pg_temp.same('all tenants, by name', array_agg((tenant_id, owner_name, properties_count,
    users_count)::text order by place),
    array[format('(%s,"Ana P.",1,1)', :T), format('(%s,,0,0)', :U)])
from bellhop.list_tenants(10) with ordinality as t (tenant_id, name, name_key, slug, status, owner_user_id, owner_name,
    contact_email, plan_name,
    plan_monthly_price, currency, created_at, version, properties_count, users_count, place);
select pg_temp.same('the next page', array_agg(n.tenant_id), array[:U]::uuid[])
from bellhop.list_tenants(1) f, bellhop.list_tenants(10, f.name_key, f.tenant_id) n;
select pg_temp.same('filtered', (select count(*) from bellhop.list_tenants(10, p_status => 'suspended'))
    + (select count(*) from bellhop.list_tenants(10, p_name_contains => 'ANT 2222')), 1::bigint);
