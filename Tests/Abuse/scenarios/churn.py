"""100,000 connects and disconnects: plain ones, requests, WebSockets with and without a close, resets."""

import base64
import multiprocessing
import os
import time

import client
import frames
from server import die_with_parent
from stage import Stage
from swarm import SOURCES

SERVERS = ("peer", "node")
LOOPS = 2

WORKERS = 2
FORK = multiprocessing.get_context("fork")
CLOSING = client.get("/readyz", "Connection: close")


def abuse(stage: Stage) -> None:
    each = stage.scaled(100_000, 4_000) // WORKERS
    began = time.monotonic()
    with FORK.Pool(WORKERS, initializer=die_with_parent) as pool:
        tasks = [(stage.port, number, each, stage.kind == "peer") for number in range(WORKERS)]
        faults = [fault for found in pool.starmap(come_and_go, tasks) for fault in found]
    seconds = time.monotonic() - began
    stage.check(
        f"{each * WORKERS} connections came and went", not faults,
        "\n".join(faults[:5]) or f"{each * WORKERS / seconds:.0f} in a second")


def come_and_go(port: int, worker: int, count: int, has_sockets: bool) -> list[str]:
    """So many visits of every kind in turn; what went wrong."""
    visits = [plain, asks, vanishes, asks_and_vanishes, says_nonsense]
    if has_sockets:
        visits += [upgrades, upgrades_and_closes, upgrades_and_vanishes]
    # Each worker has its own source addresses, and so its own ports.
    sources = SOURCES[worker::WORKERS]
    faults = []
    for number in range(count):
        visit = visits[number % len(visits)]
        try:
            connection = client.connect(port, source=sources[number % len(sources)])
            fault = visit(connection)
            connection.close()
        except OSError as error:
            fault = repr(error)
        if fault:
            faults.append(f"{visit.__name__}: {fault}")
    return faults


def plain(_) -> None:
    """Comes, and goes before it said anything."""


def asks(connection) -> str | None:
    connection.sendall(CLOSING)
    answer, ending = client.read_to_end(connection)
    return None if client.status_of(answer) == 200 and ending == "end" else f"{answer[:40]!r}, {ending}"


def vanishes(connection) -> None:
    client.reset(connection)


def asks_and_vanishes(connection) -> None:
    connection.sendall(CLOSING)
    client.reset(connection)


def says_nonsense(connection) -> str | None:
    connection.sendall(b"nonsense\r\n\r\n")
    answer, _ = client.read_to_end(connection)
    return None if client.status_of(answer) == 400 else repr(answer[:40])


def upgrades(connection) -> str | None:
    connection.sendall(client.upgrade_request("/fanout", base64.b64encode(os.urandom(16))))
    answer = connection.recv(4096)
    return None if client.status_of(answer) == 101 else repr(answer[:40])


def upgrades_and_closes(connection) -> str | None:
    if fault := upgrades(connection):
        return fault
    connection.sendall(frames.close_frame())
    answer, ending = client.read_to_end(connection)
    found = frames.FrameReader().feed(answer)
    return None if found and found[0].close_code == 1000 and ending == "end" else f"{answer!r}, {ending}"


def upgrades_and_vanishes(connection) -> str | None:
    if fault := upgrades(connection):
        return fault
    client.reset(connection)
    return None
