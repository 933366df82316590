-- proves: one user per address, roles of the right kind, sessions found by their tokens, attempts counted
\ir words.sql
set session authorization clerk;
\ir hotel.sql

select pg_temp.same('found by address in any case', (tenant_id, tenant_status, user_id, status, password_hash,
    token_epoch, mfa_enabled, knows_device)::text,
    '(11111111-1111-7111-8111-111111111111,active,b0000000-0000-7000-8000-000000000001,active,scrypt,1,f,f)')
from bellhop.find_login('aNA@aegean.EXAMPLE');
select pg_temp.same('a device that was used before', array_agg(knows_device), array[true, false])
from (values ('f0000000-0000-7000-8000-000000000001'), ('f0000000-0000-7000-8000-000000000002')) as v (device),
    bellhop.find_login('ana@aegean.example', device::uuid);
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

-- A refresh token says its family, and with it the tenant, for this transaction only.
begin;
select pg_temp.same('the tenant of a family', bellhop.enter_session(sha256('family 1')), :T::uuid);
select pg_temp.same('is now the transaction''s', array_agg(id), array['f1000000-0000-7000-8000-000000000001']::uuid[])
from bellhop.user_session;
select pg_temp.same('an unknown family has none', bellhop.enter_session(sha256('family 2')), null);
select pg_temp.same('and shows nothing', count(*), 0::bigint) from bellhop.user_session;
rollback;
select pg_temp.same('nothing is left of it', bellhop.current_tenant(), null);

-- Attempts are counted before they are judged.
create function pg_temp.count() returns text language sql as $$
    select string_agg(format('%s %s+%s', ordinal, present, before), ', ' order by ordinal)
    from bellhop.count_attempt(array['pair', 'account'], array[sha256('1'), sha256('2')], interval '15 minutes');
$$;
create function pg_temp.take_back(p_back bigint) returns void language sql as $$
    select bellhop.take_back_attempt(array['account'], array[sha256('2')],
        array[(select span - p_back from bellhop.login_throttle where kind = 'account')]);
$$;
select pg_temp.same('the first', pg_temp.count(), '1 1+0, 2 1+0');
select pg_temp.same('the second', pg_temp.count(), '1 2+0, 2 2+0');
select pg_temp.take_back(0);
select pg_temp.same('after one was taken back', pg_temp.count(), '1 3+0, 2 2+0');
reset session authorization;
update bellhop.login_throttle set span = span - 1;
set session authorization clerk;
select pg_temp.same('in a new span', pg_temp.count(), '1 1+3, 2 1+2');
select pg_temp.take_back(1);
select pg_temp.same('after one was taken back from the span before', pg_temp.count(), '1 2+3, 2 2+1');
select pg_temp.take_back(2);
select pg_temp.take_back(-1);
select pg_temp.same('not from others', pg_temp.count(), '1 3+3, 2 3+1');
reset session authorization;
update bellhop.login_throttle set span = span + 1;
set session authorization clerk;
select pg_temp.same('by a clock that is behind', pg_temp.count(), '1 4+3, 2 4+1');
select pg_temp.same('nothing of this span is over', max(elapsed), interval '0')
from bellhop.count_attempt(array['pair'], array[sha256('1')], interval '15 minutes');
reset session authorization;
update bellhop.login_throttle set span = span - 3;
set session authorization clerk;
select pg_temp.same('after a span without any', pg_temp.count(), '1 1+0, 2 1+0');
select pg_temp.holds('what is over', elapsed between interval '0' and interval '15 minutes')
from bellhop.count_attempt(array['pair'], array[sha256('1')], interval '15 minutes');

-- The platform's list.
begin;
select pg_temp.make_tenant(:U);
commit;
select pg_temp.same('all tenants, by name', array_agg((tenant_id, owner_name, properties_count,
    users_count)::text order by place),
    array[format('(%s,"Ana P.",1,1)', :T), format('(%s,,0,0)', :U)])
from bellhop.list_tenants(10) with ordinality as t (tenant_id, name, name_key, slug, status, owner_user_id, owner_name,
    contact_email, plan_name,
    plan_monthly_price, currency, created_at, version, properties_count, users_count, legal_name, phone, billing_email, approved_at,
    approved_by, suspended_at, suspend_reason, updated_at, owner_status, place);
select pg_temp.same('the next page', array_agg(n.tenant_id), array[:U]::uuid[])
from bellhop.list_tenants(1) f, bellhop.list_tenants(10, f.name_key, f.tenant_id) n;
select pg_temp.same('filtered', (select count(*) from bellhop.list_tenants(10, p_status => 'suspended'))
    + (select count(*) from bellhop.list_tenants(10, p_name_contains => 'ANT 2222')), 1::bigint);
