"""Thousands of connections in one thread: opened, fed and read without ever waiting for a single one."""

import select
import time
from collections.abc import Iterable, Iterator

import client

# Connections come from several addresses, so that ports do not run out while old ones are in TIME_WAIT.
SOURCES = [f"127.0.0.{last}" for last in range(10, 42)]


class Member:
    """One connection of a swarm."""

    __slots__ = ("socket", "received", "ending", "opened_at", "ended_at")

    def __init__(self, socket) -> None:
        self.socket = socket
        # The first bytes that came: enough for a status line or a close frame.
        self.received = b""
        # `end` or `reset` once the server has closed.
        self.ending: str | None = None
        self.opened_at = time.monotonic()
        self.ended_at = 0.0

    @property
    def lived(self) -> float:
        """Seconds from its opening until the server closed."""
        return self.ended_at - self.opened_at

    @property
    def status(self) -> int | None:
        return client.status_of(self.received)


class Swarm:
    """Its members; leaving the `with` block closes them all."""

    KEPT_BYTES = 4096

    def __init__(self, port: int) -> None:
        self.port = port
        self.members: list[Member] = []
        self.alive: dict[int, Member] = {}
        self.readiness = select.epoll()

    def __enter__(self) -> "Swarm":
        return self

    def __exit__(self, *_) -> None:
        for member in self.members:
            member.socket.close()
        self.readiness.close()

    def open(self, count: int, first: bytes = b"", *, receive_buffer: int | None = None) -> list[Member]:
        """Connects so many, each of which says `first`."""
        opened = []
        for number in range(count):
            source = SOURCES[number % len(SOURCES)]
            connection = client.connect(self.port, source=source, receive_buffer=receive_buffer)
            opened.append(self.adopt(connection))
            if first:
                client.send_all(connection, first)
            connection.setblocking(False)
        return opened

    def adopt(self, connection) -> Member:
        member = Member(connection)
        connection.setblocking(False)
        self.members.append(member)
        self.alive[connection.fileno()] = member
        self.readiness.register(connection, select.EPOLLIN)
        return member

    def send(self, members: Iterable[Member], data: bytes) -> None:
        """Sends to those that still live; what the kernel does not take at once is not sent."""
        for member in members:
            if member.ending:
                continue
            try:
                member.socket.send(data)
            except BlockingIOError:
                continue
            except (ConnectionResetError, BrokenPipeError):
                self._end(member, "reset")

    def read(self, seconds: float) -> None:
        """Reads whatever comes for so long, or until nobody lives."""
        deadline = time.monotonic() + seconds
        while self.alive and (left := deadline - time.monotonic()) > 0:
            for descriptor, _ in self.readiness.poll(left, 512):
                self._read_one(self.alive[descriptor])

    def all_ended(self, seconds: float) -> bool:
        """Reads on until the server has closed every member; false at the deadline."""
        self.read(seconds)
        return not self.alive

    def statuses(self) -> Iterator[int | None]:
        return (member.status for member in self.members)

    def _read_one(self, member: Member) -> None:
        try:
            data = member.socket.recv(65536)
        except BlockingIOError:
            return
        except ConnectionResetError:
            self._end(member, "reset")
            return
        if not data:
            self._end(member, "end")
        elif len(member.received) < self.KEPT_BYTES:
            member.received += data[: self.KEPT_BYTES]

    def _end(self, member: Member, ending: str) -> None:
        member.ending = ending
        member.ended_at = time.monotonic()
        del self.alive[member.socket.fileno()]
        self.readiness.unregister(member.socket)
        member.socket.close()
