"""Where one scenario plays: a server, what must hold around every scenario, and what the scenario itself found.

The order is: start; a wave of plain connections, as many as the scenario has, since the tables of connections keep the
size to which they once grew; the same abuse in small, since code and allocators warm up likewise; the level; the abuse,
while a bystander measures what it feels; the level again, which must be the one before within 5 %. Memory is compared by
its private pages, the only ones that a peer can cost us, and 5 % is of all that is resident.
"""

import importlib
import pathlib
import time
import traceback
from types import ModuleType

from bystander import Bystander
from findings import Finding
from server import STARTERS, Level, Server, until
from swarm import Swarm

WORST_SECONDS = 1.0
TOLERANCE = 0.05
# Longer than any deadline that the server gives a peer that says nothing more.
CALM_SECONDS = 30
SETTLED_SECONDS = 2.5


class Stage:
    """What a scenario sees."""

    def __init__(self, server: Server, kind: str) -> None:
        self.server = server
        self.kind = kind
        self.port = server.port
        self.findings: list[Finding] = []
        # Whether this is only the warm-up.
        self.is_small = False

    def scaled(self, whole: int, small: int) -> int:
        return small if self.is_small else whole

    def check(self, sentence: str, holds: bool, detail: object = "") -> None:
        """Records what was found. The warm-up is checked as well, but only its failures are told."""
        if self.is_small and holds:
            return
        self.findings.append(Finding(("in small: " if self.is_small else "") + sentence, bool(holds), str(detail)))


def load(name: str) -> ModuleType:
    """The scenario of that name."""
    return importlib.import_module(f"scenarios.{name}")


def play(name: str, kind: str, program: pathlib.Path, folder: pathlib.Path) -> list[Finding]:
    """Plays one scenario against a server of its own; never raises."""
    scenario = load(name)
    log = folder / f"{name}-{kind}.log"
    try:
        if hasattr(scenario, "prepare"):
            scenario.prepare()
        options = {"files": getattr(scenario, "FILES", None), "loops": getattr(scenario, "LOOPS", 1)}
        server = STARTERS[kind](program, log, **options)
    except Exception:
        return [Finding("the server starts", False, traceback.format_exc())]
    stage = Stage(server, kind)
    try:
        _play(scenario, stage)
    except Exception:
        stage.findings.append(Finding("the scenario plays to its end", False, traceback.format_exc()))
    code = server.stop()
    stage.findings.append(Finding("the server was there to the end and ends on SIGTERM with 0", code == 0, code))
    crashes = server.crash_lines()
    stage.findings.append(Finding("nothing is logged as a crash", not crashes, "\n".join(crashes[:5])))
    return stage.findings


def _play(scenario: ModuleType, stage: Stage) -> None:
    server = stage.server
    until(lambda: _is_calm(server), CALM_SECONDS)
    idle = server.level().descriptors
    with Swarm(server.port) as wave:
        wave.open(getattr(scenario, "PLACES", 2500))
    stage.is_small = True
    scenario.abuse(stage)
    stage.is_small = False
    calm = until(lambda: server.level().descriptors == idle, CALM_SECONDS, 0.1)
    stage.check("after the warm-up the descriptors are back", calm, f"{idle} idle, now {server.level()}")
    before = settled(server)
    server.forget_peak()

    bystander = Bystander(
        server.port, has_echo=stage.kind == "peer", opens_new=getattr(scenario, "BYSTANDER_OPENS_NEW", True))
    began = time.monotonic()
    try:
        scenario.abuse(stage)
    finally:
        experience = bystander.leave()
    seconds = time.monotonic() - began
    stage.check(
        f"others are served within {WORST_SECONDS:.0f} s during {seconds:.1f} s of it",
        experience.is_good(WORST_SECONDS), experience)
    stage.check("/readyz answers 200", until(server.is_ready, 5))
    back = until(lambda: _is_back(server.level(), before), CALM_SECONDS, 0.1)
    stage.check("descriptors, threads and memory are back", back, f"before {before}; after {server.level()}")


def settled(server: Server) -> Level:
    """The level once memory has not shrunk for a while: what is free goes back to the kernel a moment later."""
    level, since = server.level(), time.monotonic()
    while time.monotonic() - since < SETTLED_SECONDS:
        time.sleep(0.1)
        now = server.level()
        if now.anonymous < level.anonymous:
            level, since = now, time.monotonic()
    return level


def _is_back(now: Level, before: Level) -> bool:
    return (
        now.descriptors <= before.descriptors
        and now.threads <= before.threads
        and now.anonymous <= before.anonymous + TOLERANCE * before.resident
    )


def _is_calm(server: Server) -> bool:
    """Whether the probe of the start has left: the count stays the same for a moment."""
    first = server.level().descriptors
    time.sleep(0.1)
    return server.level().descriptors == first
