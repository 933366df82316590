"""500 that never read while a broadcast runs."""

import multiprocessing
import time

import client
import frames
from server import die_with_parent
from stage import Stage
from swarm import Swarm

SERVERS = ("peer",)

FORK = multiprocessing.get_context("fork")
LISTENERS = 20
BODY_BYTES = 32 << 10
# What one reader may have waiting in the server, and all of them together.
OUTBOX_BYTES, OUTBOX_TOTAL = 1 << 20, 256 << 20
# Twenty readers in one Python process add to it themselves.
WORST_SECONDS = 3.0


def abuse(stage: Stage) -> None:
    idle = stage.server.level().resident
    pipe, other = FORK.Pipe()
    audience = FORK.Process(target=listen, args=(other, stage.port), daemon=True)
    audience.start()
    pipe.recv()
    with Swarm(stage.port) as slow, client.HTTPClient(stage.port) as speaker:
        for _ in range(stage.scaled(500, 50)):
            socket = client.WebSocket(stage.port, "/fanout", receive_buffer=4096)
            slow.adopt(socket.connection)
        said = speak(stage, speaker, slow)
        # Only now they are looked at: until here nobody read a byte.
        slow.read(5)
        closed = len(slow.members) - len(slow.alive)
        stage.check(f"all {len(slow.members)} slow readers are closed", not slow.alive, f"{closed}")
        pipe.send(said)
        heard, worst, fault = pipe.recv()
        audience.join()
    stage.check(
        f"{LISTENERS} others hear all of it, each once and in order", fault is None and heard == said * LISTENERS,
        fault or f"{heard} of {said * LISTENERS}")
    stage.check(f"and within {WORST_SECONDS:.0f} s", worst < WORST_SECONDS, f"{worst * 1000:.0f} ms at worst")
    if not stage.is_small:
        peak = stage.server.peak()
        allowed = idle + OUTBOX_TOTAL + (64 << 20)
        stage.check("memory is bounded", peak < allowed, f"{peak >> 20} MiB at the peak, {allowed >> 20} allowed")


def speak(stage: Stage, speaker: client.HTTPClient, slow: Swarm) -> int:
    """Publishes until nobody's queue can hold more; how many messages that took."""
    said = 0
    base = stage.server.level().descriptors
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        body = f"{said} {time.monotonic()} ".encode().ljust(BODY_BYTES, b".")
        if speaker.request(client.post("/fanout", body)) != 204:
            raise ConnectionError("the broadcast was refused")
        said += 1
        # Descriptors tell that they were closed, without a look at the sockets.
        if said % 8 == 0 and stage.server.level().descriptors <= base - len(slow.members):
            break
    return said


def listen(pipe, port: int) -> None:
    """The readers who do read; tells how many messages they heard, the longest delay, and what was wrong."""
    die_with_parent()
    heard, worst, fault = 0, 0.0, None
    expected: float = float("inf")
    with Swarm(port) as swarm:
        readers = {}
        for _ in range(LISTENERS):
            socket = client.WebSocket(port, "/fanout")
            member = swarm.adopt(socket.connection)
            readers[member.socket.fileno()] = (member, socket.reader, [0])
        pipe.send("listening")
        quiet_since = time.monotonic()
        while heard < expected and time.monotonic() - quiet_since < 20:
            if pipe.poll():
                expected = pipe.recv() * LISTENERS
            for descriptor, _ in swarm.readiness.poll(0.01):
                member, reader, position = readers[descriptor]
                data = member.socket.recv(1 << 18)
                if not data:
                    pipe.send((heard, worst, "the server closed one who listens"))
                    return
                quiet_since = now = time.monotonic()
                for received in reader.feed(data):
                    if received.opcode != frames.TEXT:
                        continue
                    number, sent_at = received.payload.split(b" ", 2)[:2]
                    if int(number) != position[0]:
                        fault = f"message {int(number)} instead of {position[0]}"
                    position[0] += 1
                    heard += 1
                    worst = max(worst, now - float(sent_at))
    pipe.send((heard, worst, fault))
