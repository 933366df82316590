"""1 MiB frames in 1-byte pieces, and requests byte by byte."""

import os
import time

import client
import frames
from stage import Stage

SERVERS = ("peer", "node")

# A byte costs a system call here, a segment in the kernel and a wake-up there.
WORST_SECONDS = 60


def abuse(stage: Stage) -> None:
    with client.HTTPClient(stage.port) as asker:
        request = client.get("/readyz", *[f"X-Field-{number}: {'v' * 100}" for number in range(20)])
        statuses = set()
        for _ in range(stage.scaled(10, 1)):
            send_bytewise(asker.connection, request)
            statuses.add(asker.answer())
        stage.check("requests in 1-byte pieces are answered", statuses == {200}, statuses)
    if stage.kind != "peer":
        return
    payload = os.urandom(stage.scaled(1 << 20, 1 << 15))
    with client.WebSocket(stage.port, "/echo", timeout=WORST_SECONDS) as socket:
        began = time.monotonic()
        send_bytewise(socket.connection, frames.frame(frames.BINARY, payload))
        echo = socket.message()
        seconds = time.monotonic() - began
    stage.check("a frame in 1-byte pieces comes back whole", echo == payload)
    stage.check(f"within {WORST_SECONDS} s", seconds < WORST_SECONDS, f"{len(payload) / seconds:.0f} bytes a second")
    text = "é€😀".encode() * stage.scaled(1000, 100)
    with client.WebSocket(stage.port, "/echo", deflate=True, timeout=WORST_SECONDS) as socket:
        pieces = [frames.deflated(text), text]
        for compressed, bits in zip(pieces, (frames.COMPRESSED, 0), strict=True):
            for part in frames.fragments(compressed, len(compressed), frames.TEXT, bits):
                send_bytewise(socket.connection, part)
                send_bytewise(socket.connection, frames.frame(frames.PONG))
            stage.check("text in 1-byte fragments comes back whole", socket.message() == text)


def send_bytewise(connection, data: bytes) -> None:
    """One segment per byte: small ones are not gathered, see `client.connect`."""
    view = memoryview(data)
    send = connection.send
    for at in range(len(view)):
        send(view[at : at + 1])
