"""All nodes are restarted one after another under load with thousands of sockets: no command fails, every socket resumes."""

import collections

from harness.cluster import Node
from harness.stage import Show, Stage
from harness.subscriber import Subscriber
from harness.waiting import eventually

SECONDS = 240
SOCKETS = 2000
TENANTS = 20
DRAIN_SECONDS = 6
# What a client acts on by coming back at once.
LEAVING = 4200


async def play(stage: Stage) -> None:
    async with stage.show(
        tenants=TENANTS, writers=1, pause=1, subscribers=0, choose=lambda show: lambda: show.cluster.url, settle=60,
        settings={"BELLHOP_DRAIN_SECONDS": str(DRAIN_SECONDS), "BELLHOP_LOG": "notice"},
    ) as show:
        for number in range(SOCKETS):
            tenant = show.tenants[number % TENANTS]
            # Tokens are made once for each tenant's crowd, as a crowd of screens would have theirs.
            token = show.tenants[number % TENANTS].manager.token()
            show.subscribers.append(Subscriber(
                tenant.manager, [tenant.channel], lambda: show.cluster.url, token=lambda token=token: token,
                keeps_all=False))
            show.subscribers[-1].start()
            if number % 100 == 99:
                await show.joined(60)
        await show.joined(60)
        for node in show.nodes:
            await restart(stage, show, node)
        record = show.load.record
        stage.check("no command failed, waited in vain or had to be repeated",
                    not record.refused and not record.unanswered, f"{record.refused}, {record.unanswered} unanswered")
        failed = sum(one.failed_attempts for one in show.subscribers)
        stage.check("few had to try twice to come back", failed <= SOCKETS // 20, failed)


async def restart(stage: Stage, show: Show, node: Node) -> None:
    before = {id(one): len(one.losses) for one in show.subscribers}
    code = await node.process.stop(60)
    stage.check(f"{node.name} leaves with 0", code == 0, code)
    await eventually(lambda: all(one.is_joined for one in show.subscribers), 60, "everybody is somewhere again")
    losses = [loss for one in show.subscribers for loss in one.losses[before[id(one)]:]]
    codes = collections.Counter(code for _, code in losses)
    stage.check(f"sockets of {node.name} were told to come back", codes[LEAVING] > 0 and set(codes) == {LEAVING}, dict(codes))
    times = sorted(at for at, _ in losses)
    spread = times[-1] - times[0]
    thirds = collections.Counter(min(2, int(3 * (at - times[0]) / max(spread, 1e-9))) for at in times)
    stage.check(
        "they left over the drain window, not at once",
        DRAIN_SECONDS / 2 <= spread <= DRAIN_SECONDS + 3 and all(thirds[part] >= len(times) / 6 for part in range(3)),
        f"{len(times)} within {spread:.1f} s, by thirds {[thirds[part] for part in range(3)]}")
    node.start()
    await node.ready()
    await show.flow(20, 60)
