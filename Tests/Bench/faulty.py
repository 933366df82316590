"""A fan-out server that does one thing wrong, to prove that the driver notices.

    python faulty.py --port P --fault NAME

`none` is correct, and so are `bytewise` (every byte a write of its own), `merged` (two events in one write) and `pings` (a ping
before each event). `lose`, `repeat`, `swap`, `damage`, `binary`, `close` and `refuse` spoil the third event.
"""

import asyncio
import sys

ACCEPT = b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo="  # RFC 6455 1.3, for the key that the driver sends
PING = bytes([0x89, 2]) + b"hi"
CLOSE = bytes([0x88, 2, 0x03, 0xE8])


def option(name):
    return sys.argv[sys.argv.index(name) + 1]


def frame(body, first_byte=0x81):
    # RFC 6455 5.2
    head = bytes([first_byte, len(body)]) if len(body) < 126 else bytes([first_byte, 126]) + len(body).to_bytes(2, "big")
    return head + body


class Server:
    def __init__(self, fault):
        self.fault = fault
        self.subscribers = []
        self.events = 0
        self.held = b""

    def bytes_for(self, body):
        """What the subscribers get for this event."""
        whole = frame(body)
        if self.fault == "pings":
            return PING + whole
        if self.fault == "merged":
            held, self.held = self.held, b"" if self.events % 2 == 0 else whole
            return held + whole if self.events % 2 == 0 else b""
        if self.fault == "swap" and self.events == 4:
            return whole + self.held
        if self.events != 3:
            return whole
        self.held = whole
        spoiled = body[:-9] + b"?" + body[-8:]
        return {
            "lose": b"",
            "swap": b"",
            "repeat": whole + whole,
            "damage": frame(spoiled),
            "binary": frame(body, 0x82),
            "close": CLOSE,
        }.get(self.fault, whole)

    async def publish(self, body):
        self.events += 1
        data = self.bytes_for(body)
        for writer in self.subscribers:
            if self.fault == "bytewise":
                for byte in data:
                    writer.write(bytes([byte]))
                    await asyncio.sleep(0)
            else:
                writer.write(data)

    async def serve(self, reader, writer):
        writer.get_extra_info("socket").setsockopt(6, 1, 1)  # TCP_NODELAY
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            if head.startswith(b"GET"):
                writer.write(
                    b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                    b"Sec-WebSocket-Accept: " + ACCEPT + b"\r\n\r\n"
                )
                self.subscribers.append(writer)
                while await reader.read(65536):
                    pass
                return
            length = next(int(line[15:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:"))
            await self.publish(await reader.readexactly(length))
            is_refused = self.fault == "refuse" and self.events == 3
            writer.write(b"HTTP/1.1 503 No\r\n\r\n" if is_refused else b"HTTP/1.1 204 No Content\r\n\r\n")

    async def connected(self, reader, writer):
        try:
            await self.serve(reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()


async def main():
    server = await asyncio.start_server(Server(option("--fault")).connected, "127.0.0.1", int(option("--port")))
    print("ready", flush=True)
    await server.serve_forever()


asyncio.run(main())
