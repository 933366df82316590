"""A node dies between commit and publish: nobody was told, and yet everybody hears of it."""

from harness.stage import Stage
from harness.waiting import eventually


async def play(stage: Stage) -> None:
    async with stage.show(pause=0.03) as show:
        await show.flow(30)
        for node in show.nodes:
            # It dies at its own commit, of which neither the sender nor the cluster is told.
            await node.process.stop(30)
            node.start(BELLHOP_FAULT="committed:5")
            await eventually(lambda: not node.process.is_running, 30, f"{node.name} dies at its fifth commit")
            await node.process.ended(1)
            stage.check(f"{node.name} died as if its power had gone", node.process.endings[-1] == -9,
                        node.process.endings[-1])
            await show.flow(30)
            node.start()
            await node.ready()
        await show.joined()
        repeated = [done for done in show.load.record.done if done.outcome == "duplicate"]
        stage.check("those who had no answer asked again and were told that it was done", repeated, len(repeated))
