"""Floods of half-open connections: 2,000 silent ones, 1,000 that vanish with a reset, 3,000 half-closed ones."""

import client
from stage import Stage
from swarm import Swarm

SERVERS = ("peer", "node")
WAITS = True

PLACES = 6000
HEAD_SECONDS, LATE_SECONDS = 10, 4
HALF_LINE = b"GET /rea"


def abuse(stage: Stage) -> None:
    with Swarm(stage.port) as silent, Swarm(stage.port) as halved:
        silent.open(stage.scaled(2000, 200))
        for number in range(stage.scaled(1000, 100)):
            connection = client.connect(stage.port, source=f"127.0.0.{50 + number % 8}")
            client.send_all(connection, HALF_LINE)
            client.reset(connection)
        for first in (b"", HALF_LINE, client.get("/readyz")):
            for member in halved.open(stage.scaled(1000, 100), first):
                client.end_half(member.socket)
        stage.check("those that end their half are closed at once", halved.all_ended(5), f"{len(halved.alive)} live")
        answered = list(halved.statuses())[-stage.scaled(1000, 100) :]
        stage.check("whoever asked before ending its half is answered", set(answered) == {200}, set(answered))
        if stage.is_small:
            return
        stage.check("silence is let be for a while", len(silent.alive) == len(silent.members), len(silent.alive))
        silent.all_ended(HEAD_SECONDS + LATE_SECONDS)
        stage.check("silence is ended", not silent.alive, f"{len(silent.alive)} of {len(silent.members)} live")
        stage.check("and in order, not by a reset", {m.ending for m in silent.members} <= {"end"})
