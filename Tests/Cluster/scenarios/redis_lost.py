"""Redis killed and back empty, then frozen for 10 s: events come later, never not at all, and nobody is cut off."""

from harness.measure import latencies, percentile
from harness.stage import Show, Stage
from harness.waiting import eventually

# Without hints the heads are asked for every 100 ms; the rest is for a busy machine.
WITHOUT_REDIS_SECONDS = 0.5


async def play(stage: Stage) -> None:
    async with stage.show() as show:
        redis = show.cluster.redis
        await show.flow(50)
        losses = count_losses(show)
        await redis.process.kill()
        await notices(stage, show, "degraded", 3)
        await without(stage, show, "after Redis was killed")
        await redis.start()
        await notices(stage, show, "ok", 15)
        await show.flow(50)

        redis.process.freeze()
        await notices(stage, show, "degraded", 3)
        await without(stage, show, "while Redis is frozen")
        await show.run_for(8)
        redis.process.thaw()
        await notices(stage, show, "ok", 15)
        await show.flow(50)
        stage.check("no socket was closed because of Redis", count_losses(show) == losses, count_losses(show) - losses)


def count_losses(show: Show) -> int:
    return sum(len(one.losses) for one in show.subscribers)


async def notices(stage: Stage, show: Show, word: str, seconds: float) -> None:
    async def all_say() -> bool:
        return {await node.word() for node in show.nodes} == {word}
    waited = await eventually(all_say, seconds, f"all nodes say {word}")
    stage.check(f"all nodes say {word}", True, f"after {waited:.2f} s")


async def without(stage: Stage, show: Show, when: str) -> None:
    """How late events are while there are no hints."""
    first = len(show.load.record.done)
    await show.flow(100)
    slow = percentile(latencies(show.load.record.done[first:], show.subscribers), 0.99)
    stage.check(f"{when} 99 % of all events are there in {WITHOUT_REDIS_SECONDS} s", slow <= WITHOUT_REDIS_SECONDS,
                f"{slow * 1000:.0f} ms")
