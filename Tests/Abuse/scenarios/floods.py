"""Floods of frames: pings, closes, fragments without end, reserved bits, and whatever else a frame can be wrong in."""

import client
import frames
from stage import Stage

SERVERS = ("peer",)

PROTOCOL_ERROR, INVALID, TOO_BIG = 1002, 1007, 1009
MEMORY = 24 << 20


def abuse(stage: Stage) -> None:
    before = stage.server.level().resident
    stage.server.forget_peak()
    pings(stage, stage.scaled(200_000, 2000))
    closes(stage, stage.scaled(50, 5))
    endless(stage)
    wrong(stage)
    half_closed(stage)
    used = stage.server.peak() - before
    stage.check("memory is bounded", used < MEMORY, f"{used >> 10} KiB at the peak")


def pings(stage: Stage, count: int) -> None:
    """Pings whose pongs nobody reads; then all is read, and the connection still works."""
    last = b"the last one"
    flood = b"".join(frames.frame(frames.PING, b"%0125d" % number) for number in range(count))
    flood += frames.frame(frames.PING, last) + frames.frame(frames.TEXT, b"still there?")
    with client.WebSocket(stage.port, "/echo", receive_buffer=8192) as socket:
        rest = client.push_until_stuck(socket.connection, flood)
        if not stage.is_small:
            stage.check("who sends pings and reads no pongs is no longer read", len(rest) > 0, f"{len(rest)} left")
        heard: list[frames.Frame] = []

        def take(data: bytes) -> bool:
            heard.extend(socket.reader.feed(data))
            return bool(heard) and heard[-1].opcode == frames.TEXT

        ending = client.trade(socket.connection, rest, take)
    pongs = [received.payload for received in heard if received.opcode == frames.PONG]
    # RFC 6455 5.5.3: a pong may answer all pings before it, but the last ping has its own.
    stage.check(
        f"{count} pings: the last is answered and the socket lives", ending == "enough" and pongs[-1:] == [last],
        f"{len(pongs)} pongs, {ending}")


def closes(stage: Stage, count: int) -> None:
    """Close frames without end: one is answered, and the connection ends."""
    endings = set()
    for _ in range(count):
        with client.WebSocket(stage.port, "/echo") as socket:
            socket.send(frames.close_frame(1001) * 5000 + frames.frame(frames.TEXT, b"and another thing"))
            answers = []
            while (received := socket.next()) is not None:
                answers.append(received.close_code)
            endings.add(tuple(answers))
    stage.check("5,000 closes at once are answered by one", endings == {(1001,)}, endings)


def endless(stage: Stage) -> None:
    """Messages that never end."""
    middle = frames.frame(frames.CONTINUATION, b"", fin=False)
    for path, kind, piece in (
        ("/fanout", "empty fragments", middle),
        ("/fanout", "1-byte fragments", frames.frame(frames.CONTINUATION, b"x", fin=False)),
        ("/echo", "64 KiB fragments", frames.frame(frames.CONTINUATION, bytes(1 << 16), fin=False)),
    ):
        with client.WebSocket(stage.port, path) as socket:
            socket.send(frames.frame(frames.BINARY, b"", fin=False))
            sent = 0
            # More than any limit: 4,096 fragments there, 16 MiB here.
            for _ in range(5000 if path == "/fanout" else 300):
                if not socket.send(piece):
                    break
                sent += 1
            code = socket.close_code()
        stage.check(f"{kind} without end: closed with 1009", code == TOO_BIG, f"{code} after {sent}")


def wrong(stage: Stage) -> None:
    """One wrong frame each."""
    cases = {f"reserved bits {bits:#x}": (frames.frame(frames.TEXT, b"x", reserved=bits), PROTOCOL_ERROR)
             for bits in (0x40, 0x20, 0x10, 0x70)}
    cases |= {f"opcode {code:#x}": (frames.frame(code, b"x"), PROTOCOL_ERROR) for code in (3, 4, 5, 6, 7, 11, 12, 15)}
    cases |= {
        "no mask": (frames.header(frames.TEXT, 1, masked=False) + b"x", PROTOCOL_ERROR),
        "a ping in fragments": (frames.frame(frames.PING, b"x", fin=False), PROTOCOL_ERROR),
        "a ping of 126 bytes": (frames.frame(frames.PING, b"x" * 126), PROTOCOL_ERROR),
        "a continuation of nothing": (frames.frame(frames.CONTINUATION, b"x"), PROTOCOL_ERROR),
        "a message in a message": (frames.frame(frames.TEXT, b"x", fin=False) * 2, PROTOCOL_ERROR),
        "a close of one byte": (frames.frame(frames.CLOSE, b"x"), PROTOCOL_ERROR),
        "a close with 1005": (frames.close_frame(1005), PROTOCOL_ERROR),
        "a close with 65535": (frames.close_frame(65535), PROTOCOL_ERROR),
        "a close with bad text": (frames.frame(frames.CLOSE, b"\x03\xe8\xff\xfe"), INVALID),
        "text that is not UTF-8": (frames.frame(frames.TEXT, b"\xc0\xaf"), INVALID),
        "text cut in a character": (frames.frame(frames.TEXT, b"\xe2\x82"), INVALID),
        "a length written too long": (b"\x82\xfe\x00\x01" + bytes(4) + b"x", PROTOCOL_ERROR),
        "a length of 16 EiB": (b"\x82\xff" + b"\xff" * 8 + bytes(4), PROTOCOL_ERROR),
        "a length of 8 EiB": (b"\x82\xff\x7f" + b"\xff" * 7 + bytes(4), TOO_BIG),
        "16 MiB and a byte": (frames.header(frames.BINARY, (16 << 20) + 1) + bytes(4), TOO_BIG),
    }
    for name, (data, expected) in cases.items():
        with client.WebSocket(stage.port, "/echo") as socket:
            # What follows belongs to a connection that has failed and must not be answered.
            socket.send(data + frames.frame(frames.TEXT, b"hello?") * 3)
            received = socket.next()
            code, after = received and received.close_code, socket.next()
        stage.check(f"{name}: closed with {expected}", code == expected and after is None, f"{code}, then {after}")


def half_closed(stage: Stage) -> None:
    """A client that ends its half, in the middle of a frame or between two."""
    moments = {"idle": b"", "in a header": b"\x82\xfe", "in a payload": frames.frame(frames.TEXT, b"xyz")[:-1]}
    for name, data in moments.items():
        with client.WebSocket(stage.port, "/echo", timeout=5) as socket:
            socket.send(data)
            client.end_half(socket.connection)
            _, ending = client.read_to_end(socket.connection)
        stage.check(f"a peer that ends its half, {name}, is let go", ending in ("end", "reset"), ending)
