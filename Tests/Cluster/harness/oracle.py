"""What had to happen: whatever was acknowledged is in the log once, and everybody heard the log, in its order."""

import dataclasses
import time

from .hotel import Tenant
from .postgres import Postgres
from .subscriber import Following, Subscriber
from .waiting import TooLate, eventually
from .writers import Record

STATUS_CHANGED = "room:status_changed"


@dataclasses.dataclass(frozen=True)
class Logged:
    """One row of the log."""

    seq: int
    op: str | None
    name: str


@dataclasses.dataclass(frozen=True)
class Book:
    """The log of one tenant, as the database has it."""

    tenant: Tenant
    head: int
    epoch: int
    rows: list[Logged]

    @property
    def gaps(self) -> bool:
        return [row.seq for row in self.rows] != list(range(1, self.head + 1))

    def ops(self) -> list[str]:
        return [row.op for row in self.rows if row.name == STATUS_CHANGED and row.op is not None]


async def read_books(postgres: Postgres, tenants: list[Tenant]) -> dict[str, Book]:
    """The logs of these tenants; nobody writes meanwhile."""
    wanted = ", ".join(f"'{tenant.id}'" for tenant in tenants)
    heads = await postgres.rows(
        f"select stream, seq, epoch from bellhop.stream_head where stream in ({wanted})")
    events = await postgres.rows(
        f"select stream, seq, op_id, name from bellhop.event where stream in ({wanted}) order by stream, seq")
    rows: dict[str, list[Logged]] = {tenant.id: [] for tenant in tenants}
    for event in events:
        rows[event["stream"]].append(Logged(event["seq"], event["op_id"], event["name"]))
    found = {head["stream"]: head for head in heads}
    return {
        tenant.id: Book(tenant, found[tenant.id]["seq"], found[tenant.id]["epoch"], rows[tenant.id])
        for tenant in tenants}


def check_commands(check, record: Record, books: dict[str, Book], *, least: int) -> None:
    """That what was acknowledged was done, once, and nothing was invented."""
    logged = [op for book in books.values() for op in book.ops()]
    once = set(logged)
    lost = [done for done in record.done if done.op not in once]
    check(f"at least {least} commands were acknowledged", len(record.done) >= least, len(record.done))
    check("no command failed for good", not record.failures, "\n".join(record.failures[:5]))
    check("every acknowledged command is in the log", not lost, "\n".join(map(str, lost[:5])))
    check("no command was applied twice", len(logged) == len(once), len(logged) - len(once))
    invented = once - record.begun
    check("nothing is in the log that nobody asked for", not invented, list(invented)[:5])
    check("every 503 of a node says when to come back", record.without_retry_after == 0, record.without_retry_after)
    for book in books.values():
        if book.gaps:
            check(f"the log of {book.tenant.slug} has no gap", False, f"{len(book.rows)} rows, head {book.head}")
    check("no log has a gap", not any(book.gaps for book in books.values()), sum(len(b.rows) for b in books.values()))


async def check_deliveries(
    check, subscribers: list[Subscriber], books: dict[str, Book], *, seconds: float = 20, allows_resync: bool = False
) -> None:
    """That everybody heard all of the log from where they joined on, in order and once."""
    began = time.monotonic()
    try:
        await eventually(
            lambda: all(_has_caught_up(one, books) for one in subscribers), seconds, "all have heard everything")
    except TooLate:
        # What is missing is told below.
        pass
    waited = time.monotonic() - began
    faults = [fault for one in subscribers for fault in one.faults]
    check("nothing came twice, out of order or where it was not asked for", not faults, "\n".join(faults[:5]))
    refusals = [refusal for one in subscribers for refusal in one.refusals]
    check("no subscription was refused", not refusals, "\n".join(refusals[:5]))
    resyncs = sum(one.resyncs for one in subscribers)
    if not allows_resync:
        check("nobody had to load anew", resyncs == 0, resyncs)
    wrong = [text for one in subscribers for text in _differences(one, books)]
    events = sum(len(following.heard) for one in subscribers for following in one.following.values())
    check(
        f"{len(subscribers)} subscribers heard exactly the log, in its order", not wrong,
        "\n".join(wrong[:5]) if wrong else f"{events} events, {waited:.1f} s after the last command")


def _book_of(following: Following, books: dict[str, Book]) -> Book | None:
    return next((book for tenant, book in books.items() if tenant in following.channel), None)


def _has_caught_up(subscriber: Subscriber, books: dict[str, Book]) -> bool:
    return all(
        (book := _book_of(following, books)) is None or following.seq >= book.head
        for following in subscriber.following.values())


def _differences(subscriber: Subscriber, books: dict[str, Book]) -> list[str]:
    found = []
    for following in subscriber.following.values():
        book = _book_of(following, books)
        if book is None:
            continue
        if following.start is None:
            found.append(f"{following.channel}: never joined; {subscriber.failed_attempts} attempts at {subscriber.base}")
            continue
        since = following.resyncs[-1] if following.resyncs else 0
        heard = [one.seq for one in following.heard[since:]]
        logged = [row.seq for row in book.rows if row.seq > following.start]
        if heard != logged:
            missing, more = sorted(set(logged) - set(heard)), sorted(set(heard) - set(logged))
            found.append(
                f"{following.channel}: heard {len(heard)} of {len(logged)} after {following.start}, missing {missing[:8]} "
                f"({len(missing)}), more {more[:8]} ({len(more)}); joined {subscriber.is_joined}, "
                f"lost {len(subscriber.losses)} times")
            continue
        if subscriber.keeps_all:
            by_seq = {row.seq: row for row in book.rows}
            other = [one for one in following.heard[since:] if by_seq[one.seq].op != one.op]
            if other:
                found.append(f"{following.channel}: told another command than the log has, {other[:2]}")
    return found


async def check_audit(check, postgres: Postgres, tenants: list[Tenant]) -> None:
    """That every link of every audit chain fits, and that each command has left its row."""
    rows = await postgres.rows(" union all ".join(
        f"select '{tenant.slug}' as slug, (select bellhop.verify_audit('{tenant.id}') "
        f"from set_config('bellhop.tenant', '{tenant.id}', true)) as broken" for tenant in tenants))
    broken = [row for row in rows if row["broken"] is not None]
    check("every audit chain verifies", len(rows) == len(tenants) and not broken, broken[:3])
