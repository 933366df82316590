"""A client of the Pusher protocol that never gives up: it comes back after every loss and goes on where it was."""

import asyncio
import dataclasses
import json
import random
import time
from collections.abc import Callable

from .cluster import DOMAIN_KEY
from .hotel import Person
from .http import HTTPClient, HTTPFailure
from .websocket import WebSocket

PATH = f"/app/{DOMAIN_KEY}?protocol=7&client=cluster&version=1"


@dataclasses.dataclass(frozen=True, slots=True)
class Heard:
    """One event as it arrived."""

    seq: int
    op: str | None
    name: str
    at: float


@dataclasses.dataclass
class Following:
    """What a client knows of one channel."""

    channel: str
    # From here on it has heard everything: nothing before its first subscription.
    start: int | None = None
    seq: int = 0
    epoch: int = 0
    heard: list[Heard] = dataclasses.field(default_factory=list)
    # How many events it had heard when it was told to load anew, each time.
    resyncs: list[int] = dataclasses.field(default_factory=list)
    replayed: int = 0
    is_joined: bool = False


class Subscriber:
    """One socket over all its lives."""

    def __init__(
        self, person: Person, channels: list[str], choose: Callable[[], str], *, token: Callable[[], str] | None = None,
        keeps_all: bool = True,
    ) -> None:
        """`choose` says where to connect, each time; `keeps_all` is off where only order and position matter."""
        self.person = person
        self.choose = choose
        self.token = token or person.token
        self.keeps_all = keeps_all
        self.following = {channel: Following(channel) for channel in channels}
        self.socket: WebSocket | None = None
        self.base = ""
        self.faults: list[str] = []
        self.refusals: list[str] = []
        # When the connection was lost and with which code, and when all channels were joined.
        self.losses: list[tuple[float, int | None]] = []
        self.joins: list[float] = []
        self.failed_attempts = 0
        self.is_leaving = False
        self.has_given_up = False
        self._established: asyncio.Future[str] | None = None
        self._lost = asyncio.Event()
        self._task: asyncio.Task | None = None

    # What a scenario asks

    @property
    def is_joined(self) -> bool:
        return self.socket is not None and all(one.is_joined for one in self.following.values())

    @property
    def resyncs(self) -> int:
        return sum(len(one.resyncs) for one in self.following.values())

    @property
    def only(self) -> Following:
        """The channel of a client that has one."""
        (one,) = self.following.values()
        return one

    def start(self) -> "Subscriber":
        self._task = asyncio.create_task(self._run())
        return self

    async def leave(self) -> None:
        self.is_leaving = True
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        if self.socket is not None:
            self.socket.abort()

    def break_off(self) -> None:
        """Loses the connection, as on the way into a lift."""
        if self.socket is not None:
            self.socket.abort()

    # The way of a connection

    async def _run(self) -> None:
        pause = 0.0
        while not self.is_leaving and not self.has_given_up:
            if pause:
                await asyncio.sleep(pause * random.uniform(0.5, 1))
            try:
                await self._connect()
                pause = 0.02
                await self._lost.wait()
            except (OSError, TimeoutError, HTTPFailure):
                self.failed_attempts += 1
                pause = min(1.0, max(0.05, pause * 2))
            finally:
                self._forget()

    def _forget(self) -> None:
        if self.socket is not None:
            self.socket.abort()
        self.socket = None
        for one in self.following.values():
            one.is_joined = False

    async def _connect(self) -> None:
        self._lost.clear()
        self._established = asyncio.get_running_loop().create_future()
        self.base = self.choose()
        self.socket = await WebSocket.connect(self.base, PATH, self._take, self._ended)
        async with asyncio.timeout(10):
            socket_id = await self._established
        client = HTTPClient(self.base)
        try:
            for one in self.following.values():
                data = await self._authorise(client, socket_id, one)
                if data is not None and self.socket is not None:
                    self.socket.send_text(json.dumps({"event": "pusher:subscribe", "data": data}))
        finally:
            client.close()

    async def _authorise(self, client: HTTPClient, socket_id: str, one: Following) -> dict | None:
        body = json.dumps({"socket_id": socket_id, "channel_name": one.channel}).encode()
        answer = await client.request(
            "POST", "/broadcasting/auth", body=body,
            fields={"Content-Type": "application/json", "Authorization": f"Bearer {self.token()}"})
        if answer.status in (429, 500, 502, 503, 504):
            raise HTTPFailure(f"/broadcasting/auth answers {answer.status}")
        if answer.status != 200:
            self.refusals.append(f"{one.channel}: {answer.status} {answer.body[:120]!r}")
            self.has_given_up = True
            self._lost.set()
            return None
        data = answer.json() | {"channel": one.channel}
        if one.start is not None:
            data |= {"since": one.seq, "epoch": one.epoch}
        return data

    def _ended(self, code: int | None) -> None:
        self.losses.append((time.monotonic(), code))
        # What the protocol's clients do: after 40xx they never come back.
        if code is not None and 4000 <= code < 4100:
            self.has_given_up = True
        if self._established is not None and not self._established.done():
            self._established.set_exception(ConnectionError("closed before it was established"))
            self._established.exception()
        self._lost.set()

    # What it hears

    def _take(self, text: str) -> None:
        message = json.loads(text)
        event = message["event"]
        if "seq" in message and not event.startswith(("pusher", "bellhop:")):
            self._deliver(message)
        elif event == "pusher:connection_established":
            if self._established is not None and not self._established.done():
                self._established.set_result(json.loads(message["data"])["socket_id"])
        elif event == "pusher_internal:subscription_succeeded":
            self._joined(message)
        elif event == "bellhop:resumed":
            one = self.following[message["channel"]]
            data = json.loads(message["data"])
            one.replayed += data["replayed"]
            one.seq = max(one.seq, data["seq"])
        elif event == "bellhop:resync_required":
            one = self.following[message["channel"]]
            one.resyncs.append(len(one.heard))
            if "seq" in message:
                one.start, one.seq, one.epoch = message["seq"], message["seq"], message["epoch"]
        elif event == "pusher:subscription_error":
            self.refusals.append(text[:200])
            self.break_off()
        elif event == "pusher:ping" and self.socket is not None:
            self.socket.send_text('{"event":"pusher:pong","data":{}}')

    def _joined(self, message: dict) -> None:
        one = self.following[message["channel"]]
        if one.start is None:
            one.start = one.seq = message["seq"]
            one.epoch = message["epoch"]
        one.is_joined = True
        if self.is_joined:
            self.joins.append(time.monotonic())

    def _deliver(self, message: dict) -> None:
        one = self.following.get(message["channel"])
        if one is None:
            self.faults.append(f"an event on {message['channel']}, which was never asked for")
            return
        seq = message["seq"]
        if seq <= one.seq:
            self.faults.append(f"seq {seq} after {one.seq} on {one.channel}")
            return
        one.seq = seq
        if self.keeps_all:
            meta = json.loads(message["data"])["meta"]
            if meta["seq"] != seq or f".{meta['tenant_id']}." not in f".{one.channel}.":
                self.faults.append(f"a frame with {seq} on {one.channel} says {meta}")
            one.heard.append(Heard(seq, meta.get("op_id"), meta["name"], time.monotonic()))
        else:
            one.heard.append(Heard(seq, None, message["event"], 0))


async def join_all(subscribers: list[Subscriber], seconds: float) -> None:
    """Waits until all have joined; raises at the deadline or when one gives up."""
    deadline = time.monotonic() + seconds
    while not all(one.is_joined for one in subscribers):
        lost = [one for one in subscribers if one.has_given_up]
        if lost:
            raise RuntimeError(f"a subscriber was refused: {lost[0].refusals[:3]} {lost[0].losses[:3]}")
        if time.monotonic() > deadline:
            outside = [one for one in subscribers if not one.is_joined]
            raise TimeoutError(
                f"{len(outside)} of {len(subscribers)} have not joined within {seconds:g} s; the first: at "
                f"{outside[0].base}, "
                f"{outside[0].failed_attempts} failed attempts, {outside[0].refusals[:2]}, {outside[0].losses[-3:]}")
        await asyncio.sleep(0.02)
