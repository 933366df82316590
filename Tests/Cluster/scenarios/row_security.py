"""The node's role in the database: a forgotten WHERE shows nothing of others, and nothing of the log can be changed."""

from harness import hotel
from harness.cluster import Cluster
from harness.stage import Stage


async def play(stage: Stage) -> None:
    ours, theirs = hotels = hotel.made(2, 4)
    async with stage.cluster(hotels, nodes=1, has_redis=False) as cluster:
        tables = await cluster.postgres.rows("""
            select c.relname as name, a.attname as owner from pg_class c
            join pg_namespace n on n.oid = c.relnamespace and n.nspname = 'bellhop'
            join pg_attribute a on a.attrelid = c.oid and a.attname in ('tenant_id', 'stream') and a.attnum > 0
            where c.relkind in ('r', 'p') order by c.relname, a.attname""")
        # Where a row has both, the stream decides who sees it.
        owner = {table["name"]: table["owner"] for table in tables if table["owner"] == "tenant_id"}
        owner |= {table["name"]: table["owner"] for table in tables if table["owner"] == "stream"}
        stage.check("tables of tenants are found", {"room", "app_user", "event", "audit_log", "stream_head"} <= owner.keys(),
                    len(owner))
        closed = await cluster.postgres.rows("""
            select c.relname as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
            where n.nspname = 'bellhop' and c.relkind in ('r', 'p') and not (c.relrowsecurity and c.relforcerowsecurity)""")
        open_ones = {row["name"] for row in closed} & owner.keys()
        stage.check("row-level security is on and forced for each of them", not open_ones, open_ones)
        await reading(stage, cluster, owner, ours, theirs)
        await writing(stage, cluster, ours, theirs)


async def as_node(cluster: Cluster, script: str) -> tuple[str, str]:
    """What the node's role gets and what it is told; a transaction that is taken back."""
    try:
        return (await cluster.postgres.run(f"begin;\n{script}\nrollback;", user="bellhop")).strip(), ""
    except RuntimeError as error:
        return "", str(error)


def acting_for(tenant: hotel.Tenant) -> str:
    return f"set local bellhop.tenant = '{tenant.id}';\n"


async def reading(
    stage: Stage, cluster: Cluster, tables: dict[str, str], ours: hotel.Tenant, theirs: hotel.Tenant
) -> None:
    seen, foreign, own, refused = [], [], 0, 0
    for table, owner in tables.items():
        rows, error = await as_node(cluster, f"select count(*) from bellhop.{table};")
        if "permission denied" in error:
            refused += 1
            continue
        if rows != "0":
            seen.append(f"{table}: {rows} {error[:100]}")
        rows, error = await as_node(
            cluster, acting_for(ours) + f"select count(*), count(*) filter (where {owner} <> '{ours.id}') "
            f"from bellhop.{table};")
        total, _, others = rows.partition("|")
        own += int(total or 0)
        if others != "0":
            foreign.append(f"{table}: {others} {error[:100]}")
    stage.check(f"without a tenant no table shows a row ({len(tables)} tables, {refused} not readable at all)", not seen, seen)
    stage.check("with a tenant no table shows another's row, and the own ones are there", not foreign and own > 8,
                foreign or f"{own} rows")
    rows, error = await as_node(
        cluster, acting_for(ours) + f"select count(*) from bellhop.room where id = '{theirs.rooms[0]}';")
    stage.check("another's room is not there, whoever knows its id", rows == "0", rows + error)
    for what, setting in (
        ("the crossing", "set local bellhop.crossing = 'yes';"), ("row_security", "set local row_security = off;"),
        ("a made-up role", "set local role bellhop_owner;"),
    ):
        rows, error = await as_node(cluster, setting + "select count(*) from bellhop.room;")
        stage.check(f"setting {what} opens nothing", error or rows == "0", rows)


async def writing(stage: Stage, cluster: Cluster, ours: hotel.Tenant, theirs: hotel.Tenant) -> None:
    rows, error = await as_node(
        cluster, acting_for(ours) + "with u as (update bellhop.room set floor = '9' returning tenant_id) "
        f"select count(*), count(*) filter (where tenant_id = '{theirs.id}') from u;")
    stage.check("an update without WHERE changes the own rooms alone", rows == f"{len(ours.rooms)}|0", rows + error)
    for what, statement in {
        "a room be written to another tenant":
            f"update bellhop.room set tenant_id = '{theirs.id}' where id = '{ours.rooms[0]}';",
        "an event be changed": "update bellhop.event set name = 'a:b';",
        "an event be deleted": "delete from bellhop.event;",
        "an event be written past append_events": f"insert into bellhop.event (stream, seq) values ('{ours.id}', 1);",
        "the audit be changed": "update bellhop.audit_log set reason = 'x';",
        "the audit be deleted": "delete from bellhop.audit_log;",
        "a head be moved": "update bellhop.stream_head set seq = 0;",
        "row-level security be switched off": "alter table bellhop.room disable row level security;",
        "a policy be dropped": "drop policy tenant on bellhop.room;",
        "a trigger be switched off": "set local session_replication_role = replica;",
        "anything be made in the schema": "create table bellhop.mine (x int);",
    }.items():
        rows, error = await as_node(cluster, acting_for(ours) + statement)
        stage.check(f"in no way can {what}", bool(error), rows)
