"""A private Redis, and the few commands with which a test disturbs it."""

import asyncio
import pathlib

from processes import HOST, free_port

from .postgres import is_listening
from .process import Process

PASSWORD = "redis-of-the-cluster-tests"


class Redis:
    """One server that keeps nothing on disk: after a kill it comes back empty."""

    def __init__(self, folder: pathlib.Path, log: pathlib.Path) -> None:
        self.port = free_port()
        configuration = folder / "redis.conf"
        configuration.write_text("\n".join([
            f"port {self.port}", f"bind {HOST}", 'save ""', "appendonly no", f'dir "{folder}"',
            f"requirepass {PASSWORD}", ""]))
        configuration.chmod(0o600)
        self.process = Process("redis", ["redis-server", str(configuration)], log)

    async def start(self) -> None:
        self.process.start()
        await self.process.answers(lambda: is_listening(self.port), 20)

    def url(self, port: int | None = None) -> str:
        return f"redis://:{PASSWORD}@{HOST}:{port or self.port}"

    async def command(self, *words: str) -> str:
        """One command on a connection of its own; its first reply as text, an array by its lines."""
        reader, writer = await asyncio.wait_for(asyncio.open_connection(HOST, self.port), 5)
        try:
            writer.write(_encoded("AUTH", PASSWORD) + _encoded(*words))
            await writer.drain()
            await asyncio.wait_for(reader.readline(), 5)
            return await asyncio.wait_for(_reply(reader), 5)
        finally:
            writer.close()

    async def kill_subscribers(self) -> int:
        """Cuts off everybody who has subscribed; how many that were."""
        return int(await self.command("CLIENT", "KILL", "TYPE", "pubsub"))


def _encoded(*words: str) -> bytes:
    parts = [f"*{len(words)}\r\n".encode()]
    parts += [b"$%d\r\n%b\r\n" % (len(word.encode()), word.encode()) for word in words]
    return b"".join(parts)


async def _reply(reader: asyncio.StreamReader) -> str:
    line = (await reader.readline()).decode().strip()
    kind, rest = line[:1], line[1:]
    if kind == "-":
        raise RuntimeError(f"redis: {rest}")
    if kind == "$":
        return (await reader.readexactly(int(rest) + 2))[:-2].decode() if int(rest) >= 0 else ""
    if kind == "*":
        return "\n".join([await _reply(reader) for _ in range(int(rest))])
    return rest
