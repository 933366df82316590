"""PostgreSQL restarted, killed and frozen: commands wait or answer 503, nothing acknowledged is lost, sockets stay open."""

from harness.stage import Show, Stage

from scenarios.redis_lost import count_losses, notices

SECONDS = 180


async def play(stage: Stage) -> None:
    # The disk is waited for: what was committed must be there after a crash.
    async with stage.show(is_durable=True, settle=30) as show:
        postgres = show.cluster.postgres
        await show.flow(50)
        await postgres.restart()
        await recovers(stage, show, "restarted")

        for _ in range(3):
            await postgres.kill()
            await notices(stage, show, "degraded", 5)
            await postgres.start()
            await recovers(stage, show, "killed")

        postgres.process.freeze()
        done = await show.run_for(10)
        # Those that were on their way when it froze.
        stage.check("nothing is acknowledged that a frozen database cannot know", done <= len(show.load.writers), done)
        ready = [await node.is_ready() for node in show.nodes]
        stage.check("all nodes still say that they are ready", all(ready), ready)
        postgres.process.thaw()
        await recovers(stage, show, "frozen")
        stage.check("no socket was closed because of PostgreSQL", count_losses(show) == 0, count_losses(show))
        stage.check("commands were refused meanwhile, not lost", show.load.record.refused, show.load.record.refused)


async def recovers(stage: Stage, show: Show, what: str) -> None:
    waited = await show.flow(20, 30)
    await notices(stage, show, "ok", 15)
    stage.check(f"commands are done again after it was {what}", True, f"20 of them within {waited:.1f} s")
