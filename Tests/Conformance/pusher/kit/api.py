"""An app's back end: signed calls of the HTTP API, whole or as whatever bytes a rule wants."""

import asyncio
import json
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from harness.cluster import App
from harness.http import Answer, HTTPClient, read_answer

from .signing import signed_query
from .socket import PATIENCE, Broken


def encoded(body: Any) -> bytes:
    return body if isinstance(body, bytes) else json.dumps(body).encode()


class API:
    """The HTTP API of one app at one node."""

    def __init__(self, base: str, app: App) -> None:
        self.base = base
        self.app = app

    def path(self, path: str) -> str:
        return f"/apps/{self.app.id}{path}"

    async def post(self, path: str, body: Any) -> Answer:
        """A call with a body, under the app's own path."""
        return await self.call("POST", self.path(path), encoded(body))

    async def get(self, path: str, **own: str) -> Answer:
        return await self.call("GET", self.path(path), own=own)

    async def call(
        self, method: str, path: str, body: bytes | None = None, *, own: dict[str, str] | None = None,
        timestamp: int | str | None = None, change: dict[str, str | None] | None = None, sends: str | None = None,
        signs: str | None = None, raw_query: str | None = None, sent_body: bytes | None = None,
    ) -> Answer:
        """A signed call. `change` replaces or removes parameters after signing; another path than the signed one is
        sent with `sends`, another method is signed with `signs`; `raw_query` and `sent_body` replace what is sent."""
        query = signed_query(self.app, signs or method, path, own, body, timestamp=timestamp)
        for name, value in (change or {}).items():
            if value is None:
                query.pop(name)
            else:
                query[name] = value
        text = urlencode(query, quote_via=quote) if raw_query is None else raw_query
        return await self.send(method, f"{sends or path}?{text}", body if sent_body is None else sent_body)

    async def send(self, method: str, target: str, body: bytes | None, **fields: str) -> Answer:
        """One request on a connection of its own."""
        client = HTTPClient(self.base)
        try:
            return await client.request(method, target, body=body, fields=fields, seconds=PATIENCE)
        finally:
            client.close()

    async def publish(self, channels: str | list[str], name: str, data: Any = "{}", **more: Any) -> Answer:
        """Publishes; raises if that is not answered with 200."""
        where = {"channel": channels} if isinstance(channels, str) else {"channels": channels}
        answer = await self.post("/events", {"name": name, "data": data, **where, **more})
        if answer.status != 200:
            raise Broken(f"a publish was answered with {answer.status} {answer.body[:300]!r}")
        return answer

    async def batch(self, events: list[dict]) -> Answer:
        return await self.post("/batch_events", {"batch": events})

    async def raw(self, pieces: list[bytes], answers: int, method: str = "POST") -> list[Answer]:
        """Sends these pieces, each in a segment of its own, on one connection; so many answers."""
        place = urlsplit(self.base)
        async with asyncio.timeout(PATIENCE):
            reader, writer = await asyncio.open_connection(place.hostname, place.port)
            try:
                for piece in pieces:
                    writer.write(piece)
                    await writer.drain()
                    # The other side's turn: the next piece is another segment.
                    await asyncio.sleep(0.002)
                return [await read_answer(reader, method) for _ in range(answers)]
            finally:
                writer.transport.abort()

    def request(self, body: bytes, path: str = "/events", **fields: str) -> bytes:
        """The bytes of a signed POST with a body."""
        target = self.path(path)
        query = urlencode(signed_query(self.app, "POST", target, None, body), quote_via=quote)
        more = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
        head = f"POST {target}?{query} HTTP/1.1\r\nHost: api\r\nContent-Length: {len(body)}\r\n{more}\r\n"
        return head.encode() + body
