"""Compression bombs: a few KiB that want to be megabytes or a gigabyte, whole, in fragments, many at once."""

import client
import frames
from stage import Stage
from swarm import Swarm

SERVERS = ("peer",)

MIB = 1 << 20
TOO_BIG = 1009
# What /echo takes as one message; /fanout takes 1 MiB.
ECHO_LIMIT = 16 * MIB
# All that one bomb may cost while it is looked at: the message up to its limit, doubled as it grows, and its echo.
MEMORY_EACH = 4 * ECHO_LIMIT


def abuse(stage: Stage) -> None:
    largest = frames.deflated_zeros(ECHO_LIMIT)
    bombs = {
        "16 MiB and a byte": (frames.deflated_zeros(ECHO_LIMIT + 1), "/echo"),
        "100 MiB": (frames.deflated_zeros(100 * MIB), "/echo"),
        "10 MiB on a path for small messages": (frames.deflated_zeros(10 * MIB), "/fanout"),
    }
    if not stage.is_small:
        bombs["1 GiB"] = (frames.deflated_zeros(1024 * MIB), "/echo")
        # A bomb packed as a bomb: whoever inflates twice pays twice.
        bombs["1 GiB in two layers"] = (frames.deflated(bombs["1 GiB"][0] * 17), "/echo")
    before = stage.server.level().resident
    stage.server.forget_peak()
    for name, (bomb, path) in bombs.items():
        for pieces in (1, 7, 500):
            code = throw(stage.port, path, bomb, pieces)
            stage.check(f"{name}, {len(bomb) >> 10} KiB in {pieces} frames: closed with 1009", code == TOO_BIG, code)
    with client.WebSocket(stage.port, "/echo", deflate=True) as socket:
        socket.send(frames.frame(frames.BINARY, largest, reserved=frames.COMPRESSED))
        stage.check("what is just not too big comes back", socket.message() == bytes(ECHO_LIMIT))
    used = stage.server.peak() - before
    stage.check("one bomb at a time costs little", used < MEMORY_EACH, f"{used >> 20} MiB at the peak")
    many_at_once(stage, "/fanout", stage.scaled(100, 10), frames.deflated_zeros(10 * MIB))
    # Each may become 16 MiB before it is refused, and that is work for one loop.
    many_at_once(stage, "/echo", stage.scaled(16, 4), bombs["100 MiB"][0])
    broken(stage)


def throw(port: int, path: str, bomb: bytes, pieces: int) -> int | None:
    with client.WebSocket(port, path, deflate=True) as socket:
        for part in frames.fragments(bomb, pieces, frames.BINARY, frames.COMPRESSED):
            # Pings in between: fragments may be interrupted, RFC 6455 5.4.
            if not socket.send(part + frames.frame(frames.PING, b"?")):
                break
        return socket.close_code()


def many_at_once(stage: Stage, path: str, count: int, bomb: bytes) -> None:
    """Bombs that arrive in turns, a piece of each."""
    parts = frames.fragments(bomb, 20, frames.BINARY, frames.COMPRESSED)
    before = stage.server.level().resident
    stage.server.forget_peak()
    with Swarm(stage.port) as swarm:
        for _ in range(count):
            swarm.adopt(client.WebSocket(stage.port, path, deflate=True).connection)
        for part in parts:
            swarm.send(swarm.members, part)
            swarm.read(0.001)
        stage.check(f"{count} bombs at once on {path} are all closed", swarm.all_ended(20), f"{len(swarm.alive)} live")
        codes = {frame.close_code for member in swarm.members for frame in frames.FrameReader().feed(member.received)}
        stage.check("and told 1009", codes == {TOO_BIG}, codes)
    used = stage.server.peak() - before
    stage.check("together they cost no more than one", used < MEMORY_EACH, f"{used >> 20} MiB at the peak")


def broken(stage: Stage) -> None:
    """What is not deflate at all, and what never gets to its end."""
    samples = {
        "random bytes": b"\x07" + bytes(range(256)) * 16,
        "a stored block whose length is a lie": b"\x00\xff\xff\xff\xff" + b"x" * 100,
        "a distance into nothing": frames.deflated(b"abc" * 1000)[:4] + b"\xff" * 64,
    }
    for name, payload in samples.items():
        with client.WebSocket(stage.port, "/echo", deflate=True) as socket:
            socket.send(frames.frame(frames.BINARY, payload, reserved=frames.COMPRESSED))
            code = socket.close_code()
        stage.check(f"{name}: closed with 1007", code == 1007, code)
