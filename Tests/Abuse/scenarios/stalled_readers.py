"""Peers that ask and ask but take no answer, with less waiting for them than the server's bound."""

import select
import time

import client
import frames
from stage import Stage
from swarm import Member, Swarm

SERVERS = ("peer", "node")
WAITS = True

STALL_SECONDS, LATE_SECONDS = 30, 8
REQUESTS = client.get("/readyz") * 500
ECHO = frames.frame(frames.BINARY, b"e" * (1 << 20))
MEMORY_EACH = 4 << 20


def abuse(stage: Stage) -> None:
    with Swarm(stage.port) as stalled:
        stage.server.forget_peak()
        before = stage.server.level().resident
        askers = stalled.open(stage.scaled(50, 5), receive_buffer=4096)
        echoes = []
        if stage.kind == "peer":
            for _ in range(stage.scaled(50, 5)):
                socket = client.WebSocket(stage.port, "/echo", receive_buffer=4096)
                echoes.append(stalled.adopt(socket.connection))
        # Nothing is read: each pushes until neither kernel takes more.
        pushed = push(askers, REQUESTS) + push(echoes, ECHO)
        stage.check("the server stops reading from whoever does not read", pushed < len(stalled.members) * (64 << 20))
        if stage.is_small:
            return
        began = time.monotonic()
        gone = wait_for_descriptors(stage, len(stalled.members))
        seconds = time.monotonic() - began
        stage.check("all of them are closed", gone, f"{pushed >> 20} MiB pushed")
        stage.check(
            f"about {STALL_SECONDS} s after they stopped", STALL_SECONDS - 5 < seconds < STALL_SECONDS + LATE_SECONDS,
            f"{seconds:.1f} s")
        used = stage.server.peak() - before
        bound = len(stalled.members) * MEMORY_EACH
        stage.check("memory is bounded", used < bound, f"{used >> 20} MiB for {len(stalled.members)}")


def push(members: list[Member], data: bytes) -> int:
    """Sends without reading until nothing moves any more; how many bytes went."""
    rests = {member.socket: memoryview(b"") for member in members}
    pushed, moved_at = 0, time.monotonic()
    while time.monotonic() - moved_at < 0.5:
        for connection in select.select([], list(rests), [], 0.1)[1]:
            try:
                count = connection.send(rests[connection] or data)
            except OSError:
                continue
            # From where the kernel stopped, else the rest would be another message.
            rests[connection] = (rests[connection] or memoryview(data))[count:]
            pushed, moved_at = pushed + count, time.monotonic()
    return pushed


def wait_for_descriptors(stage: Stage, count: int) -> bool:
    """Whether the server let go of so many, seen from outside."""
    full = stage.server.level().descriptors
    deadline = time.monotonic() + STALL_SECONDS + LATE_SECONDS + 5
    while time.monotonic() < deadline:
        # The bystander's passing connection may be open at the moment of either look.
        if stage.server.level().descriptors <= full - count + 1:
            return True
        time.sleep(0.1)
    return False
