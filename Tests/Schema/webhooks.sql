-- proves: a back end is told what changes, once and in order; an early look changes nothing, and neither does a lost claim
\ir words.sql
set session authorization clerk;

create function pg_temp.note(p_kinds text[], p_holds boolean[], p_others bytea[] default '{}', p_bound int default 100)
returns text language sql as $$
    select format('%s %s %s', told, queued, dropped) from bellhop.note_webhooks('app', p_kinds,
        array_fill('c'::text, array[cardinality(p_kinds)]),
        (select coalesce(array_agg(case k when 'member' then 'u' else '' end), '{}') from unnest(p_kinds) k), p_holds,
        (select coalesce(array_agg(convert_to(k, 'UTF8')), '{}') from unnest(p_kinds) k), p_others, '3 s', '1 s', '0', p_bound);
$$;
create function pg_temp.line() returns text language sql as $$
    select string_agg(format('%s:%s', id, convert_from(event, 'UTF8')), ' ' order by id) from bellhop.webhook_event;
$$;
create function pg_temp.claim(p_kind text) returns int language sql as $$
    select attempts from bellhop.claim_timers('me', array[p_kind], '30 s', 1);
$$;
create function pg_temp.settle(p_holds boolean, p_number int, p_attempts int, p_ago interval default '0')
returns text language sql as $$
    select format('%s %s', told, queued) from bellhop.settle_webhooks('app',
        (select array_agg(kind order by kind) from bellhop.webhook_told),
        (select array_agg(channel order by kind) from bellhop.webhook_told),
        (select array_agg(user_id order by kind) from bellhop.webhook_told),
        (select array_agg(look_at - p_ago order by kind) from bellhop.webhook_told),
        (select array_agg(p_holds) from bellhop.webhook_told), (select array_agg(p_number) from bellhop.webhook_told),
        (select array_agg(convert_to('no ' || kind, 'UTF8') order by kind) from bellhop.webhook_told), '1 s', '0', 100, 'me',
        p_attempts);
$$;
create function pg_temp.sent(p_ids bigint[], p_done boolean, p_patience interval default '1 h') returns text
language sql as $$
    select format('%s %s %s', failures, dropped, is_left)
    from bellhop.end_webhook_attempt('app', p_ids, p_done, p_patience, '1 h', 'me', 1);
$$;

begin;
select pg_temp.be(:SYSTEM);
select pg_temp.same('told, and once', pg_temp.note('{channel,member}', '{t,t}'), '{c,c} 2 0');
select pg_temp.same('told again', pg_temp.note('{member,channel}', '{t,t}', '{other}'), '{} 1 0');
select pg_temp.same('in order', pg_temp.line(), '1:channel 2:member 3:other');
select pg_temp.same('nothing to look at', (select string_agg(kind, ' ') from bellhop.timer), 'webhook.deliver');
commit;

begin;
select pg_temp.be(:SYSTEM);
select pg_temp.same('gone is not told at once', pg_temp.note('{channel,member}', '{f,f}'), '{} 0 0');
select pg_temp.same('what nobody was told of is not gone', pg_temp.note('{member}', '{f}'), '{} 0 0');
select pg_temp.same('a look is due in 3 s', (select extract(epoch from due_at - clock_timestamp()) between 2 and 3 from
    bellhop.timer where kind = 'webhook.look'), true);
select pg_temp.same('a look that is ahead stays', count(distinct look_at), 1::bigint) from bellhop.webhook_told;
commit;

-- As if the time had come.
create procedure pg_temp.let_time_pass() language sql as $$
    update bellhop.webhook_told set look_at = look_at - interval '1 min';
    update bellhop.timer set due_at = due_at - interval '1 min';
$$;
begin;
select pg_temp.be(:SYSTEM);
call pg_temp.let_time_pass();
select pg_temp.claim('webhook.look');
select pg_temp.refused('a look without its claim', 'BH001', 'select pg_temp.settle(false, 0, 7)');
select pg_temp.same('what was noted anew meanwhile is left alone', pg_temp.settle(false, 0, 1, '1 s'), '{} 0');
commit;
begin;
select pg_temp.be(:SYSTEM);
select pg_temp.claim('webhook.look');
select pg_temp.same('nobody can say', pg_temp.settle(null, 0, 1), '{} 0');
select pg_temp.same('it is looked again', count(*), 1::bigint) from bellhop.timer
where kind = 'webhook.look' and claimed_by is null;
call pg_temp.let_time_pass();
select pg_temp.claim('webhook.look');
select pg_temp.same('gone', pg_temp.settle(false, 0, 1), '{c,c} 2');
select pg_temp.same('nothing is believed', count(*), 0::bigint) from bellhop.webhook_told;
select pg_temp.same('nothing is to be looked at', count(*), 0::bigint) from bellhop.timer where kind = 'webhook.look';
select pg_temp.same('behind what was told before', pg_temp.line(),
    '1:channel 2:member 3:other 4:no channel 5:no member');
commit;

-- Counts: only what differs from what was told last.
begin;
select pg_temp.be(:SYSTEM);
create function pg_temp.count_is(p_number int) returns text language plpgsql as $$
declare
    v_told text;
begin
    perform pg_temp.note('{count}', '{t}');
    call pg_temp.let_time_pass();
    perform pg_temp.claim('webhook.look');
    v_told := pg_temp.settle(p_number > 0, p_number, 1);
    return v_told;
end $$;
select pg_temp.same('never heard of', pg_temp.count_is(0), '{} 0');
select pg_temp.same('two', pg_temp.count_is(2), '{c} 1');
select pg_temp.same('two still', pg_temp.count_is(2), '{} 0');
select pg_temp.same('three', pg_temp.count_is(3), '{c} 1');
select pg_temp.same('none', pg_temp.count_is(0), '{c} 1');
select pg_temp.same('none still', pg_temp.count_is(0), '{} 0');
rollback;

-- What waits is bounded; what was sent goes; what cannot be sent goes when its time is over.
begin;
select pg_temp.be(:SYSTEM);
select pg_temp.same('too many', pg_temp.note('{}', '{}', '{six,seven}', 3), '{} 2 4');
select pg_temp.same('the newest stay', pg_temp.line(), '5:no member 6:six 7:seven');
select pg_temp.claim('webhook.deliver');
select pg_temp.same('one is sent', pg_temp.sent('{5}', true), '0 0 t');
select pg_temp.same('one is not', pg_temp.sent('{6}', false), '1 0 t');
select pg_temp.same('again', pg_temp.sent('{6}', false), '2 0 t');
select pg_temp.same('for too long', pg_temp.sent('{6}', false, '0'), '3 1 t');
select pg_temp.same('the next', pg_temp.sent('{7}', true), '0 0 f');
select pg_temp.same('and that is all', count(*), 0::bigint) from bellhop.timer where kind = 'webhook.deliver';
select pg_temp.refused('without the claim', 'BH001', 'select pg_temp.sent(''{7}'', true)');
commit;
