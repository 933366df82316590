"""kill -9 of one node, then of two of three: others go on, clients come back elsewhere, nothing is lost."""

from harness.stage import Stage


async def play(stage: Stage) -> None:
    async with stage.show(pause=0.03) as show:
        await show.flow(50)
        first, second, third = show.nodes
        held = len(show.at(first))
        await first.process.kill()
        stage.check("the node that died held subscribers", held > 0, held)
        await show.flow(100)
        first.start()
        await first.ready()
        await show.joined()
        await show.flow(50)
        await second.process.kill()
        await third.process.kill()
        await show.flow(50)
        second.start()
        third.start()
        await second.ready()
        await third.ready()
        await show.joined()
        await show.flow(50)
