"""What holds when several sessions meet: each case is run by deploy/suites/22-schema.sh against a database of its own.

    concurrent.py CASE URI-OF-A-SUPERUSER
"""

import subprocess
import sys
import threading
import time
from pathlib import Path

TENANT = "11111111-1111-7111-8111-111111111111"
OTHER = "22222222-2222-7222-8222-222222222222"
SYSTEM = "00000000-0000-0000-0000-000000000000"
WORDS = Path(__file__).with_name("words.sql")
PATIENCE = 60


class Session:
    """One psql, asked and answered line by line; the node's login unless told, with the words of the tests."""

    def __init__(self, uri, login="clerk"):
        self.psql = subprocess.Popen(
            ["psql", "-X", "-q", "-At", "-v", "ON_ERROR_STOP=1", uri],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, bufsize=1,
        )
        self.pid = int(self.ask("select pg_backend_pid();")[0])
        self.ask(f"\\i {WORDS}")
        self.ask(f"set session authorization {login};")

    def send(self, text):
        self.psql.stdin.write(text + "\n\\echo =done=\n")
        self.psql.stdin.flush()

    def answer(self):
        lines = []
        for line in self.psql.stdout:
            if line == "=done=\n":
                return [line for line in lines if line]
            lines.append(line.rstrip("\n"))
        raise AssertionError("psql ended: " + " / ".join(lines))

    def ask(self, text):
        self.send(text)
        return self.answer()

    def close(self):
        self.psql.stdin.close()
        assert self.psql.wait(PATIENCE) == 0, "psql failed"


def same(what, got, wanted):
    assert got == wanted, f"{what}: got {got!r}, not {wanted!r}"


def until(what, fact):
    deadline = time.monotonic() + PATIENCE
    while not fact():
        assert time.monotonic() < deadline, f"never: {what}"
        time.sleep(0.01)


def waits_for_a_lock(watcher, session):
    return watcher.ask(f"select wait_event_type from pg_stat_activity where pid = {session.pid};") == ["Lock"]


def make_tenants(uri):
    session = Session(uri)
    for tenant in (TENANT, OTHER):
        session.ask(f"begin; select pg_temp.make_tenant('{tenant}'); commit;")
    session.close()


def together(jobs):
    """Runs them at the same time and passes on the first failure."""
    failures = []

    def run(job):
        try:
            job()
        except BaseException as failure:
            failures.append(failure)

    threads = [threading.Thread(target=run, args=(job,)) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]


def writers(uri):
    """Eight writers of one tenant, two of another, some with twins, some that roll back, and two who bring refusals."""
    make_tenants(uri)
    commands, kept = 40, []
    done = threading.Event()

    def writer(number, tenant):
        session = Session(uri)
        for turn in range(commands):
            events = [f"pg_temp.event('{tenant}')"] * (1 + (number + turn) % 4)
            streams = [tenant]
            if turn % 3 == 0:
                events.append(f"""pg_temp.event('{SYSTEM}', '{{"tenant_id": "{tenant}"}}')""")
                streams.insert(turn % 2, SYSTEM)
            ends = "rollback" if (number + turn) % 5 == 0 else "commit"
            if ends == "commit":
                kept.append((tenant, len(events) - (SYSTEM in streams), SYSTEM in streams))
            session.ask(
                f"begin; select pg_temp.be('{tenant}'); select count(*) from pg_temp.append(array['{streams[0]}'"
                + "".join(f", '{stream}'" for stream in streams[1:])
                + f"]::uuid[], jsonb_build_array({', '.join(events)}), jsonb_build_array(pg_temp.audit())); {ends};"
            )
        session.close()

    def refuser():
        session = Session(uri)
        for _ in range(commands):
            session.ask(
                f"begin; select pg_temp.be('{TENANT}'); select bellhop.append_audit('{TENANT}', "
                "(select jsonb_agg(pg_temp.audit()) from generate_series(1, 5))); commit;"
            )
        session.close()

    def watcher():
        session = Session(uri)
        seen, looks = 0, 0
        while not done.is_set() or looks < 3:
            [line] = session.ask(
                f"begin; select pg_temp.be('{TENANT}'); "
                "select count(*), coalesce(max(seq), 0) from bellhop.event; commit;"
            )[-1:]
            count, last = map(int, line.split("|"))
            same("events that are seen of the first so many", count, last)
            assert last >= seen, "an event is gone"
            seen, looks = last, looks + 1
        session.close()
        assert looks >= 10, f"only {looks} looks"

    watching = threading.Thread(target=together, args=([watcher],))
    failures = []
    threading.excepthook = lambda failed: failures.append(failed.exc_value)
    watching.start()
    try:
        together([lambda n=n: writer(n, TENANT) for n in range(8)] + [lambda n=n: writer(n, OTHER) for n in range(2)]
                 + [refuser, refuser])
    finally:
        done.set()
        watching.join()
    assert not failures, failures[0]

    judge = Session(uri)
    for tenant in (TENANT, OTHER, SYSTEM):
        wanted = sum(twins if tenant == SYSTEM else own * (tenant == of) for of, own, twins in kept)
        same(f"events of {tenant}: how many, the last, those that went back in time", judge.ask(
            f"begin; select pg_temp.be('{tenant}'); select count(*), max(seq), count(*) filter (where back) from "
            "(select seq, recorded_at < lag(recorded_at) over (order by seq) as back from bellhop.event) as e; commit;"
        )[-1], f"{wanted}|{wanted}|0")
    for tenant in (TENANT, OTHER):
        rows = sum(of == tenant for of, _, _ in kept) + (2 * commands * 5 if tenant == TENANT else 0)
        same(f"the chain of {tenant}", judge.ask(
            f"begin; select pg_temp.be('{tenant}'); "
            f"select count(*), bellhop.verify_audit('{tenant}') from bellhop.audit_log; commit;"
        )[-1], f"{rows}|")
    judge.close()


def repeats(uri, ends, wanted):
    make_tenants(uri)
    first, second, watcher = Session(uri), Session(uri), Session(uri, "postgres")
    begin = (
        f"begin; select pg_temp.be('{TENANT}'); select is_new, is_same, convert_from(result, 'UTF8'), seq from "
        f"bellhop.begin_operation('{OTHER}', '{OTHER}', 'the request');"
    )
    same("the first attempt", first.ask(begin)[-1], "t|t||")
    second.send(begin)
    until("the repeat waits", lambda: waits_for_a_lock(watcher, second))
    first.ask(
        f"select count(*) from bellhop.append_events(array['{TENANT}']::uuid[], "
        f"jsonb_build_array(pg_temp.event('{TENANT}')), '{{x}}', '{{x,NULL,NULL,NULL}}', '[]', "
        f"'{OTHER}', '{OTHER}', 'the result');"
    )
    assert waits_for_a_lock(watcher, second), "the repeat did not wait for the end"
    first.ask(ends)
    same("the repeat", second.answer()[-1], wanted)
    second.ask("rollback;")
    for session in (first, second, watcher):
        session.close()


def repeat_after_commit(uri):
    repeats(uri, "commit;", "f|t|the result|1")


def repeat_after_rollback(uri):
    repeats(uri, "rollback;", "t|t||")


def claimers(uri):
    """Who claims at the same time does not wait and gets others; of many, each is claimed once."""
    make_tenants(uri)
    count = 200
    first, second = Session(uri), Session(uri)
    for tenant in (TENANT, OTHER):
        first.ask(
            f"begin; select pg_temp.be('{tenant}'); insert into bellhop.timer (tenant_id, kind, key, due_at) "
            f"select '{tenant}', 'work', n, now() from generate_series(1, {count // 2}) as n; commit;"
        )

    def claim(session, name, limit):
        return session.ask(
            f"select tenant_id, key, attempts from bellhop.claim_timers('{name}', '{{work}}', '1 h', {limit});"
        )

    first.ask("begin;")
    claimed = claim(first, "a", 5)
    second.ask("set lock_timeout = '1 ms';")
    others = claim(second, "b", 5)
    first.ask("commit;")
    same("claimed by two", len(set(claimed + others)), 10)
    claimed += others

    def worker(name):
        session = Session(uri)
        while rows := claim(session, name, 7):
            claimed.extend(rows)
        session.close()

    together([lambda n=n: worker(f"n{n}") for n in range(4)])
    same("claimed", (len(claimed), len(set(claimed))), (count, count))
    same("claimed once", {row.split("|")[2] for row in claimed}, {"1"})
    first.close()
    second.close()


def partitions(uri):
    """Months are made while commands are open: neither waits for the other."""
    make_tenants(uri)
    writer, owner, reader = Session(uri), Session(uri, "hotel_owner"), Session(uri)
    append = (
        f"select count(*) from pg_temp.append(array['{TENANT}']::uuid[], "
        f"jsonb_build_array(pg_temp.event('{TENANT}')));"
    )
    writer.ask(f"begin; select pg_temp.be('{TENANT}'); {append}")
    same("made", owner.ask("set lock_timeout = '2 s'; begin; select bellhop.create_event_partitions(9);")[-1], "3")
    same("appended meanwhile", writer.ask(append)[-1], "1")
    writer.ask("commit;")
    owner.ask("commit;")
    same("read", reader.ask(f"select count(*) from bellhop.stream_events('{TENANT}', 0, 9, 9);"), ["2"])
    for session in (writer, owner, reader):
        session.close()


if __name__ == "__main__":
    case, uri = sys.argv[1:]
    {f.__name__: f for f in (writers, repeat_after_commit, repeat_after_rollback, claimers, partitions)}[case](uri)
