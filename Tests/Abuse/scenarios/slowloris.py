"""1,000 clients that send their header a byte at a time, and 200 that send their body so."""

import time

import client
from stage import Stage
from swarm import Swarm

SERVERS = ("peer", "node")
WAITS = True

HEAD = b"GET /readyz HTTP/1.1\r\nHost: abuse\r\nX-Slow: " + b"a" * 4096
# What the server grants for a head and for a body, and how late it may be on a busy machine.
HEAD_SECONDS, BODY_SECONDS, LATE_SECONDS = 10, 60, 4
EVERY_SECONDS = 0.25


def abuse(stage: Stage) -> None:
    with Swarm(stage.port) as heads, Swarm(stage.port) as bodies:
        heads.open(stage.scaled(1000, 100))
        slow_bodies = stage.kind == "peer"
        if slow_bodies:
            bodies.open(stage.scaled(200, 20), client.post("/fanout", b"b" * 1000)[:-1000])
        drip(heads, bodies, HEAD_SECONDS + LATE_SECONDS if not stage.is_small else 1)
        if stage.is_small:
            return
        check(stage, "head", heads, HEAD_SECONDS)
        if slow_bodies:
            stage.check("slow bodies were let be so far", len(bodies.alive) == len(bodies.members), len(bodies.alive))
            drip(heads, bodies, BODY_SECONDS - HEAD_SECONDS)
            check(stage, "body", bodies, BODY_SECONDS)


def drip(heads: Swarm, bodies: Swarm, seconds: float) -> None:
    """Every one of them sends a byte, again and again."""
    deadline = time.monotonic() + seconds
    at = 0
    while time.monotonic() < deadline and (heads.alive or bodies.alive):
        heads.send(heads.members, HEAD[at : at + 1])
        bodies.send(bodies.members, b"b")
        at += 1
        heads.read(0.01)
        bodies.read(0.01)
        time.sleep(EVERY_SECONDS)


def check(stage: Stage, what: str, swarm: Swarm, seconds: float) -> None:
    lives = [member.lived for member in swarm.members if member.ending]
    stage.check(f"each slow {what} is closed", not swarm.alive, f"{len(swarm.alive)} of {len(swarm.members)} live")
    stage.check(f"each slow {what} is told 408", set(swarm.statuses()) == {408}, set(swarm.statuses()))
    if lives:
        in_time = seconds - 1 <= min(lives) and max(lives) <= seconds + LATE_SECONDS
        stage.check(f"each slow {what} has about {seconds} s", in_time, f"{min(lives):.1f} to {max(lives):.1f} s")
