"""The network between one node and its stores is cut, with silence and with resets, and healed."""

from harness.network import Cut
from harness.stage import Show, Stage
from harness.waiting import eventually

SECONDS = 180


async def play(stage: Stage) -> None:
    async with stage.show(wired=0, settle=30) as show:
        await show.flow(50)
        cluster = show.cluster
        for name, wire in (("Redis", cluster.redis_wire), ("PostgreSQL", cluster.postgres_wire)):
            for kind in Cut:
                wire.cut(kind)
                await says(stage, show, "degraded", f"{name} is cut off ({kind.value})")
                others = {await node.word() for node in show.nodes[1:]}
                stage.check("the other nodes are not concerned", others == {"ok"}, others)
                await show.flow(60)
                wire.heal()
                await says(stage, show, "ok", f"{name} is back ({kind.value})")
                await show.flow(30)
        losses = sum(len(one.losses) for one in show.subscribers)
        stage.check("no socket was closed because of it", losses == 0, losses)


async def says(stage: Stage, show: Show, word: str, when: str) -> None:
    node = show.nodes[0]

    async def is_so() -> bool:
        return await node.word() == word
    waited = await eventually(is_so, 20, f"the node says {word} when {when}")
    stage.check(f"the node says {word} when {when}", True, f"after {waited:.2f} s")
