-- One row of tenant T in every table of a tenant, written by the node's login and so with its rights alone.
begin;
select pg_temp.make_tenant(:T);
insert into bellhop.property (tenant_id, id, code, name, timezone, currency, business_date)
values (:T, 'c0000000-0000-7000-8000-000000000001', 'AEG', 'Aegean Bay', 'Europe/Athens', 'EUR', '2026-03-08');
insert into bellhop.app_user (tenant_id, id, email, name, password_hash, status)
values (:T, 'b0000000-0000-7000-8000-000000000001', 'Ana@Aegean.example', 'Ana P.', 'scrypt', 'active');
insert into bellhop.department (tenant_id, id, property_id, code, slug, name, kind, supervisor_user_id)
values (:T, 'd0000000-0000-7000-8000-000000000001', 'c0000000-0000-7000-8000-000000000001', 'HK', 'hk', 'Housekeeping',
        'housekeeping', 'b0000000-0000-7000-8000-000000000001');
update bellhop.property set default_department_id = 'd0000000-0000-7000-8000-000000000001', version = version + 1;
update bellhop.tenant set owner_user_id = 'b0000000-0000-7000-8000-000000000001', version = version + 1;
insert into bellhop.role (tenant_id, id, code, name, permissions)
values (:T, 'e0000000-0000-7000-8000-000000000001', 'night', 'Night porter', '{room.read}');
insert into bellhop.role_assignment (tenant_id, id, user_id, role_id)
values (:T, 'e1000000-0000-7000-8000-000000000001', 'b0000000-0000-7000-8000-000000000001',
        'e0000000-0000-7000-8000-000000000001');
insert into bellhop.role_assignment (tenant_id, id, user_id, built_in_role, property_id, department_id)
values (:T, 'e1000000-0000-7000-8000-000000000002', 'b0000000-0000-7000-8000-000000000001', 'room_attendant',
        'c0000000-0000-7000-8000-000000000001', 'd0000000-0000-7000-8000-000000000001');
insert into bellhop.device (tenant_id, id, user_id, kind)
values (:T, 'f0000000-0000-7000-8000-000000000001', 'b0000000-0000-7000-8000-000000000001', 'pwa');
insert into bellhop.user_session (tenant_id, id, user_id, device_id, family_hash, current_hashes, rotated_at,
    token_epoch, started_at, expires_at)
values (:T, 'f1000000-0000-7000-8000-000000000001', 'b0000000-0000-7000-8000-000000000001',
        'f0000000-0000-7000-8000-000000000001', sha256('family 1'), array[sha256('token 1')], now(), 1, now(),
        now() + interval '30 days');
insert into bellhop.user_invitation (tenant_id, user_id, kind, token_hash, expires_at)
values (:T, 'b0000000-0000-7000-8000-000000000001', 'reset', sha256('link 1'), now() + interval '1 day');
insert into bellhop.room_type (tenant_id, id, property_id, code, name, base_occupancy, max_occupancy)
values (:T, 'a1000000-0000-7000-8000-000000000001', 'c0000000-0000-7000-8000-000000000001', 'DBL', 'Double', 2, 3);
insert into bellhop.room (tenant_id, id, property_id, number, room_type_id, active_from)
values (:T, 'a0000000-0000-7000-8000-000000000001', 'c0000000-0000-7000-8000-000000000001', '204',
        'a1000000-0000-7000-8000-000000000001', '2026-01-01');
insert into bellhop.room_status_history (tenant_id, room_id, event_id, axis, from_value, to_value, occurred_at, actor,
    source)
values (:T, 'a0000000-0000-7000-8000-000000000001', gen_random_uuid(), 'hk_status', 'dirty', 'clean', now(), '{}',
    'web');
insert into bellhop.timer (tenant_id, kind, key, due_at) values (:T, 'sla.warning', 'a', now());
select pg_temp.holds('the operation is new', is_new)
from bellhop.begin_operation('b0000000-0000-7000-8000-000000000001', '0b000000-0000-7000-8000-000000000001', 'hash');
select from bellhop.append_events(
    array[:T]::uuid[],
    jsonb_build_array(pg_temp.event(:T, '{"projections": 2, "personal": [0], "guests": '
        '["90000000-0000-7000-8000-000000000001"]}')),
    array['to all'::bytea], array['{"guest":"Ada"'::bytea, '{"guest":null', null, null],
        jsonb_build_array(pg_temp.audit()),
    'b0000000-0000-7000-8000-000000000001', '0b000000-0000-7000-8000-000000000001', 'done');
commit;
