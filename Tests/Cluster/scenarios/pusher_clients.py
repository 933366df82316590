"""Clients that other people wrote, unmodified: pysher hears on every node what the SDK `pusher` publishes on any."""

import asyncio
import contextlib
import http.server
import json
import pathlib
import queue
import threading
import time
from collections.abc import Iterator
from urllib.parse import urlsplit

import pusher
import pysher
from pusher.errors import PusherError

from processes import HOST

from harness.cluster import EXTERNAL, Cluster
from harness.member import Member
from harness.stage import Stage
from harness.waiting import eventually

PATIENCE = 20
CHANGED = {"a": 1.5, "b": "é \"x\""}


class Listener:
    """One pysher client at one node, on one private and one public channel."""

    def __init__(self, url: str) -> None:
        place = urlsplit(url)
        self.heard: queue.Queue[tuple[str, str, str]] = queue.Queue()
        self.joined: set[str] = set()
        self.client = pysher.Pusher(
            EXTERNAL.key, secret=EXTERNAL.secret, custom_host=place.hostname, port=place.port, secure=False,
            reconnect_interval=1)
        self.client.connection.bind("pusher:connection_established", self._established)
        self.client.connect()

    def _established(self, _data: str) -> None:
        for name in ("private-desk", "news"):
            channel = self.client.subscribe(name)
            channel.bind("pusher_internal:subscription_succeeded", lambda _data, name=name: self.joined.add(name))
            for event in ("App\\Events\\Changed", "first", "second", "last"):
                channel.bind(event, lambda data, event=event, name=name: self.heard.put((name, event, data)))

    @property
    def is_joined(self) -> bool:
        return self.joined == {"private-desk", "news"}

    @property
    def socket_id(self) -> str:
        return self.client.connection.socket_id

    def all(self) -> list[tuple[str, str, str]]:
        heard = []
        while not self.heard.empty():
            heard.append(self.heard.get())
        return heard


def server(url: str, secret: str = EXTERNAL.secret) -> pusher.Pusher:
    place = urlsplit(url)
    return pusher.Pusher(
        app_id=EXTERNAL.id, key=EXTERNAL.key, secret=secret, host=place.hostname, port=place.port, ssl=False)


async def play(stage: Stage) -> None:
    options = pathlib.Path(stage.folder) / "apps.json"
    options.parent.mkdir(parents=True, exist_ok=True)
    with back_end() as (hooks, url):
        options.write_text(json.dumps({EXTERNAL.id: {"client_events": True, "webhooks": {"url": url}}}))
        await play_with(stage, {"BELLHOP_APPS_FILE": str(options)}, hooks)


@contextlib.contextmanager
def back_end() -> Iterator[tuple[list[dict], str]]:
    """A back end that lets the SDK judge what it is told; what the SDK takes for true is in the list."""
    told: list[dict] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            webhook = server(f"http://{HOST}:1").validate_webhook(
                self.headers["X-Pusher-Key"], self.headers["X-Pusher-Signature"], body)
            told.extend(webhook["events"] if webhook else [{"name": f"not valid: {body}"}])
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_arguments: object) -> None:
            """Says nothing."""
    receiver = http.server.ThreadingHTTPServer((HOST, 0), Handler)
    threading.Thread(target=receiver.serve_forever, daemon=True).start()
    try:
        yield told, f"http://{HOST}:{receiver.server_port}/hook"
    finally:
        receiver.shutdown()
        receiver.server_close()


class Authenticated(Member):
    """A member for whom the SDK signs."""

    async def authorised(self) -> dict:
        return server(self.url).authenticate(
            self.channel, self.socket_id, {"user_id": self.user, "user_info": {"name": "Ada"}})

    async def authenticated(self) -> dict:
        return server(self.url).authenticate_user(self.socket_id, {"id": self.user})


async def play_with(stage: Stage, settings: dict[str, str], hooks: list[dict]) -> None:
    async with stage.cluster([], settings=settings) as cluster:
        listeners = [await asyncio.to_thread(Listener, node.url) for node in cluster.nodes for _ in range(2)]
        try:
            await eventually(lambda: all(one.is_joined for one in listeners), PATIENCE, "pysher joins on all nodes")
            stage.check("pysher joins a private and a public channel on every node", True, f"{len(listeners)} clients")
            await published(stage, [node.url for node in cluster.nodes] + [cluster.url], listeners)
            await refused(stage, cluster.nodes[0].url)
            await signed_and_told(stage, cluster, hooks)
        finally:
            for one in listeners:
                # Its threads end with this process where they do not end by themselves.
                await asyncio.to_thread(one.client.disconnect, 2)


async def published(stage: Stage, urls: list[str], listeners: list[Listener]) -> None:
    for url in urls:
        sdk = server(url)
        sender = listeners[0]
        await asyncio.to_thread(sdk.trigger, ["private-desk", "news"], "App\\Events\\Changed", CHANGED)
        await asyncio.to_thread(sdk.trigger_batch, [
            {"channel": "news", "name": "first", "data": "1"}, {"channel": "news", "name": "second", "data": "2"}])
        await asyncio.to_thread(sdk.trigger, "private-desk", "last", "to others", sender.socket_id)
        began = time.monotonic()
        want = 5
        await eventually(
            lambda: all(one.heard.qsize() >= want - (one is sender) for one in listeners), PATIENCE, "all events arrive")
        wrong = [heard for one in listeners if (heard := one.all()) and not is_right(heard, one is sender)]
        where = "the balancer" if url == urls[-1] else f"node {urls.index(url) + 1}"
        stage.check(f"what the SDK publishes at {where} is heard by all but its sender, once, in order", not wrong,
                    wrong[:1] or f"{time.monotonic() - began:.2f} s")


def is_right(heard: list[tuple[str, str, str]], is_sender: bool) -> bool:
    news = [(event, data) for name, event, data in heard if name == "news"]
    desk = [(event, data) for name, event, data in heard if name == "private-desk"]
    changed = ("App\\Events\\Changed", CHANGED)
    same = all(json.loads(data) == changed[1] for _, event, data in heard if event == changed[0])
    return (same and [event for event, _ in news] == [changed[0], "first", "second"]
            and [event for event, _ in desk] == [changed[0]] + ([] if is_sender else ["last"])
            and [data for event, data in news[1:]] == ["1", "2"])


async def refused(stage: Stage, url: str) -> None:
    async def fault(call, *arguments) -> str:
        try:
            await asyncio.to_thread(call, *arguments)
        except (PusherError, ValueError) as error:
            return f"{type(error).__name__}: {error}"
        return "nothing"

    wrong = await fault(server(url, "another-secret-of-nobody").trigger, "news", "first", "1")
    stage.check("another secret publishes nothing", wrong.startswith("PusherBadAuth"), wrong)
    long = await fault(server(url).trigger, "news", "first", "x" * 10_241)
    stage.check("more than 10 KB of data are refused", "10240" in long or "413" in long, long)


async def signed_and_told(stage: Stage, cluster: Cluster, hooks: list[dict]) -> None:
    """What the SDK signs is taken, and what the back end is told the SDK takes."""
    one = Authenticated("7", "presence-lobby")
    await one.connect(cluster.nodes[1].url)
    await one.join()
    await one.sign_in()
    await eventually(lambda: one.is_signed_in, PATIENCE, "the SDK's signature of a user is taken")
    stage.check("a member and a user whom the SDK signs are taken", one.members == {"7"} and not one.refusals, one.refusals)
    one.close()
    wanted = [
        {"name": "channel_occupied", "channel": "news"}, {"name": "channel_occupied", "channel": "private-desk"},
        {"name": "channel_occupied", "channel": "presence-lobby"}, {"name": "channel_vacated", "channel": "presence-lobby"},
        {"name": "member_added", "channel": "presence-lobby", "user_id": "7"},
        {"name": "member_removed", "channel": "presence-lobby", "user_id": "7"},
    ]
    await eventually(lambda: all(event in hooks for event in wanted), PATIENCE, "all webhooks have come")
    doubled = [event for event in wanted if hooks.count(event) != 1]
    strange = [event for event in hooks if event["name"].startswith("not valid")]
    stage.check("the SDK validates each webhook, and each came once", not doubled and not strange, doubled or strange)
