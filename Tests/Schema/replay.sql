-- Explains what the functions that cross tenants do, for the suite to read: as they run, with the rights of the owner.
\ir words.sql
set session authorization clerk;
\ir hotel.sql
reset session authorization;
set session authorization hotel_owner;
select bellhop.create_event_partitions(1, '2025-01-15Z');
reset session authorization;

-- As many rows as it takes for an index to be worth it.
insert into bellhop.app_user (tenant_id, id, email, name) select :T, gen_random_uuid(), n || '@aegean.example',
    'User ' || n from generate_series(1, 3000) as n;
insert into bellhop.user_session (tenant_id, id, user_id, device_id, family_hash, current_hashes, rotated_at,
    token_epoch, started_at, expires_at)
select :T, gen_random_uuid(), id, id, sha256(id::text::bytea), array[sha256('t')], now(), 1, now(),
    now() + interval '1 d' from bellhop.app_user;
insert into bellhop.timer (tenant_id, kind, key, due_at) select :T, 'sla.warning', n,
    now() + n * interval '1 s' from generate_series(1, 3000) as n;
insert into bellhop.operation (tenant_id, actor_id, op_id, request_hash) select :T, :T, gen_random_uuid(),
    'x' from generate_series(1, 3000);
insert into bellhop.stream_head (stream) select gen_random_uuid() from generate_series(1, 3000);
insert into bellhop.event (stream, seq, recorded_at, id, tenant_id, name, entity_type, entity_id, occurred_at, actor,
    source, correlation_id, targets, projections)
select :T, n, now(), gen_random_uuid(), :T, 'room:updated', 'room', :T, now(), '{}', 'api', :T, '',
    '{x}' from generate_series(2, 5000) as n;
analyze;

load 'auto_explain';
set auto_explain.log_min_duration = 0;
set auto_explain.log_nested_statements = on;
set client_min_messages = log;
set session authorization clerk;
\echo REPLAY
select from bellhop.stream_events(:T, 0, 1000, 100, now() - interval '24 h');
\echo LOGIN
select from bellhop.find_login('ana@aegean.example', 'f0000000-0000-7000-8000-000000000001');
\echo SESSION
select bellhop.enter_session(sha256('family 1'));
\echo TIMERS
select from bellhop.claim_timers('n', '{sla.warning}', '30 s', 10);
\echo HEADS
select from bellhop.stream_heads(array[:T]::uuid[]);
\echo CLEANING
select from bellhop.delete_expired(10);
\echo END
