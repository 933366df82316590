"""200 users come and go at random on three nodes while Redis is killed and comes back empty: at the end all lists are true."""

import asyncio
import json
import pathlib
import random
import time
from urllib.parse import urlsplit

import pusher

from harness.cluster import EXTERNAL, Cluster
from harness.member import Member
from harness.stage import Stage
from harness.waiting import eventually

CHANNEL = "presence-lobby"
USERS = 200
# The limit of the whole scenario.
SECONDS = 180
CHURN_SECONDS = 60
# When Redis is killed, in seconds from the beginning, and how long it is away.
OUTAGES = [(10, 0.5), (25, 4.0), (42, 1.0)]
# The lease, in which all nodes tell an empty server what they know, twice, and a busy machine.
SETTLE_SECONDS = 30


async def play(stage: Stage) -> None:
    options = pathlib.Path(stage.folder) / "apps.json"
    options.parent.mkdir(parents=True, exist_ok=True)
    options.write_text(json.dumps({EXTERNAL.id: {"presence_members": 2 * USERS}}))
    async with stage.cluster([], settings={"BELLHOP_APPS_FILE": str(options)}) as cluster:
        # Somebody on each node who never leaves.
        watching = [Member(f"watcher-{place}", CHANNEL) for place in range(3)]
        everybody = [*watching, *(Member(f"user-{number}", CHANNEL) for number in range(USERS))]
        try:
            for one, node in zip(watching, cluster.nodes, strict=True):
                await one.connect(node.url)
                await one.join()
            deadline = time.monotonic() + CHURN_SECONDS
            lives = [asyncio.create_task(live(one, cluster, deadline)) for one in everybody[3:]]
            await disturb(cluster)
            moves = sum(await asyncio.gather(*lives))
            stage.check(f"{USERS} users came and went for {CHURN_SECONDS} s", moves > 10 * USERS, f"{moves} moves")
            await agree(stage, cluster, everybody)
            faults = [fault for one in everybody for fault in one.faults]
            stage.check("nobody was told to have come or gone twice", not faults, faults[:3])
            refusals = [text for one in everybody for text in one.refusals]
            stage.check("nobody was refused because Redis was away", not refusals, refusals[:3])
        finally:
            for one in everybody:
                one.close()


async def live(one: Member, cluster: Cluster, deadline: float) -> int:
    """Comes and goes until the deadline; how often."""
    moves = 0
    while time.monotonic() < deadline:
        if one.socket is None:
            await one.connect(random.choice(cluster.nodes).url)
        if one.is_in:
            if random.random() < 0.5:
                one.leave()
            else:
                one.close()
        else:
            await one.join()
        moves += 1
        await asyncio.sleep(random.uniform(0.1, 1.2))
    return moves


async def disturb(cluster: Cluster) -> None:
    began = time.monotonic()
    for at, seconds in OUTAGES:
        await asyncio.sleep(max(0, began + at - time.monotonic()))
        await cluster.redis.process.kill()
        await asyncio.sleep(seconds)
        await cluster.redis.start()


async def agree(stage: Stage, cluster: Cluster, everybody: list[Member]) -> None:
    there = [one for one in everybody if one.is_in]
    truth = {one.user for one in there}
    sdks = []
    for node in cluster.nodes:
        place = urlsplit(node.url)
        sdks.append(pusher.Pusher(
            app_id=EXTERNAL.id, key=EXTERNAL.key, secret=EXTERNAL.secret, host=place.hostname, port=place.port, ssl=False))

    def wrong() -> list[str]:
        return [f"{one.user}: {sorted(one.members ^ truth)[:5]}" for one in there if one.members != truth]

    async def is_true() -> bool:
        if wrong():
            return False
        for sdk in sdks:
            found = await asyncio.to_thread(sdk.users_info, CHANNEL)
            if {user["id"] for user in found["users"]} != truth:
                return False
        return True
    waited = 0.0
    try:
        waited = await eventually(is_true, SETTLE_SECONDS, "all lists are true", pause=0.2)
    finally:
        stage.check("the lists of all clients and nodes are equal to the truth", not wrong() and waited,
                    wrong()[:3] or f"{len(truth)} members, {waited:.1f} s after the last move")
