"""A wire between a node and a store that can be cut and healed: bytes wait, or connections break."""

import asyncio
import enum

from processes import HOST


class Cut(enum.Enum):
    """How a network fails."""

    # Nothing arrives and nobody is told, as behind a dead switch.
    SILENT = "silent"
    # Connections break and new ones are refused, as behind a firewall that says so.
    RESET = "reset"


class Wire:
    """Forwards TCP from a port of its own to another one."""

    def __init__(self, target: int) -> None:
        self.target = target
        self.port = 0
        self.server: asyncio.Server | None = None
        self.flows = asyncio.Event()
        self.flows.set()
        self.refuses = False
        self.writers: set[asyncio.StreamWriter] = set()
        self.tasks: set[asyncio.Task] = set()

    async def start(self) -> None:
        self.server = await asyncio.start_server(self._accepted, HOST, 0)
        self.port = self.server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        if self.server is not None:
            self.server.close()
        self._break_all()
        for task in list(self.tasks):
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)

    def cut(self, kind: Cut) -> None:
        if kind is Cut.SILENT:
            self.flows.clear()
        else:
            self.refuses = True
            self._break_all()

    def heal(self) -> None:
        self.refuses = False
        self.flows.set()

    def _break_all(self) -> None:
        for writer in list(self.writers):
            writer.transport.abort()

    async def _accepted(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.writers.add(writer)
        task = asyncio.current_task()
        if task is not None:
            self.tasks.add(task)
            task.add_done_callback(self.tasks.discard)
        try:
            if self.refuses:
                writer.transport.abort()
                return
            await self.flows.wait()
            far_reader, far_writer = await asyncio.open_connection(HOST, self.target)
            self.writers.add(far_writer)
            try:
                await asyncio.gather(self._carry(reader, far_writer), self._carry(far_reader, writer))
            finally:
                self.writers.discard(far_writer)
                far_writer.close()
        except (OSError, asyncio.CancelledError):
            pass
        finally:
            self.writers.discard(writer)
            writer.close()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(1 << 16):
            await self.flows.wait()
            writer.write(data)
            await writer.drain()
        if writer.can_write_eof():
            writer.write_eof()
