-- proves: the audit chain holds over commands and refusals; what was changed, taken away or forged is found
\ir words.sql
set session authorization clerk;
begin;
select pg_temp.make_tenant(:T);
select from pg_temp.append(array[:T]::uuid[], jsonb_build_array(pg_temp.event(:T)), jsonb_build_array(pg_temp.audit(),
    pg_temp.audit()));
select pg_temp.same('an empty chain', bellhop.verify_audit(:T, 1, 0), null);
commit;
begin;
select pg_temp.be(:T);
select bellhop.append_audit(:T, '[]');
select bellhop.append_audit(:T, (select jsonb_agg(pg_temp.audit(jsonb_build_object(
    'outcome', 'rejected', 'reason', 'room_not_ready', 'ip', '2001:db8::1', 'effective_at', '2026-03-08T14:05:09.123Z',
    'clock_offset_ms', -1500, 'clock_untrusted', true, 'before', null, 'after', jsonb_build_object('n', i, 'price',
        1.50))))
    from generate_series(1, 300) as i));
commit;
begin;
select pg_temp.be(:T);
select from pg_temp.append(array[:T]::uuid[], '[]', jsonb_build_array(pg_temp.audit()));
select pg_temp.same('every row is there', array_agg(seq order by seq), array(select generate_series(1, 303)::bigint))
from bellhop.audit_log;
select pg_temp.same('the first row hangs on nothing', prev_hash, decode(repeat('00', 32), 'hex'))
from bellhop.audit_log where seq = 1;
select pg_temp.same('the head', (h.audit_seq, h.audit_hash)::text, (a.seq, a.hash)::text)
from bellhop.stream_head h, bellhop.audit_log a where a.seq = 303;
select pg_temp.same('what was said is kept', (outcome, reason, ip, actor_id, effective_at, clock_offset_ms,
    clock_untrusted, after)::text,
    '(rejected,room_not_ready,2001:db8::1,bbbbbbbb-0000-7000-8000-000000000001,"2026-03-08 '
        '14:05:09.123+00",-1500,t,"{""n"": 5, ""price"": 1.50}")')
from bellhop.audit_log where seq = 7;
select pg_temp.same('time does not run backwards', count(*), 0::bigint)
from (select at < lag(at) over (order by seq) as back from bellhop.audit_log) as a where back;
select pg_temp.same('the whole chain', bellhop.verify_audit(:T), null);
select pg_temp.same('a part of it', bellhop.verify_audit(:T, 100, 200), null);
set local timezone = 'Asia/Kolkata';
set local datestyle = 'German';
set local extra_float_digits = 0;
select pg_temp.same('the chain in other settings of a session', bellhop.verify_audit(:T), null);
select pg_temp.be(:U);
select pg_temp.refused('another tenant''s chain', 'P0002', format('select bellhop.verify_audit(%L)', :T));
commit;

-- A hash that can be made again without the database: this is what a row is.
begin;
select pg_temp.be(:T);
select pg_temp.same('the form that is hashed', convert_from(bellhop.audit_canonical(a), 'UTF8'), format(
    '[1, "%s", 1, %s, null, {"id": "bbbbbbbb-0000-7000-8000-000000000001", "name": "Ana P.", "type": "user"}, '
    '"bbbbbbbb-0000-7000-8000-000000000001", null, null, null, "room.set_hk_status", "room", '
    '"aaaaaaaa-0000-7000-8000-000000000001", "applied", {"hk_status": "dirty"}, {"hk_status": "clean"}, null, '
    '%s, null, null, '
    '"%s", null, false, null, null]',
    tenant_id, (extract(epoch from at) * 1000)::bigint, (extract(epoch from effective_at) * 1000)::bigint,
        correlation_id))
from bellhop.audit_log a where seq = 1;
commit;

reset session authorization;
create function pg_temp.after(p_tampering text) returns bigint language plpgsql as $$
declare
    v_broken bigint;
begin
    begin
        execute p_tampering;
        v_broken := bellhop.verify_audit('11111111-1111-7111-8111-111111111111');
        raise exception using errcode = 'BH001';
    exception when sqlstate 'BH001' then
        return v_broken;
    end;
end $$;
select pg_temp.same('each column is covered: ' || attname, pg_temp.after(format(
    'update bellhop.audit_log set %I = %s where seq = 42', attname, case atttypid::regtype::text
        when 'uuid' then 'gen_random_uuid()'
        when 'timestamp with time zone' then '''2020-01-01Z'''
        when 'jsonb' then '''{"forged": true}'''
        when 'boolean' then 'not clock_untrusted'
        when 'inet' then '''10.0.0.1'''
        when 'integer' then '7'
        when 'bigint' then '9000'
        when 'bytea' then 'sha256(''forged'')'
        when 'text' then case attname when 'outcome' then '''applied''' else '''forged''' end
    end)), 42::bigint)
from pg_attribute where attrelid = 'bellhop.audit_log'::regclass and attnum > 0;
select pg_temp.same(what, pg_temp.after(statement), broken::bigint) from (values
    ('a row is gone', 'delete from bellhop.audit_log where seq = 42', 42),
    ('the first row is gone', 'delete from bellhop.audit_log where seq = 1', 1),
    ('the last row is gone', 'delete from bellhop.audit_log where seq = 303', 303),
    ('all are gone', 'delete from bellhop.audit_log', 1),
    ('a row is forged, its own hash too',
        'update bellhop.audit_log a set reason = ''forged'', hash = sha256(prev_hash || bellhop.audit_canonical(
            jsonb_populate_record(a, ''{"reason": "forged"}''))) where seq = 42', 43),
    ('the last row is forged, its own hash too',
        'update bellhop.audit_log a set reason = ''forged'', hash = sha256(prev_hash || bellhop.audit_canonical(
            jsonb_populate_record(a, ''{"reason": "forged"}''))) where seq = 303', 303),
    ('nothing is changed', 'select', null)
) as v (what, statement, broken);
