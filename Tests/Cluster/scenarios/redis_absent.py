"""Redis absent from the start: the cluster serves, says that it is degraded, and recovers without a restart."""

from harness.stage import Stage

from scenarios.redis_lost import count_losses, notices, without


async def play(stage: Stage) -> None:
    async with stage.show(starts_redis=False) as show:
        await notices(stage, show, "degraded", 5)
        await without(stage, show, "without Redis from the start")
        losses = count_losses(show)
        await show.cluster.redis.start()
        await notices(stage, show, "ok", 15)
        await show.flow(50)
        stage.check("no socket was closed when Redis came", count_losses(show) == losses, count_losses(show) - losses)
