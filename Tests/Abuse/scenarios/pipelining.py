"""Pipelining: 10,000 requests in one go before the first answer is read, on 20 connections."""

import client
from stage import Stage

SERVERS = ("peer", "node")

REQUESTS = 10_000
OK = b"HTTP/1.1 200 OK\r\n"
REQUEST = client.get("/readyz")
# Answers that wait, input that waits, and both kernels' ideas of how much that may be do not count as ours.
MEMORY_EACH = 2 << 20


def abuse(stage: Stage) -> None:
    count = stage.scaled(REQUESTS, 1000)
    stage.server.forget_peak()
    before = stage.server.level().resident
    connections = [client.connect(stage.port, receive_buffer=8192) for _ in range(stage.scaled(20, 2))]
    # Nobody reads an answer while anything still moves: the server has to stop reading, too.
    rests = [client.push_until_stuck(connection, REQUEST * count) for connection in connections]
    used = stage.server.peak() - before
    stuck = sum(bool(rest) for rest in rests)
    stage.check("memory is bounded", used < MEMORY_EACH * len(connections), f"{used >> 10} KiB, {stuck} were stuck")
    answers = {read_all(connection, rest, count) for connection, rest in zip(connections, rests, strict=True)}
    stage.check(f"once read, all {count} answers come on each connection", answers == {(count, "enough")}, answers)
    for connection in connections:
        connection.close()


def read_all(connection, rest: memoryview, expected: int) -> tuple[int, str]:
    """Reads, and sends what is left, until all is answered; how many answers of 200 came, and how it ended."""
    found, kept = 0, b""

    def take(data: bytes) -> bool:
        nonlocal found, kept
        kept += data
        found += kept.count(OK)
        # A status line may be cut; from the last whole one on, nothing is counted twice.
        kept = kept[max(kept.rfind(OK) + 1, len(kept) - len(OK) + 1) :]
        return found >= expected

    ending = client.trade(connection, rest, take)
    return found, ending
