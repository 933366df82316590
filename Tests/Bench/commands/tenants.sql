-- Makes copies of the demo's second tenant, each with ids and names of its own, until there are :tenants tenants. Commands of one
-- tenant wait for each other at the head of its stream: with few tenants a bench would measure that queue and nothing else.
-- For the superuser.

begin;
set local session_replication_role = replica; -- rows come table by table: what they refer to may come later
select set_config('bench.tenants', :'tenants', true);

do $$
declare
    v_model uuid := (select tenant_id from bellhop.tenant where slug = 'northern');
    v_table text;
    v_columns text;
    v_copy int;
begin
    for v_copy in 3..current_setting('bench.tenants')::int loop
        foreach v_table in array array['tenant', 'property', 'department', 'room_type', 'room', 'role', 'app_user',
            'role_assignment'] loop
            select string_agg(quote_ident(column_name), ', ' order by ordinal_position) into strict v_columns
            from information_schema.columns
            where table_schema = 'bellhop' and table_name = v_table and is_generated = 'NEVER';
            -- Another beginning makes another id: the rest of it is as random as before.
            execute format(
                $copy$
                insert into bellhop.%1$I (%2$s)
                select %2$s from (
                    select (jsonb_populate_record(null::bellhop.%1$I, replace(replace(regexp_replace(
                        to_jsonb(r)::text,
                        '"[0-9a-f]{4}([0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})"',
                        '"%3$s\1"', 'g'), 'northern', 'northern%4$s'), 'Northern', 'Northern%4$s')::jsonb)).*
                    from bellhop.%1$I r where r.tenant_id = %5$L
                ) copied
                $copy$, v_table, v_columns, lpad(to_hex(v_copy), 4, '0'), v_copy, v_model);
        end loop;
        insert into bellhop.stream_head (stream) select tenant_id from bellhop.tenant where slug = 'northern' || v_copy;
    end loop;
end $$;
commit;
