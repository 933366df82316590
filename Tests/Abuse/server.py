"""A real executable under abuse: started on a free port, watched through /proc, stopped by its pid."""

import base64
import dataclasses
import os
import pathlib
import re
import resource
import signal
import socket
import subprocess
import time
from collections.abc import Callable

from processes import CRASH_WORDS, HOST, die_with_parent, free_port


def until(condition: Callable[[], bool], seconds: float, pause: float = 0.02) -> bool:
    """Polls until the condition holds; false at the deadline."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() >= deadline:
            return False
        time.sleep(pause)
    return True


@dataclasses.dataclass(frozen=True)
class Level:
    """What a process holds at one moment."""

    descriptors: int
    threads: int
    # Private memory, the only kind that a connection can cost; pages of the program's file come and go by themselves.
    anonymous: int
    resident: int

    def __str__(self) -> str:
        return (
            f"{self.descriptors} descriptors, {self.threads} threads, "
            f"{self.anonymous / 2**20:.2f} MiB private of {self.resident / 2**20:.2f} MiB")


class Server:
    """One running server."""

    def __init__(
        self, command: list[str], port: int, log: pathlib.Path, settings: dict[str, str], files: int | None
    ) -> None:
        self.port = port
        self.log = log

        # A node refuses settings that it does not know, and those of whoever runs this are not meant for it.
        environment = {name: value for name, value in os.environ.items() if not name.startswith("BELLHOP_")} | settings

        def prepare() -> None:
            die_with_parent()
            if files:
                resource.setrlimit(resource.RLIMIT_NOFILE, (files, files))

        with log.open("wb") as output:
            self.process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, preexec_fn=prepare, env=environment,
            )
        if not until(lambda: self.is_ready() or self.process.poll() is not None, 20) or self.process.poll() is not None:
            raise RuntimeError(f"{command[0]} did not become ready: {self.log_tail()}")

    @property
    def pid(self) -> int:
        return self.process.pid

    def is_ready(self) -> bool:
        """Whether /readyz answers 200 to a new connection."""
        try:
            with socket.create_connection((HOST, self.port), timeout=2) as probe:
                probe.sendall(b"GET /readyz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
                return probe.recv(64).startswith(b"HTTP/1.1 200 ")
        except OSError:
            return False

    def level(self) -> Level:
        """What it holds now."""
        status = pathlib.Path(f"/proc/{self.pid}/status").read_text()
        field = dict(re.findall(r"^(RssAnon|VmRSS|Threads):\s+(\d+)", status, re.MULTILINE))
        return Level(
            descriptors=len(os.listdir(f"/proc/{self.pid}/fd")),
            threads=int(field["Threads"]),
            anonymous=int(field["RssAnon"]) << 10,
            resident=int(field["VmRSS"]) << 10,
        )

    def forget_peak(self) -> None:
        """Starts a new measurement of the peak."""
        pathlib.Path(f"/proc/{self.pid}/clear_refs").write_text("5")

    def peak(self) -> int:
        """The most resident bytes since `forget_peak`, as the kernel counted them."""
        status = pathlib.Path(f"/proc/{self.pid}/status").read_text()
        return int(re.search(r"^VmHWM:\s+(\d+)", status, re.MULTILINE).group(1)) << 10

    def limit_descriptors(self, count: int) -> None:
        """Lowers what it may open while it runs."""
        _, hard = resource.prlimit(self.pid, resource.RLIMIT_NOFILE)
        resource.prlimit(self.pid, resource.RLIMIT_NOFILE, (count, hard))

    def stop(self) -> int | None:
        """Asks it to end; its exit code, or nothing if it had to be killed."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            return None

    def crash_lines(self) -> list[str]:
        """Log lines that speak of a crash."""
        lines = self.log.read_bytes().splitlines()
        return [line.decode(errors="replace") for line in lines if CRASH_WORDS.search(line)]

    def log_tail(self) -> str:
        return self.log.read_bytes()[-2000:].decode(errors="replace")


def start_peer(program: pathlib.Path, log: pathlib.Path, files: int | None = None, loops: int = 1) -> Server:
    """The conformance peer; one loop, so that whatever holds it up holds up everyone."""
    port = free_port()
    return Server([str(program), "--port", str(port), "--loops", str(loops)], port, log, {}, files)


def start_node(
    program: pathlib.Path, log: pathlib.Path, files: int | None = None, loops: int = 1, **more: str
) -> Server:
    """A node with the database of DATABASE_URL, which must have been migrated, and without Redis."""
    if "DATABASE_URL" not in os.environ:
        raise RuntimeError("a node needs a database: set DATABASE_URL, or run deploy/test abuse")
    port = free_port()
    settings = {
        "BELLHOP_HOST": HOST,
        "BELLHOP_PORT": str(port),
        "BELLHOP_LOOPS": str(loops),
        "BELLHOP_DB_POOL": "2",
        "BELLHOP_JWT_SECRETS": "abuse:" + base64.b64encode(bytes(32)).decode(),
        "BELLHOP_APPS": "1:abuse-key:abuse-secret-abuse-secret",
        "BELLHOP_DRAIN_SECONDS": "1",
        **more,
    }
    return Server([str(program)], int(more.get("BELLHOP_ADMIN_PORT", port)), log, settings, files)


def start_admin(program: pathlib.Path, log: pathlib.Path, **options) -> Server:
    """A node again, met on its operators' port."""
    return start_node(program, log, BELLHOP_ADMIN_PORT=str(free_port()), **options)


STARTERS = {"peer": start_peer, "node": start_node, "admin": start_admin}
# Which executable a starter starts.
PROGRAMS = {"peer": "peer", "node": "node", "admin": "node"}
