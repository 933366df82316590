"""WebSocket frames as bytes (RFC 6455 5): well-formed ones, and every kind of broken one."""

import dataclasses
import os
import struct
import zlib

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0x0, 0x1, 0x2, 0x8, 0x9, 0xA
COMPRESSED = 0x40


def mask(payload: bytes, key: bytes) -> bytes:
    """RFC 6455 5.3; one big exclusive or, since a loop over bytes is too slow for megabytes."""
    whole = (key * (len(payload) // 4 + 1))[: len(payload)]
    number = int.from_bytes(payload, "big") ^ int.from_bytes(whole, "big")
    return number.to_bytes(len(payload), "big")


def header(opcode: int, length: int, *, fin: bool = True, reserved: int = 0, masked: bool = True) -> bytes:
    """The header up to the mask key; `reserved` are bits of the first byte, `COMPRESSED` among them."""
    first = (0x80 if fin else 0) | reserved | opcode
    bit = 0x80 if masked else 0
    if length < 126:
        return bytes([first, bit | length])
    if length < 1 << 16:
        return struct.pack("!BBH", first, bit | 126, length)
    return struct.pack("!BBQ", first, bit | 127, length)


def frame(opcode: int, payload: bytes = b"", *, fin: bool = True, reserved: int = 0) -> bytes:
    """A whole frame of a client."""
    key = os.urandom(4)
    return header(opcode, len(payload), fin=fin, reserved=reserved) + key + mask(payload, key)


def close_frame(code: int = 1000) -> bytes:
    return frame(CLOSE, struct.pack("!H", code))


def deflated(payload: bytes, level: int = 9) -> bytes:
    """RFC 7692 7.2.1: raw deflate, flushed, without the last four bytes of the flush."""
    compressor = zlib.compressobj(level, zlib.DEFLATED, -15)
    return (compressor.compress(payload) + compressor.flush(zlib.Z_SYNC_FLUSH))[:-4]


def deflated_zeros(count: int) -> bytes:
    """As many zero bytes, compressed without ever being in memory."""
    compressor = zlib.compressobj(9, zlib.DEFLATED, -15)
    block, pieces = bytes(1 << 20), []
    for _ in range(count >> 20):
        pieces.append(compressor.compress(block))
    pieces.append(compressor.compress(bytes(count & 0xFFFFF)))
    pieces.append(compressor.flush(zlib.Z_SYNC_FLUSH))
    return b"".join(pieces)[:-4]


def fragments(payload: bytes, pieces: int, opcode: int = BINARY, reserved: int = 0) -> list[bytes]:
    """One message as so many frames; only the first says what it is."""
    size = max(1, -(-len(payload) // pieces))
    parts = [payload[at : at + size] for at in range(0, len(payload), size)] or [b""]
    return [
        frame(
            opcode if index == 0 else CONTINUATION, part, fin=index == len(parts) - 1,
            reserved=reserved if index == 0 else 0,
        )
        for index, part in enumerate(parts)
    ]


@dataclasses.dataclass(frozen=True)
class Frame:
    """A frame that came from the server."""

    opcode: int
    payload: bytes
    fin: bool
    is_compressed: bool

    @property
    def close_code(self) -> int | None:
        if self.opcode != CLOSE or len(self.payload) < 2:
            return None
        return struct.unpack_from("!H", self.payload)[0]


class FrameReader:
    """Bytes in, frames out."""

    def __init__(self) -> None:
        self.buffer = bytearray()

    def feed(self, data: bytes) -> list[Frame]:
        self.buffer += data
        found, at = [], 0
        while (taken := self._one(at)) is not None:
            at, whole = taken
            found.append(whole)
        del self.buffer[:at]
        return found

    def _one(self, at: int) -> tuple[int, Frame] | None:
        available = len(self.buffer) - at
        if available < 2:
            return None
        first, length = self.buffer[at], self.buffer[at + 1]
        if length & 0x80:
            raise ValueError("the server masked a frame")
        size = 2
        if length >= 126:
            size = 4 if length == 126 else 10
            if available < size:
                return None
            length = int.from_bytes(self.buffer[at + 2 : at + size], "big")
        if available < size + length:
            return None
        payload = bytes(self.buffer[at + size : at + size + length])
        return at + size + length, Frame(first & 0x0F, payload, bool(first & 0x80), bool(first & COMPRESSED))


class Inflater:
    """Inflates the messages of a server that keeps no context."""

    @staticmethod
    def inflate(payload: bytes) -> bytes:
        return zlib.decompressobj(-15).decompress(payload + b"\x00\x00\xff\xff")
