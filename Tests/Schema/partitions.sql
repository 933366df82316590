-- proves: the months ahead exist, no append waits for one, and what came before its month was made is moved
\ir words.sql
create function pg_temp.months() returns text language sql as $$
    select string_agg(relname, ' ' order by relname) from pg_inherits join pg_class on oid = inhrelid
        where inhparent = 'bellhop.event'::regclass;
$$;
select pg_temp.same('this month, six more and the default', pg_temp.months(),
    'event_' || string_agg(to_char(date_trunc('month', now() at time zone 'UTC') + make_interval(months => i),
        'YYYY_MM'), ' event_' order by i) || ' event_default')
from generate_series(0, 6) as i;

-- Written long after the last month was made, and on both edges of one.
insert into bellhop.event (stream, seq, recorded_at, id, tenant_id, name, entity_type, entity_id, occurred_at, actor,
    source, correlation_id, targets, projections)
select :T, n, at, gen_random_uuid(), :T, 'room:updated', 'room', :T, at, '{}', 'api', :T, '', '{x}'
from unnest(array['2099-12-31 23:59:59.999Z', '2100-01-01 00:00Z', '2100-01-31 23:59:59.999Z',
    '2100-02-01 00:00Z']::timestamptz[]) with ordinality as v (at, n);
select pg_temp.same('where it went', count(*), 4::bigint) from bellhop.event_default;

set session authorization hotel_owner;
select pg_temp.same('made', bellhop.create_event_partitions(0, '2100-01-15 12:00Z'), 1);
select pg_temp.same('made twice', bellhop.create_event_partitions(0, '2100-01-31 23:59Z'), 0);
set timezone = 'Pacific/Kiritimati';
select pg_temp.same('made by one whose clock shows another month', bellhop.create_event_partitions(0,
    '2100-01-31 23:59Z'), 0);
select pg_temp.same('many', bellhop.create_event_partitions(24, '2101-01-01Z'), 25);
reset session authorization;
select pg_temp.same('what was moved', array_agg(seq order by seq), array[2, 3]::bigint[]) from bellhop.event_2100_01;
select pg_temp.same('what stayed', array_agg(seq order by seq), array[1, 4]::bigint[]) from bellhop.event_default;
select pg_temp.same('nothing is lost', count(*), 4::bigint) from bellhop.event;
select pg_temp.same('a month has the keys and checks of the whole', (
    (select count(*) from pg_index where indrelid = 'bellhop.event_2100_01'::regclass),
    (select count(*) from pg_constraint where conrelid = 'bellhop.event_2100_01'::regclass and contype = 'c'))::text, (
    (select count(*) from pg_index where indrelid = 'bellhop.event'::regclass),
    (select count(*) from pg_constraint where conrelid = 'bellhop.event'::regclass and contype = 'c'))::text);
select pg_temp.holds('and is closed as the whole is', relrowsecurity and relforcerowsecurity)
from pg_class where relname = 'event_2100_01';
