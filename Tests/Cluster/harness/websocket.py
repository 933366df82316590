"""A WebSocket that is cheap enough to have thousands of them in one process."""

import asyncio
import base64
import os
import struct
from collections.abc import Callable
from typing import Self
from urllib.parse import urlsplit

import frames


class WebSocket(asyncio.Protocol):
    """One connection. What it hears it hands to `on_text`; that it has ended, to `on_end`, once."""

    def __init__(self, head: bytes, on_text: Callable[[str], None], on_end: Callable[[int | None], None]) -> None:
        self.head = head
        self.on_text = on_text
        self.on_end = on_end
        self.opened: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.reader = frames.FrameReader()
        self.received = b""
        # The head of the answer to the handshake.
        self.answer = ""
        self.transport: asyncio.Transport | None = None
        self.is_open = False
        self.close_code: int | None = None

    @classmethod
    async def connect(
        cls, base: str, path: str, on_text: Callable[[str], None], on_end: Callable[[int | None], None],
        seconds: float = 10, *, fields: dict[str, str] | None = None, first: bytes = b"",
    ) -> Self:
        """Opens one; raises `OSError` or `TimeoutError`. `on_end` is not called for one that never opened. `fields` are
        added to the handshake, and `first` is sent with it without waiting for the answer."""
        place = urlsplit(base)
        key = base64.b64encode(os.urandom(16)).decode()
        more = "".join(f"{name}: {value}\r\n" for name, value in (fields or {}).items())
        head = (
            f"GET {path} HTTP/1.1\r\nHost: {place.netloc}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n{more}\r\n").encode() + first
        async with asyncio.timeout(seconds):
            _, socket = await asyncio.get_running_loop().create_connection(
                lambda: cls(head, on_text, on_end), place.hostname, place.port)
            try:
                await socket.opened
            except BaseException:
                socket.abort()
                raise
        return socket

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        transport.write(self.head)

    def data_received(self, data: bytes) -> None:
        if not self.is_open:
            self.received += data
            head, separator, data = self.received.partition(b"\r\n\r\n")
            if not separator:
                return
            self.received = b""
            self.answer = head.decode("latin-1")
            if not head.startswith(b"HTTP/1.1 101 "):
                if not self.opened.done():
                    self.opened.set_exception(ConnectionError(f"no WebSocket but {head[:60]!r}"))
                return
            self.is_open = True
            if not self.opened.done():
                self.opened.set_result(None)
        for frame in self.reader.feed(data):
            self._take(frame)

    def _take(self, frame: frames.Frame) -> None:
        if frame.opcode == frames.TEXT:
            self.on_text(frame.payload.decode())
        elif frame.opcode == frames.PING:
            self._send(frames.frame(frames.PONG, frame.payload))
        elif frame.opcode == frames.CLOSE:
            self.close_code = frame.close_code
            self._send(frames.frame(frames.CLOSE, struct.pack("!H", self.close_code or 1000)))

    def connection_lost(self, error: Exception | None) -> None:
        if not self.opened.done():
            self.opened.set_exception(error or ConnectionError("closed during the handshake"))
            # Nobody may be waiting for it any more.
            self.opened.exception()
        if self.is_open:
            self.is_open = False
            self.on_end(self.close_code)

    def send_text(self, text: str) -> None:
        self._send(frames.frame(frames.TEXT, text.encode()))

    def _send(self, data: bytes) -> None:
        if self.transport is not None and not self.transport.is_closing():
            self.transport.write(data)

    def abort(self) -> None:
        if self.transport is not None:
            self.transport.abort()
