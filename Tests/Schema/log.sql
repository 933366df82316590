-- proves: events are numbered without a gap, twins share an id, a rollback leaves nothing, time never runs backwards
\ir words.sql
set session authorization clerk;

begin;
select pg_temp.make_tenant(:T);
select pg_temp.same('a new stream', (seq, audit_seq, epoch between 0 and 281474976710655)::text, '(0,0,t)')
from bellhop.stream_head;
commit;

begin;
select pg_temp.be(:T);
create temp table told as
select * from pg_temp.append(array[:T]::uuid[], jsonb_build_array(pg_temp.event(:T), pg_temp.event(:T),
    pg_temp.event(:T)));
commit;
select pg_temp.same('seq in the order of the list', array_agg(seq order by ordinal), array[1, 2, 3]::bigint[])
from told;
select pg_temp.same('one moment for one command', count(distinct recorded_at), 1::bigint) from told;
select pg_temp.same('milliseconds', recorded_at, date_trunc('milliseconds', recorded_at)) from told;
select pg_temp.same('the head', (h.seq, h.epoch, h.last_at)::text, (t.seq, t.epoch, t.recorded_at)::text)
from bellhop.stream_heads(array[:T, :U]::uuid[]) h, told t where t.ordinal = 3;
select pg_temp.same('a stream that does not exist is left out', count(*), 1::bigint)
from bellhop.stream_heads(array[:T, :U]::uuid[]);

begin;
select pg_temp.be(:T);
select from pg_temp.append(array[:T]::uuid[], jsonb_build_array(pg_temp.event(:T)), jsonb_build_array(pg_temp.audit()));
rollback;

-- Twins: one event, told to the tenant and to the platform, each in its own stream.
begin;
select pg_temp.be(:T);
create temp table twins as
select * from pg_temp.append(array[:SYSTEM, :T]::uuid[], jsonb_build_array(
    pg_temp.event(:SYSTEM, jsonb_build_object('id', :T, 'tenant_id', :T)), pg_temp.event(:T, jsonb_build_object('id',
        :T)),
    pg_temp.event(:T)), jsonb_build_array(pg_temp.audit(), pg_temp.audit(jsonb_build_object('stream', :SYSTEM))));
commit;
select pg_temp.same('after a command that was rolled back nothing is missing',
    array_agg((stream, seq)::text order by ordinal),
    array[format('(%s,1)', :SYSTEM), format('(%s,4)', :T), format('(%s,5)', :T)]) from twins;

create temp table delivered as
select :T::uuid as stream, e.* from bellhop.stream_events(:T, 0, 100, 100) e
union all select :SYSTEM, e.* from bellhop.stream_events(:SYSTEM, 0, 100, 100) e;
select pg_temp.same('what is delivered', array_agg(seq order by seq), array[1, 2, 3, 4, 5]::bigint[])
from delivered where stream = :T;
select pg_temp.same('both of the twins', count(*), 2::bigint) from delivered where id = :T;
select pg_temp.same('their targets and payload', (convert_from(targets, 'UTF8'), convert_from(projections[1], 'UTF8'),
    cardinality(projections))::text,
    '("to 2","{""n"":2,""meta"":{""m"":1",1)') from delivered where seq = 4;
select pg_temp.same('a part of the log', array_agg(seq), array[3, 4]::bigint[]) from bellhop.stream_events(:T, 2, 5, 2);
select pg_temp.same('what was recorded before a moment is left out', count(*), 0::bigint)
from bellhop.stream_events(:T, 0, 100, 100, now() + interval '1 minute');
select pg_temp.same('and nothing else', count(*), 5::bigint)
from bellhop.stream_events(:T, 0, 100, 100, (select recorded_at from told where ordinal = 1));

-- What the tenant may read of its log itself is its own stream.
begin;
select pg_temp.be(:T);
select pg_temp.same('its own events', count(*), 5::bigint) from bellhop.event;
select pg_temp.same('its own audit', count(*), 1::bigint) from bellhop.audit_log;
select pg_temp.be(:SYSTEM);
select pg_temp.same('the platform''s events', count(*), 1::bigint) from bellhop.event;
commit;

-- The clock of the database goes back: the log does not.
reset session authorization;
update bellhop.stream_head set last_at = '2100-01-01 00:00:00.123Z' where stream = :T;
set session authorization clerk;
begin;
select pg_temp.be(:T);
select pg_temp.same('recorded_at', recorded_at, '2100-01-01 00:00:00.123Z'::timestamptz)
from pg_temp.append(array[:T]::uuid[], jsonb_build_array(pg_temp.event(:T)));
rollback;

-- Misuse is refused, as a whole.
begin;
select pg_temp.be(:T);
select pg_temp.refused(what, state, format('select from bellhop.append_events(%s)', arguments)) from (values
    ('an event of a stream that is not locked', '22023',
        format('array[%1$L]::uuid[], jsonb_build_array(pg_temp.event(%2$L)), ''{x}'', ''{x,x,x,x}''', :T, :SYSTEM)),
    ('audit of a stream that is not locked', '22023',
        format('array[%1$L]::uuid[], ''[]'', ''{}'', ''{}'', jsonb_build_array(pg_temp.audit(''{"stream": "%2$s"}''))',
            :T, :SYSTEM)),
    ('a stream named twice', '23503', format('array[%1$L, %1$L]::uuid[], ''[]'', ''{}'', ''{}''', :T)),
    ('too few projections', '22023', format('array[%1$L]::uuid[], jsonb_build_array(pg_temp.event(%1$L)), ''{x}'', '
        '''{x}''', :T)),
    ('no targets', '22023', format('array[%1$L]::uuid[], jsonb_build_array(pg_temp.event(%1$L)), ''{}'', '
        '''{x,x,x,x}''', :T)),
    ('no projection', '23514',
        format('array[%1$L]::uuid[], jsonb_build_array(pg_temp.event(%1$L, ''{"projections": 0}'')), ''{x}'', '
            '''{x,x,x,x}''', :T)),
    ('five projections', '23514', format(
        'array[%1$L]::uuid[], jsonb_build_array(pg_temp.event(%1$L, ''{"projections": 5}''), pg_temp.event(%1$L)), '
            '''{x,x}'', ''{x,x,x,x,x,x,x,x}''', :T)),
    ('a projection that is missing', '23514',
        format('array[%1$L]::uuid[], jsonb_build_array(pg_temp.event(%1$L, ''{"projections": 2}'')), ''{x}'', '
            '''{x,NULL,x,x}''', :T)),
    ('a name that is none', '23514',
        format('array[%1$L]::uuid[], jsonb_build_array(pg_temp.event(%1$L, ''{"name": "Room"}'')), ''{x}'', '
            '''{x,x,x,x}''', :T)),
    ('another tenant''s event in this stream', '23514', format(
        'array[%1$L]::uuid[], jsonb_build_array(pg_temp.event(%1$L, ''{"tenant_id": "%2$s"}'')), ''{x}'', '
            '''{x,x,x,x}''', :T, :U)),
    ('an operation that was not begun', '22023',
        format('array[%1$L]::uuid[], ''[]'', ''{}'', ''{}'', ''[]'', %1$L, %1$L, ''x''', :T))
) as v (what, state, arguments);
rollback;
begin;
select pg_temp.be(:U);
select pg_temp.refused('a stream that does not exist', '23503', format(
    'select from bellhop.append_events(array[%1$L]::uuid[], jsonb_build_array(pg_temp.event(%1$L)), ''{x}'', '
        '''{x,x,x,x}'')', :U));
rollback;
select pg_temp.same('and the head stayed', seq, 5::bigint) from bellhop.stream_heads(array[:T]::uuid[]);
