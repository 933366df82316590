-- proves: rooms sort naturally, exist once in any case, and take no value that their axes do not know
\ir words.sql
set session authorization clerk;
\ir hotel.sql
begin;
select pg_temp.be(:T);
create function pg_temp.room(p_number text, p_columns text default '',
    p_values text default '') returns void language plpgsql as $$
begin
    execute format('insert into bellhop.room (tenant_id, id, property_id, number, room_type_id, active_from %s)
        values (%L, gen_random_uuid(), ''c0000000-0000-7000-8000-000000000001'', %L,
            ''a1000000-0000-7000-8000-000000000001'', ''2026-01-01'' %s)',
        p_columns, '11111111-1111-7111-8111-111111111111', p_number, p_values);
end $$;
select pg_temp.room(n) from unnest(array['10', '9', 'A10', 'a2', '1-12', '1-3', '007', '7', '9999999999', 'B']) as n;
select pg_temp.same('the natural order', string_agg(number, ' ' order by sort_key),
    '1-3 1-12 007 7 9 10 204 9999999999 a2 A10 B')
from bellhop.room;
select pg_temp.refused(what, state, format('select pg_temp.room(%L, %L, %L)', number, columns, vals)) from (values
    ('a number that there is', '23505', '204', '', ''),
    ('a number that there is in another case', '23505', 'b', '', ''),
    ('no number', '23514', '', '', ''),
    ('a long number', '23514', '12345678901', '', ''),
    ('a number with other letters', '23514', 'Ä1', '', ''),
    ('a status that there is not', '23514', 'x', ', hk_status', ', ''shiny'''),
    ('an occupancy that there is not', '23514', 'x', ', fo_occupancy', ', ''unknown'''),
    ('a sighting that there is not', '23514', 'x', ', hk_occupancy', ', ''maybe'''),
    ('a flag that there is not', '23514', 'x', ', service_flag', ', ''party'''),
    ('a turndown that there is not', '23514', 'x', ', turndown_status', ', ''half'''),
    ('an availability that there is not', '23514', 'x', ', availability', ', ''sold'''),
    ('a discrepancy that there is not', '23514', 'x', ', discrepancy', ', ''odd'''),
    ('fewer persons than none', '23514', 'x', ', fo_persons', ', -1'),
    ('a register that there is not', '23514', 'x', ', registers', ', ''{"fo_occupancy": {}}'''),
    ('registers that are a list', '23514', 'x', ', registers', ', ''[]'''),
    ('a posting room in the inventory', '23514', 'x', ', is_pseudo', ', true'),
    ('a room that ends before it begins', '23514', 'x', ', active_to', ', ''2025-01-01'''),
    ('a key of one''s own', '428C9', 'x', ', sort_key', ', ''x''')
) as v (what, state, number, columns, vals);
select pg_temp.room('P1', ', is_pseudo, counts_in_inventory, registers',
    ', true, false, ''{"hk_status": {"rank": 3}, "rush": {}}''');
update bellhop.room set deleted_at = now() where number = '9';
select pg_temp.room('9');
select pg_temp.holds('later arrivals have higher numbers', nextval('bellhop.recv_seq') < nextval('bellhop.recv_seq'));
select pg_temp.refused('a zone that there is not', '22023', 'update bellhop.property set timezone = ''Mars/Olympus''');
select pg_temp.refused('a code that there is in another case', '23505', format('insert into bellhop.room_type
    (tenant_id, id, property_id, code, name, base_occupancy, max_occupancy) select tenant_id, gen_random_uuid(),
        property_id, ''dbl'', name, 1, 1 from bellhop.room_type'));
rollback;
