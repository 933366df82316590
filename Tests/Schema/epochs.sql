-- proves: a stream gets a new epoch from the operator, and from the first follower that delivered more than there is
\ir words.sql
set session authorization clerk;
begin;
select pg_temp.make_tenant(:T);
select from pg_temp.append(array[:T]::uuid[], jsonb_build_array(pg_temp.event(:T), pg_temp.event(:T)));
commit;
create temp table before as select * from bellhop.stream_heads(array[:T, :SYSTEM]::uuid[]);
select pg_temp.same('streams begin with epochs of their own', count(distinct epoch), 2::bigint) from before;

create temp table renewed as
select r.* from before b, bellhop.renew_epoch(:T, b.epoch, 2) r where stream = :T;
select pg_temp.same('who delivered what there is changes nothing', r.epoch, b.epoch) from renewed r,
    before b where stream = :T;
truncate renewed;
insert into renewed select r.* from before b, bellhop.renew_epoch(:T, b.epoch, 3) r where stream = :T;
select pg_temp.holds('who delivered more gets a new epoch', r.epoch <> b.epoch and r.seq = 2) from renewed r,
    before b where stream = :T;
select pg_temp.same('who saw the same learns it', r.epoch, n.epoch)
from renewed n, before b, bellhop.renew_epoch(:T, b.epoch, 7) r where b.stream = :T;

reset session authorization;
set session authorization hotel_owner;
select pg_temp.same('all of them', bellhop.renew_epochs(), 2::bigint);
set session authorization clerk;
select pg_temp.holds('each is new', h.epoch <> b.epoch and h.epoch not in (select epoch from renewed)
    and h.seq = b.seq and h.epoch between 0 and 281474976710655)
from bellhop.stream_heads(array[:T, :SYSTEM]::uuid[]) h join before b using (stream);
