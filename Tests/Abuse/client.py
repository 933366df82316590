"""Clients over plain blocking sockets: they do exactly what they are told, right or wrong."""

import base64
import errno
import hashlib
import os
import select
import socket
import struct
from collections.abc import Callable

import frames
from server import HOST

# linux/in.h; Python names it from 3.12 on. The port is then chosen by connect, when the whole four-tuple is known.
IP_BIND_ADDRESS_NO_PORT = 24
GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


def connect(
    port: int, *, source: str | None = None, timeout: float | None = 10, receive_buffer: int | None = None
) -> socket.socket:
    """A connection whose every write leaves at once."""
    connection = socket.socket()
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if receive_buffer:
        # Before connecting, so that the window never opens further.
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    if source:
        connection.setsockopt(socket.IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1)
        connection.bind((source, 0))
    connection.settimeout(timeout)
    try:
        connection.connect((HOST, port))
    except OSError:
        connection.close()
        raise
    return connection


def reset(connection: socket.socket) -> None:
    """Vanishes with a reset instead of a proper end."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def end_half(connection: socket.socket) -> None:
    """Says no more. A server that has already reset the connection was merely faster."""
    try:
        connection.shutdown(socket.SHUT_WR)
    except OSError as error:
        if error.errno != errno.ENOTCONN:
            raise


def read_to_end(connection: socket.socket, limit: int = 1 << 20) -> tuple[bytes, str]:
    """What comes until the server closes, and how it closed: `end`, `reset`, `silence` at the timeout, or `more`."""
    data = bytearray()
    while len(data) <= limit:
        try:
            piece = connection.recv(65536)
        except (ConnectionResetError, BrokenPipeError):
            return bytes(data), "reset"
        except TimeoutError:
            return bytes(data), "silence"
        if not piece:
            return bytes(data), "end"
        data += piece
    return bytes(data), "more"


def send_all(connection: socket.socket, data: bytes) -> bool:
    """Sends; false if the server closed meanwhile, which is its right."""
    try:
        connection.sendall(data)
        return True
    except (ConnectionResetError, BrokenPipeError):
        return False


def push_until_stuck(connection: socket.socket, data: bytes | memoryview, seconds: float = 0.3) -> memoryview:
    """Sends without reading, until the other side has taken nothing for so long; what is left."""
    rest = memoryview(data)
    connection.setblocking(False)
    while rest and select.select([], [connection], [], seconds)[1]:
        try:
            rest = rest[connection.send(rest) :]
        except (ConnectionResetError, BrokenPipeError):
            break
    return rest


def trade(connection: socket.socket, rest: memoryview, take: Callable[[bytes], bool], seconds: float = 10) -> str:
    """Sends what is left while it reads; `take` gets what comes and says whether that is enough. How it ended."""
    connection.setblocking(False)
    while True:
        readable, writable, _ = select.select([connection], [connection] if rest else [], [], seconds)
        if not readable and not writable:
            return "silence"
        try:
            if writable:
                rest = rest[connection.send(rest) :]
            if readable:
                data = connection.recv(1 << 18)
                if not data:
                    return "end"
                if take(data):
                    return "enough"
        except (ConnectionResetError, BrokenPipeError):
            return "reset"


def status_of(answer: bytes) -> int | None:
    """The status of the first answer, if there is one."""
    return int(answer[9:12]) if answer.startswith(b"HTTP/1.1 ") and answer[9:12].isdigit() else None


def get(path: str, *fields: str) -> bytes:
    """A request without a body."""
    return "\r\n".join([f"GET {path} HTTP/1.1", "Host: abuse", *fields, "", ""]).encode()


def post(path: str, body: bytes) -> bytes:
    head = f"POST {path} HTTP/1.1\r\nHost: abuse\r\nContent-Type: text/plain\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


class HTTPClient:
    """One keep-alive connection that behaves well."""

    def __init__(self, port: int, **options):
        self.connection = connect(port, **options)
        self.buffer = b""

    def __enter__(self) -> "HTTPClient":
        return self

    def __exit__(self, *_) -> None:
        self.connection.close()

    def request(self, data: bytes) -> int:
        """Sends one request; the status of its answer, whose body is read and dropped."""
        self.connection.sendall(data)
        return self.answer()

    def answer(self) -> int:
        while b"\r\n\r\n" not in self.buffer:
            self._more()
        head, _, self.buffer = self.buffer.partition(b"\r\n\r\n")
        length = 0
        for line in head.split(b"\r\n")[1:]:
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
        while len(self.buffer) < length:
            self._more()
        self.buffer = self.buffer[length:]
        status = status_of(head)
        if status is None:
            raise ConnectionError(f"no answer but {head[:40]!r}")
        return status

    def _more(self) -> None:
        data = self.connection.recv(65536)
        if not data:
            raise ConnectionResetError("the server closed")
        self.buffer += data


def upgrade_request(path: str, key: bytes, *, deflate: bool = False) -> bytes:
    """An opening handshake (RFC 6455 4.1)."""
    fields = [
        "Upgrade: websocket", "Connection: Upgrade", f"Sec-WebSocket-Key: {key.decode()}", "Sec-WebSocket-Version: 13",
    ]
    if deflate:
        fields.append(
            "Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover; client_no_context_takeover")
    return get(path, *fields)


class WebSocket:
    """One WebSocket connection."""

    def __init__(self, port: int, path: str, *, deflate: bool = False, **options):
        self.connection = connect(port, **options)
        self.reader = frames.FrameReader()
        self.waiting: list[frames.Frame] = []
        key = base64.b64encode(os.urandom(16))
        self.connection.sendall(upgrade_request(path, key, deflate=deflate))
        answer = b""
        while b"\r\n\r\n" not in answer:
            data = self.connection.recv(4096)
            if not data:
                raise ConnectionResetError("closed during the handshake")
            answer += data
        head, _, rest = answer.partition(b"\r\n\r\n")
        if status_of(head) != 101 or base64.b64encode(hashlib.sha1(key + GUID).digest()) not in head:
            self.connection.close()
            raise ConnectionError(f"no WebSocket but {head[:60]!r}")
        if deflate and b"permessage-deflate" not in head:
            self.connection.close()
            raise ConnectionError("compression was not agreed to")
        self.waiting += self.reader.feed(rest)

    def __enter__(self) -> "WebSocket":
        return self

    def __exit__(self, *_) -> None:
        self.connection.close()

    def send(self, data: bytes) -> bool:
        return send_all(self.connection, data)

    def next(self) -> frames.Frame | None:
        """The next frame; nothing once the connection has ended."""
        while not self.waiting:
            try:
                data = self.connection.recv(1 << 18)
            except ConnectionResetError:
                return None
            if not data:
                return None
            self.waiting += self.reader.feed(data)
        return self.waiting.pop(0)

    def message(self) -> bytes | None:
        """The next text or binary message; servers of ours send them whole."""
        while (received := self.next()) is not None:
            if received.opcode in (frames.TEXT, frames.BINARY):
                return frames.Inflater.inflate(received.payload) if received.is_compressed else received.payload
        return None

    def close_code(self) -> int | None:
        """Reads on until a close frame comes; its code, or nothing if the connection just ended."""
        while (received := self.next()) is not None:
            if received.opcode == frames.CLOSE:
                return received.close_code
        return None
