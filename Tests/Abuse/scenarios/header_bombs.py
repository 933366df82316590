"""Header bombs: too many fields, too long, too large, without end; at once, and 100 of each slowly."""

import itertools

import client
from stage import Stage
from swarm import Swarm

SERVERS = ("peer", "node", "admin")

LINE = b"GET /readyz HTTP/1.1\r\nHost: abuse\r\n"
CHUNKED = b"POST /fanout HTTP/1.1\r\nHost: abuse\r\nTransfer-Encoding: chunked\r\n\r\n"
MEGABYTE = 1 << 20

# What is said, how often the last piece is said again, and what must be answered.
BOMBS: dict[str, tuple[bytes, bytes, int, set[int]]] = {
    "an endless method": (b"", b"G" * 1000, 2000, {400, 414, 501}),
    "an endless target": (b"GET /", b"a" * 1000, 2000, {414}),
    "an endless query": (b"GET /?", b"a" * 1000, 2000, {414}),
    "an endless version": (b"GET / HTTP/", b"1" * 1000, 2000, {400, 414, 505}),
    "100,000 fields": (LINE, b"A: b\r\n" * 100, 1000, {431}),
    "100,000 empty values": (LINE, b"A:\r\n" * 100, 1000, {431}),
    "an endless field name": (LINE, b"N" * 1000, 2000, {431}),
    "an endless field value": (LINE + b"A: ", b"v" * 1000, 2000, {431}),
    "an endless run of blanks": (LINE + b"A:", b" " * 1000, 2000, {431}),
    "large fields": (LINE, b"A: " + b"v" * 7000 + b"\r\n", 300, {431}),
    "a head and blank lines before it": (b"", b"\r\n" * 500, 2000, {400}),
    "1,000 hosts": (LINE, b"Host: abuse\r\n" * 10, 100, {400, 431}),
    "1,000 lengths": (LINE, b"Content-Length: 5\r\n" * 10, 100, {400, 431}),
}
BODY_BOMBS: dict[str, tuple[bytes, bytes, int, set[int]]] = {
    "an endless chunk extension": (CHUNKED + b"1;", b"e" * 1000, 2000, {400, 413, 431}),
    "endless chunks": (CHUNKED, b"4000\r\n" + b"c" * 0x4000 + b"\r\n", 200, {413}),
    "an endless chunk size": (CHUNKED, b"0" * 1000, 2000, {400, 413}),
    "endless trailers": (CHUNKED + b"0\r\n", b"T: t\r\n" * 100, 1000, {431}),
    "an impossible length": (
        b"POST /fanout HTTP/1.1\r\nHost: a\r\nContent-Length: " + b"9" * 40 + b"\r\n\r\n", b"x", 100, {400, 413}),
    "a length of 8 EiB": (
        b"POST /fanout HTTP/1.1\r\nHost: a\r\nContent-Length: 9223372036854775807\r\n\r\n", b"x", 100, {400, 413}),
    "a chunk of 16 EiB": (CHUNKED + b"FFFFFFFFFFFFFFFF\r\n", b"x" * 1000, 100, {400, 413}),
}


def abuse(stage: Stage) -> None:
    bombs = BOMBS | (BODY_BOMBS if stage.kind == "peer" else {})
    for name, (start, piece, times, statuses) in bombs.items():
        sent, answer, ending = blast(stage.port, start, piece, times)
        stage.check(
            f"{name}: refused and closed", client.status_of(answer) in statuses and ending in ("end", "reset"),
            f"{client.status_of(answer)} after {sent >> 10} KiB, {ending}")
        stage.check(f"{name}: not swallowed to the end", sent < 16 * MEGABYTE, sent)
    slowly(stage, bombs)


def blast(port: int, start: bytes, piece: bytes, times: int) -> tuple[int, bytes, str]:
    """All at once, for as long as the server takes it; bytes sent, its answer, how it closed."""
    with client.connect(port, timeout=10) as connection:
        sent = 0
        connection.setblocking(False)
        answer = b""
        for part in itertools.chain([start], itertools.repeat(piece, times)):
            connection.settimeout(10)
            if part and not client.send_all(connection, part):
                break
            sent += len(part)
            # A refusal that is read late is lost when the server gives up on what still comes.
            connection.settimeout(0)
            try:
                answer += connection.recv(4096)
            except BlockingIOError:
                continue
            except ConnectionResetError:
                break
            if answer:
                break
        connection.settimeout(10)
        rest, ending = client.read_to_end(connection)
        return sent, answer + rest, ending


def slowly(stage: Stage, bombs: dict[str, tuple[bytes, bytes, int, set[int]]]) -> None:
    """A hundred of each at once, in turns of one piece each; on the operators' port, which has 32 places, one of each."""
    crowd = 1 if stage.kind == "admin" else stage.scaled(100, 10)
    with Swarm(stage.port) as swarm:
        crowds = [(swarm.open(crowd, start), piece, times) for start, piece, times, _ in bombs.values()]
        for turn in range(200):
            for members, piece, times in crowds:
                if turn < times:
                    swarm.send(members, piece)
            swarm.read(0.001)
            if not swarm.alive:
                break
        stage.check(
            f"{len(swarm.members)} slow bombs are all closed", swarm.all_ended(20), f"{len(swarm.alive)} still live")
        told = sum(member.status is not None and member.status >= 400 for member in swarm.members)
        stage.check("nearly all of them are told why", told >= 0.9 * len(swarm.members), f"{told}")
