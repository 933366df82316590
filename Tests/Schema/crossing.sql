-- proves: the functions that cross tenants are those on the list, with a fixed search path, for the node alone
\ir words.sql
select pg_temp.same('functions that are SECURITY DEFINER',
    (select array_agg(format('%s(%s)', proname, pg_get_function_identity_arguments(p.oid))::text order by proname)
     from pg_proc p where pronamespace = 'bellhop'::regnamespace and prosecdef),
    (select array_agg(format('%s(%s)', proname, pg_get_function_identity_arguments(p.oid))::text order by proname)
     from bellhop.crossing_function f join pg_proc p on p.oid = ('bellhop.' || f.signature)::regprocedure));
select pg_temp.same('entries of the list that are no such function', string_agg(signature, ' '), null)
from bellhop.crossing_function where not coalesce((select prosecdef
    from pg_proc where oid = to_regprocedure('bellhop.' || signature)), false);
select pg_temp.same('how many there are', count(*), 11::bigint) from bellhop.crossing_function;

select
    pg_temp.same(proname || '''s search path', proconfig[1], 'search_path=pg_catalog, bellhop, pg_temp'),
    pg_temp.same(proname || '''s owner', proowner::regrole, 'hotel_owner'::regrole),
    pg_temp.same(proname || ' may be called by',
        (select array_agg(grantee::regrole::text order by grantee::regrole::text) from aclexplode(proacl)),
            array['bellhop_node', 'hotel_owner'])
from pg_proc where pronamespace = 'bellhop'::regnamespace and prosecdef;

-- Words of the caller's own do not reach into them.
set session authorization clerk;
create temp table stream_head (stream uuid, epoch bigint, seq bigint, last_at timestamptz);
insert into stream_head values (:SYSTEM, 1, 1000000, now());
set search_path = pg_temp, bellhop;
select pg_temp.same('the head', seq, 0::bigint) from bellhop.stream_heads(array[:SYSTEM]::uuid[]);
