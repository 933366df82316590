"""Nothing happens: what the other scenarios measure is there."""

from harness.stage import Stage


async def play(stage: Stage) -> None:
    async with stage.show() as show:
        await show.flow(100)
        words = [await node.word() for node in show.nodes]
        stage.check("all nodes say ok", words == ["ok"] * len(words), words)
        times = sorted(one.at for subscriber in show.subscribers for one in subscriber.only.heard)
        stage.check("events arrive while commands are made", bool(times), len(times))
