-- proves: personal data is delivered with the event, kept outside of the log, and can be erased for good
\ir words.sql
set session authorization clerk;
begin;
select pg_temp.make_tenant(:T);
create temp table guests as select gen_random_uuid() as ada, gen_random_uuid() as bob;
select from guests, bellhop.append_events(
    array[:T]::uuid[], jsonb_build_array(
        pg_temp.event(:T, jsonb_build_object('projections', 3, 'personal', '[0, 2]'::jsonb, 'guests',
            jsonb_build_array(ada, bob))),
        pg_temp.event(:T, jsonb_build_object('projections', 1, 'personal', '[0]'::jsonb, 'guests',
            jsonb_build_array(bob))),
        pg_temp.event(:T, jsonb_build_object('projections', 2))),
    array['a', 'b', 'c']::bytea[],
    array['Ada, Bob', 'two guests', 'A, B', null, 'Bob', null, null, null, 'full', 'compact', null, null]::bytea[]);
commit;

-- What could never be erased is not taken.
begin;
select pg_temp.be(:T);
select pg_temp.refused(what, '22023', format(
    'select from bellhop.append_events(array[%1$L]::uuid[], jsonb_build_array(pg_temp.event(%1$L, %2$L)), ''{x}'', '
    '''{x,x,x,x}'')', :T, more))
from (values
    ('personal data of nobody', '{"projections": 2, "personal": [1]}'),
    ('personal data of no guest', '{"projections": 2, "personal": [1], "guests": []}'),
    ('personal data of an unknown guest', '{"projections": 2, "personal": [1], "guests": [null]}'),
    ('personal data in a projection that there is not',
        '{"projections": 2, "personal": [2], "guests": ["90000000-0000-7000-8000-000000000001"]}')
) as v (what, more);
rollback;

create function pg_temp.told() returns text[] language sql as $$
    select array_agg(array_to_string(array(select convert_from(p, 'UTF8') from unnest(projections) as p), '|',
        '-') order by seq)
    from bellhop.stream_events('11111111-1111-7111-8111-111111111111', 0, 10, 10);
$$;
select pg_temp.same('delivered whole', pg_temp.told(), array['Ada, Bob|two guests|A, B', 'Bob', 'full|compact']);

begin;
select pg_temp.be(:T);
select pg_temp.same('what the log keeps of event ' || seq,
    array_to_string(array(select convert_from(p, 'UTF8') from unnest(projections) as p), '|', '-'),
    (array['-|two guests|-', '-', 'full|compact'])[seq]) from bellhop.event;
select pg_temp.same('which hashes the log keeps of event ' || seq,
    array(select h is not null from unnest(personal_hashes) as h), (array['{t,f,t}', '{t}',
        '{}'])[seq]::boolean[]) from bellhop.event;
select pg_temp.same('the hash', e.personal_hashes[p.projection + 1], sha256(p.salt || p.body))
from bellhop.event_personal p join bellhop.event e using (stream, seq);

select pg_temp.same('what speaks of Ada is erased', bellhop.erase_guest(ada), 2::bigint) from guests;
select pg_temp.same('again', bellhop.erase_guest(ada), 0::bigint) from guests;
commit;
select pg_temp.same('delivered after Ada left', pg_temp.told(), array['-|two guests|-', 'Bob', 'full|compact']);
begin;
select pg_temp.be(:U);
select pg_temp.same('by another tenant', bellhop.erase_guest(bob), 0::bigint) from guests;
select pg_temp.be(:T);
select pg_temp.same('what speaks of Bob is erased', bellhop.erase_guest(bob), 1::bigint) from guests;
select pg_temp.same('nothing personal is left', (select count(*) from bellhop.event_personal) + (select count(*)
    from bellhop.event_guest), 0::bigint);
select pg_temp.same('the log has all events and hashes', count(*) filter (where personal_hashes is not null), 2::bigint)
from bellhop.event;
commit;
