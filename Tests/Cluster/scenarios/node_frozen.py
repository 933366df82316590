"""SIGSTOP of a node for 10 s: those behind the balancer go elsewhere, and what it missed it tells when it wakes."""

import asyncio

from harness.stage import Stage


async def play(stage: Stage) -> None:
    async with stage.show() as show:
        await show.flow(50)
        node = show.nodes[0]
        node.process.freeze()
        try:
            async with asyncio.timeout(10):
                await show.flow(1_000_000, 20)
        except TimeoutError:
            pass
        during = len(show.load.record.done)
        node.process.thaw()
        stage.check("others were served meanwhile", during > 100, during)
        await show.flow(50)
        await show.joined()
