"""Ten thousand commands at once, half on one tenant, half on fifty: each log is gap-free and is what every node delivers."""

from harness.stage import Stage
from harness.writers import Load

SECONDS = 300
WRITERS = 50
EACH = 100


async def play(stage: Stage) -> None:
    # The first tenant has all the writers, the others one each.
    async with stage.show(tenants=WRITERS + 1, rooms=WRITERS + 1, writers=1, pause=0, settle=60, least=WRITERS * EACH * 2,
                          settings={"BELLHOP_LOG": "notice"}) as show:
        await show.load.stop()
        started = len(show.load.record.done)
        crowd = Load(show.tenants[:1], show.any_node, writers=WRITERS, pause=0, limit=EACH, first=1)
        others = Load(show.tenants[1:], show.any_node, writers=1, pause=0, limit=EACH, first=1)
        try:
            crowd.start()
            others.start()
            await crowd.run_to_end(240)
            await others.run_to_end(240)
        finally:
            await crowd.abandon()
            await others.abandon()
        for load in (crowd, others):
            show.load.record.done += load.record.done
            show.load.record.begun |= load.record.begun
            show.load.record.failures += load.record.failures
        began = min(done.began for done in crowd.record.done + others.record.done)
        ended = max(done.ended for done in crowd.record.done + others.record.done)
        count = len(show.load.record.done) - started
        stage.check(f"{2 * WRITERS * EACH} commands were made", count == 2 * WRITERS * EACH,
                    f"{count} in {ended - began:.1f} s, the slowest {max(crowd.record.slowest, others.record.slowest):.2f} s")
        wrong = [done for done in show.load.record.done if done.outcome not in ("applied", "duplicate")]
        stage.check("all of them were applied", not wrong, wrong[:3])
