-- proves: a timer is claimed when due, of known kinds, again after a claim ended, and finished by its holder only
\ir words.sql
set session authorization clerk;
begin;
select pg_temp.make_tenant(:T);
insert into bellhop.timer (tenant_id, kind, key, due_at, payload) values
    (:T, 'sla.warning', 'due', now() - interval '2 s', '{"a": 1}'), (:T, 'sla.warning', 'later',
        now() + interval '1 h', '{}'),
    (:T, 'new.kind', 'due', now() - interval '1 s', '{}');
select pg_temp.make_tenant(:U);
insert into bellhop.timer (tenant_id, kind, key, due_at, claimed_by, claim_expires_at, attempts) values
    (:U, 'push', 'own', now(), 'n1', now() + interval '30 s', 1);
commit;
create function pg_temp.claim(p_node text, p_lease interval default '30 s') returns text language sql as $$
    select string_agg(format('%s %s %s', kind, key, attempts), ', ') from bellhop.claim_timers(p_node,
        array['sla.warning', 'push'], p_lease, 10);
$$;
select pg_temp.same('what is due', pg_temp.claim('n1', '0 s'), 'sla.warning due 1');
select pg_temp.same('again, as the claim has ended', pg_temp.claim('n2'), 'sla.warning due 2');
select pg_temp.same('no more, as it is claimed', pg_temp.claim('n1'), null);
begin;
select pg_temp.be(:T);
create function pg_temp.finish(p_node text, p_attempts int) returns bigint language sql as $$
    with gone as (delete from bellhop.timer where kind = 'sla.warning' and key = 'due' and claimed_by = p_node
        and attempts = p_attempts returning 1)
    select count(*) from gone;
$$;
select pg_temp.same('finished by who lost it', pg_temp.finish('n1', 1), 0::bigint);
select pg_temp.same('finished by who holds it', pg_temp.finish('n2', 2), 1::bigint);
commit;
reset session authorization;
update bellhop.timer set claim_expires_at = now() - interval '1 s' where key = 'own';
set session authorization clerk;
select pg_temp.same('of one who died', pg_temp.claim('n2'), 'push own 2');
