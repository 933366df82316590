"""Garbage on the port: other protocols, random bytes, NULs, 10 MB without a line end, frames without a handshake."""

import random
import struct

import client
import frames
from stage import Stage
from swarm import Swarm

SERVERS = ("peer", "node", "admin")

# Any seed would do; a fixed one lets a failure be repeated.
RANDOM = random.Random(20240229)
MB = 1_000_000


def abuse(stage: Stage) -> None:
    for name, garbage in samples().items():
        with client.connect(stage.port, timeout=15) as connection:
            connection.settimeout(15)
            client.send_all(connection, garbage)
            client.end_half(connection)
            answer, ending = client.read_to_end(connection)
        status = client.status_of(answer)
        fine = ending in ("end", "reset") and (status is None or 400 <= status <= 505) and status != 500
        stage.check(f"{name}: refused and closed", fine, f"{status}, {ending}")
    rain(stage)
    if stage.kind == "peer":
        broken_handshakes(stage)


def samples() -> dict[str, bytes]:
    hello = b"\x03\x03" + RANDOM.randbytes(32) + b"\x00\x00\x02\x13\x01\x01\x00\x00\x00"
    record = b"\x16\x03\x01" + struct.pack("!H", len(hello) + 4) + b"\x01" + struct.pack("!I", len(hello))[1:] + hello
    return {
        "nothing": b"",
        "a TLS hello": record,
        "an old SSL hello": b"\x80\x2e\x01\x00\x02" + RANDOM.randbytes(43),
        "the preface of HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00",
        "HTTP/0.9": b"GET /readyz\r\n",
        "HTTP/3.7": b"GET /readyz HTTP/3.7\r\nHost: a\r\n\r\n",
        "an answer instead of a request": b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
        "a PROXY header where none is expected": b"PROXY TCP4 10.0.0.1 10.0.0.2 1 2\r\n" + client.get("/"),
        "a binary PROXY header": b"\r\n\r\n\x00\r\nQUIT\n\x21\x11\x00\x0c" + bytes(12),
        "an SSH greeting": b"SSH-2.0-OpenSSH_9.2\r\n",
        "a Redis command": b"*1\r\n$4\r\nPING\r\n",
        "a PostgreSQL start": struct.pack("!II", 8, 80877103),
        "an SMTP greeting": b"EHLO abuse\r\nMAIL FROM:<a@b>\r\n",
        "a SOCKS greeting": b"\x05\x01\x00",
        "frames without a handshake": frames.frame(frames.TEXT, b"hello") * 10 + frames.close_frame(),
        "a megabyte of NULs": bytes(MB),
        "a megabyte of line ends": b"\n" * MB,
        "a megabyte of 0xFF": b"\xff" * MB,
        "10 MB without a line end": b"a" * (10 * MB),
        "10 MB of random bytes": RANDOM.randbytes(10 * MB),
        "bare line feeds": b"GET /readyz HTTP/1.1\nHost: a\n\n",
        "bare carriage returns": b"GET /readyz HTTP/1.1\rHost: a\r\r",
        "a NUL in the target": b"GET /\x00 HTTP/1.1\r\nHost: a\r\n\r\n",
        "format directives": b"%s%n%x" * 1000 + b"\r\n\r\n",
        "a path out of the house": b"GET /../../../../etc/passwd HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
        "a tunnel": b"CONNECT evil.example:443 HTTP/1.1\r\nHost: evil.example:443\r\n\r\n",
        "another server's page": b"GET http://evil.example/ HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
    }


def rain(stage: Stage) -> None:
    """Random bytes on many connections at once, of all lengths and in pieces."""
    with Swarm(stage.port) as swarm:
        # The operators' port has 32 places: whoever is honest must find one among them.
        swarm.open(20 if stage.kind == "admin" else stage.scaled(500, 50))
        for _ in range(20):
            for member in list(swarm.alive.values()):
                swarm.send([member], RANDOM.randbytes(RANDOM.randrange(1, 2000)))
            swarm.read(0.001)
        for member in swarm.alive.values():
            client.end_half(member.socket)
        stage.check(f"{len(swarm.members)} random streams: refused and closed", swarm.all_ended(15), len(swarm.alive))
        bad = {status for status in swarm.statuses() if status is not None and not 400 <= status <= 505}
        stage.check("and none of them is taken for a request", not bad, bad)


def broken_handshakes(stage: Stage) -> None:
    key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="
    upgrade, connection, version = "Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13"
    handshakes = {
        "no key": (upgrade, connection, version),
        "a short key": (upgrade, connection, version, "Sec-WebSocket-Key: c2hvcnQ="),
        "two keys": (upgrade, connection, version, key, key),
        "another version": (upgrade, connection, key, "Sec-WebSocket-Version: 99"),
        "no version": (upgrade, connection, key),
        "another protocol": ("Upgrade: h2c", connection, version, key),
        "no upgrade": (connection, version, key),
        "no connection": (upgrade, version, key),
    }
    for name, fields in handshakes.items():
        with client.HTTPClient(stage.port) as guest:
            status = guest.request(client.get("/echo", *fields))
        stage.check(f"a handshake with {name} is refused", 400 <= status < 500, status)
