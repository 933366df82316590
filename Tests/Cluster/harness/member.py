"""A client that is in one presence channel, of an external app or of the hotel, and remembers what it was told of the others."""

import asyncio
import hashlib
import hmac
import json

from .cluster import DOMAIN_KEY, EXTERNAL
from .hotel import Person
from .http import HTTPClient
from .websocket import WebSocket

QUERY = "?protocol=7&client=member&version=1"


def signature(text: str) -> str:
    return f"{EXTERNAL.key}:{hmac.new(EXTERNAL.secret.encode(), text.encode(), hashlib.sha256).hexdigest()}"


class Member:
    """One socket over all its lives; it comes and goes when it is told to."""

    path = f"/app/{EXTERNAL.key}{QUERY}"

    def __init__(self, user: str, channel: str) -> None:
        self.user = user
        self.channel = channel
        # Nothing while it is not in the channel.
        self.members: set[str] | None = None
        self.added: list[str] = []
        self.removed: list[str] = []
        # What no client may ever be told.
        self.faults: list[str] = []
        self.refusals: list[str] = []
        self.is_signed_in = False
        self.close_code: int | None = None
        # Application events of the channel and others.
        self.events: list[dict] = []
        self.socket: WebSocket | None = None
        self.url = ""
        self.socket_id = ""
        self._established: asyncio.Future[None] | None = None
        self._answered: asyncio.Future[None] | None = None

    @property
    def is_in(self) -> bool:
        return self.members is not None

    async def connect(self, url: str, seconds: float = 15) -> None:
        self._established = asyncio.get_running_loop().create_future()
        self.url = url
        self.socket = await WebSocket.connect(url, self.path, self._heard, self._ended, seconds)
        async with asyncio.timeout(seconds):
            await self._established

    async def join(self, seconds: float = 15) -> None:
        assert self.socket
        await self.subscribe(self.channel, await self.authorised(), seconds)

    async def subscribe(self, channel: str, signed: dict, seconds: float = 15) -> None:
        """Returns when it was answered, however."""
        self._answered = asyncio.get_running_loop().create_future()
        self._send("pusher:subscribe", {"channel": channel, **signed})
        async with asyncio.timeout(seconds):
            await self._answered

    async def authorised(self) -> dict:
        """What a back end would sign for the channel."""
        data = json.dumps({"user_id": self.user, "user_info": {"name": f"User {self.user}"}})
        return {"auth": signature(f"{self.socket_id}:{self.channel}:{data}"), "channel_data": data}

    async def authenticated(self) -> dict:
        """What a back end would sign for the user."""
        data = json.dumps({"id": self.user})
        return {"auth": signature(f"{self.socket_id}::user::{data}"), "user_data": data}

    async def sign_in(self) -> None:
        self._send("pusher:signin", await self.authenticated())

    def leave(self) -> None:
        """Unsubscribes; nothing answers that."""
        self.members = None
        self._send("pusher:unsubscribe", {"channel": self.channel})

    def close(self) -> None:
        """Ends like a page that is closed."""
        self.members = None
        if self.socket:
            self.socket.abort()
            self.socket = None

    def _send(self, event: str, data: dict) -> None:
        if self.socket:
            self.socket.send_text(json.dumps({"event": event, "data": data}))

    def _ended(self, code: int | None) -> None:
        self.members = None
        self.close_code = code

    def _heard(self, text: str) -> None:
        frame = json.loads(text)
        data = json.loads(frame["data"]) if isinstance(frame.get("data"), str) else frame.get("data")
        match frame["event"]:
            case "pusher:connection_established":
                self.socket_id = data["socket_id"]
                if self._established and not self._established.done():
                    self._established.set_result(None)
            case "pusher_internal:subscription_succeeded":
                presence = data.get("presence")
                if presence is None:
                    return self._answer()
                self.members = set(presence["ids"])
                if set(presence["hash"]) != self.members or presence["count"] != len(self.members):
                    self.faults.append(f"count, ids and hash differ: {text[:200]}")
                if self.user not in self.members:
                    self.faults.append("the list has not the one who came")
                self._answer()
            case "pusher:signin_success":
                self.is_signed_in = True
            case "pusher:subscription_error":
                self.refusals.append(data["error"])
                self._answer()
            case "pusher_internal:member_added":
                self._moved("added", data["user_id"], False)
            case "pusher_internal:member_removed":
                self._moved("removed", data["user_id"], True)
            case event if not event.startswith("pusher"):
                self.events.append(frame)

    def _answer(self) -> None:
        if self._answered and not self._answered.done():
            self._answered.set_result(None)

    def _moved(self, what: str, user: str, was_there: bool) -> None:
        # What was sent before a farewell arrived is of no matter.
        if self.members is None:
            return
        (self.removed if was_there else self.added).append(user)
        if user == self.user:
            self.faults.append(f"it was told that it was {what} itself")
        if (user in self.members) != was_there:
            self.faults.append(f"{user} was {what} twice")
        if was_there:
            self.members.discard(user)
        else:
            self.members.add(user)


class Colleague(Member):
    """Somebody of the hotel, authorised by its nodes."""

    path = f"/app/{DOMAIN_KEY}{QUERY}"

    def __init__(self, person: Person, channel: str) -> None:
        super().__init__(person.id, channel)
        self.person = person

    async def authorised(self) -> dict:
        return await self._ask("/broadcasting/auth", {"socket_id": self.socket_id, "channel_name": self.channel})

    async def authenticated(self) -> dict:
        return await self._ask("/broadcasting/user-auth", {"socket_id": self.socket_id})

    async def _ask(self, path: str, body: dict) -> dict:
        client = HTTPClient(self.url)
        try:
            answer = await client.request(
                "POST", path, body=json.dumps(body).encode(),
                fields={"Content-Type": "application/json", **self.person.bearer()})
        finally:
            client.close()
        if answer.status != 200:
            self.refusals.append(f"{path}: {answer.status}")
            return {}
        return answer.json()
