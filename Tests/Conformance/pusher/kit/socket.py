"""One socket of the protocol: it sends what it is told and keeps every frame that comes."""

import asyncio
import dataclasses
import json
import re
import time
from typing import Any, NamedTuple
from urllib.parse import urlencode

import frames
from harness.cluster import App
from harness.waiting import TooLate
from harness.websocket import WebSocket

from . import signing

# What has to arrive arrives within so many seconds, on a machine that does something else, too.
PATIENCE = 12.0
SOCKET_ID = re.compile(r"\d+\.\d+")
USUAL = {"protocol": "7", "client": "js", "version": "8.6.0", "flash": "false"}


class Broken(AssertionError):
    """A rule does not hold."""


class Message(NamedTuple):
    """One message as it came."""

    text: str
    fields: dict[str, Any]
    at: float

    @property
    def event(self) -> str:
        return self.fields.get("event", "")

    @property
    def channel(self) -> str | None:
        return self.fields.get("channel")

    @property
    def data(self) -> Any:
        return self.fields.get("data")

    def json(self) -> Any:
        """What the data says; it has to be a string, as most clients read no other."""
        if not isinstance(self.data, str):
            raise Broken(f"data is not a string: {self.text}")
        return json.loads(self.data)


class Wire(WebSocket):
    """The connection below: it keeps frames, and answers closings only."""

    def __init__(self, head: bytes, on_text, on_end) -> None:
        super().__init__(head, on_text, on_end)
        self.frames: list[frames.Frame] = []
        # What wakes up whoever waits for a frame.
        self.news = asyncio.Event()

    def _take(self, frame: frames.Frame) -> None:
        self.frames.append(frame)
        if frame.is_compressed:
            frame = dataclasses.replace(frame, payload=frames.Inflater.inflate(frame.payload))
        if frame.opcode in (frames.TEXT, frames.CLOSE):
            super()._take(frame)
        self.news.set()

    def connection_lost(self, error: Exception | None) -> None:
        super().connection_lost(error)
        self.news.set()

    def send_bytes(self, data: bytes) -> None:
        self._send(data)


class Socket:
    """One socket at one node, for one app."""

    def __init__(self, app: App) -> None:
        self.app = app
        self.socket_id = ""
        self.messages: list[Message] = []
        self.faults: list[str] = []
        self.has_ended = False
        self.wire: Wire | None = None
        # Where `next` goes on.
        self.position = 0

    # Opening and closing

    @classmethod
    async def connect(
        cls, base: str, app: App, *, path: str = "", query: dict[str, str] | str | None = None,
        fields: dict[str, str] | None = None, first: bytes = b"",
    ) -> "Socket":
        """Opens one, without waiting for what the server says first."""
        one = cls(app)
        text = query if isinstance(query, str) else urlencode(USUAL if query is None else query)
        one.wire = await Wire.connect(
            base, (path or f"/app/{app.key}") + (f"?{text}" if text else ""), one._heard, one._ended, PATIENCE,
            fields=fields, first=first)
        return one

    async def established(self) -> "Socket":
        """Waits for the greeting, which has to be the first message."""
        greeting = await self.next("pusher:connection_established")
        self.socket_id = greeting.json()["socket_id"]
        return self

    def _heard(self, text: str) -> None:
        try:
            fields = json.loads(text)
        except ValueError:
            fields = None
        if not isinstance(fields, dict):
            self.faults.append(f"not one JSON object: {text}")
            return
        self.messages.append(Message(text, fields, time.monotonic()))

    def _ended(self, _code: int | None) -> None:
        self.has_ended = True

    def close(self) -> None:
        """As a page that is closed: a close frame, then the end."""
        self.send_bytes(frames.close_frame(1000))

    def abort(self) -> None:
        """As a phone that loses its network, but for the kernel's reset."""
        self._wire.abort()

    @property
    def _wire(self) -> Wire:
        assert self.wire is not None
        return self.wire

    @property
    def answer(self) -> str:
        """The head of the answer to the handshake."""
        return self._wire.answer

    @property
    def close_code(self) -> int | None:
        """The code of the close frame, once one came."""
        return self._wire.close_code

    @property
    def frames(self) -> list[frames.Frame]:
        return self._wire.frames

    # Sending

    def send(self, event: str, data: Any = None, **more: Any) -> None:
        self.send_text(json.dumps({"event": event} | ({} if data is None else {"data": data}) | more))

    def send_text(self, text: str) -> None:
        self._wire.send_text(text)

    def send_bytes(self, data: bytes) -> None:
        self._wire.send_bytes(data)

    def auth(self, channel: str, channel_data: str | None = None) -> str:
        return signing.channel_auth(self.app, self.socket_id, channel, channel_data)

    def ask(self, channel: str, channel_data: str | None = None, **more: Any) -> None:
        """Asks to subscribe with what the kind of the channel wants, as js does: public channels have an empty auth."""
        wants = channel.startswith(("private-", "presence-"))
        data = {"channel": channel, "auth": self.auth(channel, channel_data) if wants else ""}
        if channel_data is not None:
            data["channel_data"] = channel_data
        self.send("pusher:subscribe", data | more)

    async def subscribe(self, channel: str, channel_data: str | None = None) -> Message:
        """Subscribes and waits for the success."""
        self.ask(channel, channel_data)
        return await self.subscribed(channel)

    async def subscribed(self, channel: str) -> Message:
        return await self.until("pusher_internal:subscription_succeeded", channel)

    async def join(self, channel: str, user_id: str, info: Any = None) -> dict:
        """Joins a presence channel; what the success says of it."""
        told = {"user_id": user_id} | ({} if info is None else {"user_info": info})
        return (await self.subscribe(channel, json.dumps(told))).json()["presence"]

    def leave(self, channel: str) -> None:
        self.send("pusher:unsubscribe", {"channel": channel})

    async def sign_in(self, user_id: str, **more: Any) -> Message:
        user_data = json.dumps({"id": user_id, **more})
        self.send("pusher:signin", {
            "auth": signing.user_auth(self.app, self.socket_id, user_data), "user_data": user_data})
        return await self.until("pusher:signin_success")

    # Listening

    async def _more(self, deadline: float) -> bool:
        """Waits until anything new has come; false at the deadline."""
        self._wire.news.clear()
        try:
            async with asyncio.timeout_at(deadline):
                await self._wire.news.wait()
        except TimeoutError:
            return False
        return True

    async def wait(self, condition, what: str, seconds: float = PATIENCE) -> None:
        """Waits until the condition holds, which is asked whenever something came."""
        deadline = asyncio.get_running_loop().time() + seconds
        while not condition():
            holds(not self.faults, self.faults)
            if self.has_ended:
                raise Broken(f"closed with {self.close_code} instead of {what}; {self.account()}")
            if not await self._more(deadline):
                raise TooLate(f"not within {seconds:g} s: {what}; {self.account()}")

    async def next(self, event: str | None = None, channel: str | None = None) -> Message:
        """The next message; it has to be of this event and channel if they are given."""
        await self.wait(lambda: len(self.messages) > self.position, event or "a message")
        message = self.messages[self.position]
        self.position += 1
        if event not in (None, message.event) or channel not in (None, message.channel):
            raise Broken(f"{message.text} instead of {event} {channel or ''}")
        return message

    async def until(self, event: str, channel: str | None = None, seconds: float = PATIENCE) -> Message:
        """The next message of this event and channel; those before it are passed over."""
        while True:
            await self.wait(
                lambda: len(self.messages) > self.position, f"{event} {channel or ''}".strip(), seconds)
            message = self.messages[self.position]
            self.position += 1
            if message.event == event and channel in (None, message.channel):
                return message
            if message.event == "pusher:subscription_error" and event.endswith("subscription_succeeded") and (
                    message.channel == channel):
                raise Broken(f"refused: {message.text}")
            if event == "pusher:signin_success" and message.event == "pusher:error" and message.data.get("code") != 4302:
                raise Broken(f"refused: {message.text}")

    async def fence(self) -> list[Message]:
        """Everything that came before the answer to a ping that is sent now, from where `next` would go on."""
        before = self.position
        self.send("pusher:ping", {})
        await self.until("pusher:pong")
        return self.messages[before:self.position - 1]

    def heard(self, channel: str, *events: str) -> list[Message]:
        """All that was ever heard on a channel; of these events if there are any."""
        return [one for one in self.messages if one.channel == channel and (not events or one.event in events)]

    async def ended(self, seconds: float = PATIENCE) -> int | None:
        """Waits for the end; the code of the close frame, if one came."""
        deadline = asyncio.get_running_loop().time() + seconds
        while not self.has_ended:
            if not await self._more(deadline):
                raise TooLate(f"not closed within {seconds:g} s; {self.account()}")
        return self.close_code

    def account(self) -> str:
        """The last that came, for whoever looks for the fault."""
        last = [one.text[:160] for one in self.messages[-4:]]
        return f"the last of {len(self.messages)} messages: {last}"


def same(actual: object, wanted: object, what: object = "") -> None:
    if actual != wanted:
        raise Broken(f"{f'{what}: ' if what else ''}{str(actual)[:400]} instead of {str(wanted)[:400]}")


def holds(condition: object, what: object) -> None:
    if not condition:
        raise Broken(str(what)[:1000])
