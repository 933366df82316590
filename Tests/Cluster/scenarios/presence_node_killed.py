"""Presence channels over three nodes: members come and go once, also when the node of a hundred of them is killed."""

import asyncio
import json
import pathlib
import time
from urllib.parse import urlsplit

import pusher

from harness.cluster import EXTERNAL, Cluster
from harness.member import Member
from harness.stage import Stage
from harness.waiting import eventually

CHANNEL = "presence-lobby"
GUESTS = 100
# A lease of 5 s, a look every 1.25 s, and a busy machine.
LEASE_SECONDS = 10


async def play(stage: Stage) -> None:
    options = pathlib.Path(stage.folder) / "apps.json"
    options.parent.mkdir(parents=True, exist_ok=True)
    options.write_text(json.dumps({EXTERNAL.id: {"presence_members": 200}}))
    async with stage.cluster([], settings={"BELLHOP_APPS_FILE": str(options)}) as cluster:
        watching = [Member(f"watcher-{place}", CHANNEL) for place in range(4)]
        guests = [Member(f"guest-{number}", CHANNEL) for number in range(GUESTS)]
        everybody = [*watching, *guests]
        try:
            for place, one in enumerate(watching):
                await come(one, cluster.nodes[place % 2].url)
            await asyncio.gather(*(come(one, cluster.nodes[2].url) for one in guests))
            await agree(stage, everybody, "after all have come, all lists are equal")
            await asked(stage, cluster, {one.user for one in everybody})
            await second_sockets(stage, cluster, watching, guests)
            await killed(stage, cluster, watching, guests)
            await terminated(stage, cluster, watching)
            faults = [fault for one in everybody for fault in one.faults]
            stage.check("nobody was told to have come or gone twice", not faults, faults[:3])
        finally:
            for one in everybody:
                one.close()


async def come(one: Member, url: str) -> None:
    await one.connect(url)
    await one.join()


async def agree(stage: Stage, members: list[Member], sentence: str, seconds: float = 15) -> None:
    there = [one for one in members if one.is_in]
    truth = {one.user for one in there}
    waited = await eventually(lambda: all(one.members == truth for one in there), seconds, sentence)
    stage.check(sentence, True, f"{len(truth)} members after {waited:.2f} s")


def server(url: str) -> pusher.Pusher:
    place = urlsplit(url)
    return pusher.Pusher(
        app_id=EXTERNAL.id, key=EXTERNAL.key, secret=EXTERNAL.secret, host=place.hostname, port=place.port, ssl=False)


async def asked(stage: Stage, cluster: Cluster, users: set[str]) -> None:
    """The SDK's questions, at each node."""
    wrong = []
    for node in cluster.nodes:
        sdk = server(node.url)
        found = await asyncio.to_thread(sdk.users_info, CHANNEL)
        if {user["id"] for user in found["users"]} != users:
            wrong.append(f"{node.name}: {len(found['users'])} users")
        info = await asyncio.to_thread(sdk.channel_info, CHANNEL, ["user_count", "subscription_count"])
        if info != {"occupied": True, "user_count": len(users), "subscription_count": len(users)}:
            wrong.append(f"{node.name}: {info}")
        channels = await asyncio.to_thread(sdk.channels_info, "presence-", ["user_count"])
        if channels != {"channels": {CHANNEL: {"user_count": len(users)}}}:
            wrong.append(f"{node.name}: {channels}")
    stage.check("the SDK is told the same users and numbers by every node", not wrong, wrong)


async def second_sockets(stage: Stage, cluster: Cluster, watching: list[Member], guests: list[Member]) -> None:
    """Some guests open a second socket at another node, which counts for nothing."""
    before = [len(one.added) for one in watching]
    twins = [Member(one.user, CHANNEL) for one in guests[:10]]
    await asyncio.gather(*(come(one, cluster.nodes[0].url) for one in twins))
    late = Member("late", CHANNEL)
    await come(late, cluster.nodes[1].url)
    await eventually(lambda: all("late" in (one.members or ()) for one in watching), 10, "somebody later has come")
    news = {user for one, count in zip(watching, before, strict=True) for user in one.added[count:]}
    stage.check("a second socket of somebody who is there is told to nobody", news == {"late"}, news)
    for one in [*twins, late]:
        one.close()
    await eventually(lambda: all("late" not in (one.members or ()) for one in watching), 10, "it has gone again")
    gone = {user for one in watching for user in one.removed}
    stage.check("nor is its end", gone == {"late"}, gone)


async def killed(stage: Stage, cluster: Cluster, watching: list[Member], guests: list[Member]) -> None:
    for one in watching:
        one.removed.clear()
    began = time.monotonic()
    await cluster.nodes[2].process.kill()
    users = {one.user for one in guests}
    await eventually(
        lambda: all(len(one.removed) >= GUESTS for one in watching), 30, "all guests of the dead node are taken to be gone")
    seconds = time.monotonic() - began
    stage.check(f"{GUESTS} members of a killed node are gone for all others in {LEASE_SECONDS} s",
                seconds <= LEASE_SECONDS, f"{seconds:.2f} s")
    stage.check("each was told once", all(sorted(one.removed) == sorted(users) for one in watching))
    sdk = server(cluster.nodes[0].url)

    async def count() -> bool:
        info = await asyncio.to_thread(sdk.channel_info, CHANNEL, ["user_count", "subscription_count"])
        return info == {"occupied": True, "user_count": len(watching), "subscription_count": len(watching)}
    await eventually(count, 15, "the numbers are those of the living")
    cluster.nodes[2].start()
    await cluster.nodes[2].ready()
    for one in guests[:5]:
        await come(one, cluster.nodes[2].url)
    await agree(stage, [*watching, *guests], "who comes back to the node that was started again is there for all")


async def terminated(stage: Stage, cluster: Cluster, watching: list[Member]) -> None:
    """The SDK's call without an app in its path ends sockets that have signed in, wherever they are."""
    one = Member("signed-in", CHANNEL)
    await one.connect(cluster.nodes[1].url)
    await one.sign_in()
    await eventually(lambda: one.is_signed_in, 10, "it has signed in")
    sdk = server(cluster.nodes[0].url)
    began = time.monotonic()
    await asyncio.to_thread(sdk.terminate_user_connections, "signed-in")
    await eventually(lambda: one.close_code is not None, 10, "it was ended")
    stage.check("terminate_connections ends who has signed in, at another node", one.close_code == 4009,
                f"{one.close_code} after {time.monotonic() - began:.2f} s")
    stage.check("and nobody else", all(other.is_in for other in watching))
