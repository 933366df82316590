"""An app's receiver of webhooks: it keeps every request as bytes and answers as it is told."""

import asyncio
import json
import time
from collections.abc import Callable
from typing import Any, NamedTuple

from harness.waiting import eventually
from processes import HOST

from .socket import PATIENCE


class Delivery(NamedTuple):
    """One request as it came."""

    app: str
    method: str
    fields: dict[str, str]
    body: bytes
    at: float
    # The wall clock's milliseconds when it came.
    clock: int
    status: int

    @property
    def events(self) -> list[dict[str, Any]]:
        return json.loads(self.body)["events"]


class Receiver:
    """Listens for the webhooks of all apps, each at its own path."""

    def __init__(self) -> None:
        self.deliveries: list[Delivery] = []
        # How an app answers: from the number of requests that it has had to a status; 200 for who is not here.
        self.answers: dict[str, Callable[[int], int]] = {}
        self.server: asyncio.Server | None = None
        self.tasks: set[asyncio.Task] = set()
        self.url = ""

    async def start(self) -> "Receiver":
        self.server = await asyncio.start_server(self._accepted, HOST, 0)
        self.url = f"http://{HOST}:{self.server.sockets[0].getsockname()[1]}/hook"
        return self

    async def stop(self) -> None:
        if self.server is not None:
            self.server.close()
        for task in list(self.tasks):
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)

    async def _accepted(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            self.tasks.add(task)
            task.add_done_callback(self.tasks.discard)
        try:
            while True:
                status = await self._one(reader)
                writer.write(f"HTTP/1.1 {status} Said\r\nContent-Length: 0\r\n\r\n".encode())
                await writer.drain()
        except (OSError, EOFError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    async def _one(self, reader: asyncio.StreamReader) -> int:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        method, path, _ = head[0].split(" ")
        fields = {}
        for line in head[1:]:
            name, separator, value = line.partition(":")
            if separator:
                fields[name.lower()] = value.strip()
        body = await reader.readexactly(int(fields.get("content-length", "0")))
        app = path.rsplit("/", 1)[-1]
        count = sum(one.app == app for one in self.deliveries)
        status = self.answers.get(app, lambda _count: 200)(count)
        self.deliveries.append(Delivery(
            app, method, fields, body, time.monotonic(), int(time.time() * 1000), status))
        return status

    def told(self, app: str, channel: str, *names: str) -> list[dict[str, Any]]:
        """The events about a channel that an app was told, in order; of these names if there are any."""
        return [
            event for one in self.deliveries if one.app == app for event in one.events
            if event.get("channel") == channel and (not names or event.get("name") in names)]

    async def until(
        self, app: str, channel: str, name: str, count: int = 1, seconds: float = PATIENCE
    ) -> list[dict[str, Any]]:
        """Waits until an app was told so many events of a name about a channel."""
        await eventually(
            lambda: len(self.told(app, channel, name)) >= count, seconds,
            f"{count} {name} about {channel}; told were {[one['name'] for one in self.told(app, channel)]}")
        return self.told(app, channel, name)

    def of(self, app: str, channel: str) -> list[Delivery]:
        """The requests that speak of a channel."""
        return [
            one for one in self.deliveries
            if one.app == app and any(event.get("channel") == channel for event in one.events)]
