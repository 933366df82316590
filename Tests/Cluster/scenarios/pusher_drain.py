"""A node is told to leave: its Pusher clients are closed with 4200 over the drain window, and pysher comes back to its channels."""

import asyncio
import collections
import time
from urllib.parse import urlsplit

import pusher
import pysher

from harness.cluster import EXTERNAL, Cluster
from harness.member import Member
from harness.stage import Stage
from harness.waiting import eventually

DRAIN_SECONDS = 5
CHANNELS = ("private-desk", "news")


class Listener:
    """One pysher client at the balancer. It comes back by itself; what it had signed for the socket before is signed anew."""

    def __init__(self, url: str) -> None:
        place = urlsplit(url)
        self.joins: collections.Counter[str] = collections.Counter()
        self.heard: list[str] = []
        self.client = pysher.Pusher(
            EXTERNAL.key, secret=EXTERNAL.secret, custom_host=place.hostname, port=place.port, secure=False,
            reconnect_interval=1)
        self.client.connection.bind("pusher:connection_established", self._established)
        self.client.connect()

    def _established(self, _data: str) -> None:
        for name in CHANNELS:
            channel = self.client.subscribe(name)
            channel.bind("pusher_internal:subscription_succeeded", lambda _data, name=name: self.joins.update([name]))
            channel.bind("told", self.heard.append)

    def has_joined(self, times: int) -> bool:
        return all(self.joins[name] >= times for name in CHANNELS)


async def play(stage: Stage) -> None:
    settings = {"BELLHOP_DRAIN_SECONDS": str(DRAIN_SECONDS)}
    async with stage.cluster([], settings=settings) as cluster:
        crowd = [Member(f"user-{number}", "presence-lobby") for number in range(90)]
        listeners = [await asyncio.to_thread(Listener, cluster.url) for _ in range(9)]
        try:
            await asyncio.gather(*(come(one, cluster) for one in crowd))
            await eventually(lambda: all(one.has_joined(1) for one in listeners), 20, "pysher has joined")
            for node in cluster.nodes:
                await leave(stage, cluster, node, crowd, listeners)
        finally:
            for one in crowd:
                one.close()
            for one in listeners:
                await asyncio.to_thread(one.client.disconnect, 2)


async def come(one: Member, cluster: Cluster) -> None:
    one.close_code = None
    await one.connect(cluster.url)
    await one.join()


async def leave(stage: Stage, cluster: Cluster, node, crowd: list[Member], listeners: list[Listener]) -> None:
    ended: list[tuple[float, int | None]] = []
    stopping = asyncio.create_task(node.process.stop(60))
    began = time.monotonic()
    gone: set[int] = set()
    while not stopping.done():
        for one in crowd:
            if one.close_code is not None and id(one) not in gone:
                gone.add(id(one))
                ended.append((time.monotonic() - began, one.close_code))
                one.close()
        await asyncio.sleep(0.02)
    code = await stopping
    codes = {number for _, number in ended}
    spread = ended[-1][0] - ended[0][0] if ended else 0
    # One in each step of 50 ms, while there are fewer than the window has steps.
    stage.check(f"{node.name} leaves with 0, and its sockets with 4200 one after the other",
                code == 0 and codes == {4200} and DRAIN_SECONDS >= spread >= 0.03 * (len(ended) - 1),
                f"{len(ended)} sockets in {spread:.1f} s, {codes}")
    await asyncio.gather(*(come(one, cluster) for one in crowd if one.socket is None))

    async def are_back() -> bool:
        """Everybody hears what is published at the end."""
        for one in listeners:
            one.heard.clear()
        place = urlsplit(cluster.url)
        sdk = pusher.Pusher(
            app_id=EXTERNAL.id, key=EXTERNAL.key, secret=EXTERNAL.secret, host=place.hostname, port=place.port, ssl=False)
        await asyncio.to_thread(sdk.trigger, list(CHANNELS), "told", "x")
        await asyncio.sleep(0.3)
        return all(len(one.heard) == len(CHANNELS) for one in listeners)
    waited = await eventually(are_back, 30, "pysher hears its channels again", pause=0.2)
    stage.check("pysher comes back to the same channels by itself", True, f"after {waited:.1f} s")
    node.start()
    await node.ready()
