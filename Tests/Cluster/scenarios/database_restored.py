"""A database comes back in an older state under running nodes: streams get a new epoch, and everybody is told to load anew."""

import shutil

from harness import oracle
from harness.postgres import Postgres
from harness.stage import Show, Stage
from harness.waiting import eventually
from harness.writers import Load

WRITERS = 3
ROOMS = 3 * WRITERS


async def play(stage: Stage) -> None:
    async with stage.show(writers=WRITERS, rooms=ROOMS, allows_resync=True, is_durable=True, settle=30) as show:
        postgres = show.cluster.postgres
        await show.flow(60)
        kept = await show.load.stop()
        backup = show.cluster.folder / "backup"
        await postgres.stop()
        Postgres.copy(postgres.folder, backup)
        await postgres.start()
        before = await oracle.read_books(postgres, show.tenants)

        # This will not have happened.
        lost = Load(show.tenants, show.any_node, writers=WRITERS, pause=0.02, first=WRITERS).start()
        try:
            await eventually(lambda: len(lost.record.done) >= 150, 60, "150 commands are acknowledged")
            await lost.stop()
        finally:
            await lost.abandon()
        heads = await oracle.read_books(postgres, show.tenants)
        await eventually(
            lambda: all(one.only.seq >= heads[tenant_of(one)].head for one in show.subscribers), 20,
            "everybody has heard what will be lost")

        await postgres.stop()
        postgres.remove_data()
        Postgres.copy(backup, postgres.folder)
        shutil.rmtree(backup)
        await postgres.start()
        # People go on at once, with other rooms: what the lost ones were in is not known any more.
        show.load = Load(show.tenants, show.any_node, writers=WRITERS, pause=0.05, first=2 * WRITERS).start()
        waited = await eventually(
            lambda: all(one.resyncs > 0 for one in show.subscribers), 30, "everybody is told to load anew")
        stage.check("everybody is told to load anew", True, f"{waited:.1f} s after the database was back")
        await show.flow(100)

        # Somebody who was away all the time comes with a position of the old epoch.
        away = show.subscribers[0]
        was = away.resyncs
        away.only.epoch, away.only.seq = before[tenant_of(away)].epoch, heads[tenant_of(away)].head
        away.break_off()
        await eventually(lambda: away.resyncs > was, 20, "a position of the old epoch is not taken")
        await show.flow(30)
        await finish(stage, show, before, kept)


async def finish(stage: Stage, show: Show, before: dict[str, oracle.Book], kept) -> None:
    await show.load.stop()
    after = await oracle.read_books(show.cluster.postgres, show.tenants)
    changed = [tenant for tenant, book in after.items() if book.epoch != before[tenant].epoch]
    stage.check("every stream has a new epoch", len(changed) == len(after), len(changed))
    ops = {op for book in after.values() for op in book.ops()}
    missing = [done for done in kept.done if done.op not in ops]
    stage.check("what was acknowledged before the copy is there", not missing, missing[:3])
    wrong = [one for one in show.subscribers if one.only.epoch != after[tenant_of(one)].epoch]
    stage.check("everybody follows the new epoch", not wrong, len(wrong))
    # The oracle compares with all that was ever asked for.
    show.load.record.begun |= kept.begun


def tenant_of(subscriber) -> str:
    return subscriber.person.tenant
