"""HTTP/1.1 over one connection that is kept, as much of it as a client of a node needs."""

import asyncio
import dataclasses
import json
from urllib.parse import urlsplit


@dataclasses.dataclass(frozen=True)
class Answer:
    """What was answered; names of fields are in lower case."""

    status: int
    fields: dict[str, str]
    body: bytes

    def json(self):
        return json.loads(self.body)


class HTTPFailure(Exception):
    """There was no whole answer: it is not known what became of the request."""


class HTTPClient:
    """Requests one after another; a connection that has failed is opened anew by the next request."""

    def __init__(self, base: str) -> None:
        place = urlsplit(base)
        self.base = base
        self.host, self.port = place.hostname, place.port
        self.reader: asyncio.StreamReader | None = None
        self.writer: asyncio.StreamWriter | None = None

    def close(self) -> None:
        if self.writer is not None:
            self.writer.transport.abort()
        self.reader = self.writer = None

    async def request(
        self, method: str, path: str, *, fields: dict[str, str] | None = None, body: bytes | None = None,
        seconds: float = 15,
    ) -> Answer:
        """Raises `HTTPFailure` when the connection breaks or nothing comes in time."""
        try:
            async with asyncio.timeout(seconds):
                return await self._request(method, path, fields or {}, body)
        except (OSError, EOFError, TimeoutError, ValueError, IndexError) as error:
            self.close()
            raise HTTPFailure(f"{method} {path}: {error!r}") from error
        except BaseException:
            self.close()
            raise

    async def _request(self, method: str, path: str, fields: dict[str, str], body: bytes | None) -> Answer:
        if self.writer is None or self.writer.is_closing() or self.reader is None or self.reader.at_eof():
            self.close()
            self.reader, self.writer = await asyncio.open_connection(self.host, self.port)
        lines = [f"{method} {path} HTTP/1.1", f"Host: {self.host}:{self.port}"]
        lines += [f"{name}: {value}" for name, value in fields.items()]
        if body is not None:
            lines.append(f"Content-Length: {len(body)}")
        self.writer.write("\r\n".join([*lines, "", ""]).encode() + (body or b""))
        answer = await read_answer(self.reader, method)
        if answer.fields.get("connection", "").lower() == "close":
            self.close()
        return answer


async def read_answer(reader: asyncio.StreamReader, method: str) -> Answer:
    """The next whole answer to a request of this method. Raises `EOFError` or `ValueError` when there is none."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    status = int(head[0].split(" ")[1])
    answered = {}
    for line in head[1:]:
        name, separator, value = line.partition(":")
        if separator:
            answered[name.strip().lower()] = value.strip()
    if answered.get("transfer-encoding", "").lower() == "chunked":
        raise ValueError("nobody here speaks in chunks")
    if "content-length" in answered:
        content = await reader.readexactly(int(answered["content-length"]))
    elif status < 200 or status in (204, 304) or method == "HEAD":
        content = b""
    else:
        content = await reader.read()
    return Answer(status, answered, content)


async def get(url: str, *, fields: dict[str, str] | None = None, seconds: float = 5) -> Answer:
    """One request on a connection of its own."""
    place = urlsplit(url)
    client = HTTPClient(f"{place.scheme}://{place.netloc}")
    try:
        path = (place.path or "/") + (f"?{place.query}" if place.query else "")
        return await client.request("GET", path, fields=fields, seconds=seconds)
    finally:
        client.close()
