"""SIGSTOP of a node for 10 s: those behind the balancer go elsewhere, and what it missed it tells when it wakes."""

from harness.stage import Stage


async def play(stage: Stage) -> None:
    # Whoever asks a frozen node directly waits for it; the balancer is there to know better.
    async with stage.show(choose=lambda show: lambda: show.cluster.url) as show:
        await show.flow(50)
        node = show.nodes[0]
        node.process.freeze()
        done = await show.run_for(10)
        node.process.thaw()
        stage.check("others were served meanwhile", done > 200, done)
        await show.flow(50)
        await show.joined()
