"""A client that behaves well, in a process of its own, and how long it had to wait while others misbehaved."""

import dataclasses
import multiprocessing
import time
from multiprocessing.connection import Connection

import client
import frames
from server import die_with_parent

FORK = multiprocessing.get_context("fork")
PAUSE_SECONDS = 0.01
PAYLOAD = b"a guest asks for a towel in room 204 " * 6


@dataclasses.dataclass(frozen=True)
class Experience:
    """What the bystander met."""

    served: int
    worst_seconds: float
    # What it was doing then.
    worst_at: str
    # By how much it once overslept: what the machine, busy with others, adds to every wait.
    overslept_seconds: float
    fault: str | None

    def is_good(self, seconds: float) -> bool:
        """Whether it was never kept waiting for longer, in units of a machine that has time for all its programs."""
        return self.fault is None and self.served > 0 and self.worst_seconds < seconds + 4 * self.overslept_seconds

    def __str__(self) -> str:
        text = (
            f"{self.served} times served, {self.worst_seconds * 1000:.0f} ms at worst ({self.worst_at}), "
            f"the machine late by up to {self.overslept_seconds * 1000:.0f} ms")
        return text if self.fault is None else f"{text}, then {self.fault}"


class Bystander:
    """Asks for /readyz on a connection that it keeps and on new ones, and where there is an echo, speaks to it."""

    def __init__(self, port: int, *, has_echo: bool, opens_new: bool) -> None:
        self._pipe, other = FORK.Pipe()
        self._process = FORK.Process(target=_live, args=(other, port, has_echo, opens_new), daemon=True)
        self._process.start()
        other.close()
        self._pipe.recv()  # it is connected

    def leave(self) -> Experience:
        """Has it end, and asks what it met."""
        try:
            self._pipe.send("leave")
        except BrokenPipeError:
            pass  # something went wrong and it left by itself; what it met is in the pipe
        if not self._pipe.poll(20):
            self._process.kill()
            return Experience(0, float("inf"), "leaving", 0, "it never came back")
        experience = self._pipe.recv()
        self._process.join()
        return experience


def _live(pipe: Connection, port: int, has_echo: bool, opens_new: bool) -> None:
    die_with_parent()
    served, worst, worst_at, overslept, fault, connected = 0, 0.0, "nothing", 0.0, None, False
    doing = "connecting"
    try:
        with client.HTTPClient(port) as kept:
            echo = client.WebSocket(port, "/echo") if has_echo else None
            connected = True
            pipe.send("connected")
            slept_at = time.monotonic()
            while not pipe.poll(PAUSE_SECONDS):
                overslept = max(overslept, time.monotonic() - slept_at - PAUSE_SECONDS)
                errands = [("a request", lambda: _ask(kept))]
                if echo:
                    errands.append(("an echo", lambda: _speak(echo)))
                if opens_new and served % 5 == 0:
                    errands.append(("a new connection", lambda: _come_and_go(port)))
                for doing, errand in errands:
                    began = time.monotonic()
                    errand()
                    seconds = time.monotonic() - began
                    if seconds > worst:
                        worst, worst_at = seconds, doing
                    served += 1
                slept_at = time.monotonic()
            if echo:
                echo.connection.close()
    except (OSError, ConnectionError) as error:
        fault = f"{doing} failed: {error!r}"
        if not connected:
            pipe.send("never connected")
    pipe.send(Experience(served, worst, worst_at, overslept, fault))


def _ask(kept: client.HTTPClient) -> None:
    status = kept.request(client.get("/readyz"))
    if status != 200:
        raise ConnectionError(f"/readyz answered {status}")


def _speak(echo: client.WebSocket) -> None:
    echo.send(frames.frame(frames.TEXT, PAYLOAD))
    while (received := echo.next()) is not None:
        if received.opcode == frames.PING:
            echo.send(frames.frame(frames.PONG, received.payload))
        elif received.payload == PAYLOAD:
            return
        else:
            raise ConnectionError("the echo is not what was said")
    raise ConnectionResetError("the echo is gone")


def _come_and_go(port: int) -> None:
    with client.HTTPClient(port) as fresh:
        _ask(fresh)
