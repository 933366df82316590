"""A server that a test owns: it can be killed, frozen and started anew, and never outlives the test."""

import asyncio
import os
import pathlib
import pwd
import signal
import subprocess
import time

from processes import die_with_parent

from .waiting import eventually


class Process:
    """One server with one log, over all its lives."""

    def __init__(
        self, name: str, command: list[str], log: pathlib.Path, environment: dict[str, str] | None = None,
        user: str | None = None,
    ) -> None:
        self.name = name
        self.command = command
        self.log = log
        self.environment = environment or {}
        self.user = user if os.geteuid() == 0 else None
        self.process: subprocess.Popen | None = None
        # How it ended each time, as a scenario may want to know it.
        self.endings: list[int] = []

    def start(self) -> None:
        assert not self.is_running, f"{self.name} runs already"
        # What whoever runs this has set for nodes of their own is not meant for ours.
        inherited = {
            name: value for name, value in os.environ.items()
            if not name.startswith(("BELLHOP_", "PG")) and name not in ("DATABASE_URL", "REDIS_URLS")}
        account = pwd.getpwnam(self.user) if self.user else None
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(
                self.command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, preexec_fn=die_with_parent,
                env=inherited | self.environment, start_new_session=True, cwd=self.log.parent,
                user=account.pw_uid if account else None, group=account.pw_gid if account else None,
                extra_groups=[] if account else None)

    @property
    def is_running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    @property
    def pid(self) -> int:
        assert self.process is not None, f"{self.name} was never started"
        return self.process.pid

    def family(self) -> list[int]:
        """Its pid and those of everybody whom it has started."""
        children: dict[int, list[int]] = {}
        for entry in pathlib.Path("/proc").iterdir():
            if entry.name.isdigit():
                try:
                    parent = int((entry / "stat").read_text().rsplit(") ", 1)[1].split()[1])
                except (OSError, IndexError):
                    continue
                children.setdefault(parent, []).append(int(entry.name))
        found, at = [self.pid], 0
        while at < len(found):
            found += children.get(found[at], [])
            at += 1
        return found

    def send(self, number: signal.Signals) -> None:
        """Sends a signal to it alone."""
        if self.is_running:
            os.kill(self.pid, number)

    def _send_all(self, number: signal.Signals) -> None:
        if not self.is_running:
            return
        for pid in self.family():
            try:
                os.kill(pid, number)
            except ProcessLookupError:
                pass

    def freeze(self) -> None:
        """Stops it and all that it started, as a machine stops that swaps: its sockets stay open."""
        self.send(signal.SIGSTOP)
        self._send_all(signal.SIGSTOP)

    def thaw(self) -> None:
        self._send_all(signal.SIGCONT)

    async def kill(self) -> None:
        """Ends it and all that it started as if the power had gone."""
        self.freeze()
        self._send_all(signal.SIGKILL)
        await self.ended(10)

    async def stop(self, seconds: float, number: signal.Signals = signal.SIGTERM) -> int | None:
        """Asks it to end; its exit code, or nothing if it had to be killed."""
        self.thaw()
        self.send(number)
        if not await self.ended(seconds):
            await self.kill()
            return None
        return self.endings[-1]

    async def ended(self, seconds: float) -> bool:
        """Waits for its end."""
        deadline = time.monotonic() + seconds
        while self.is_running:
            if time.monotonic() > deadline:
                return False
            await asyncio.sleep(0.01)
        if self.process is not None:
            self.endings.append(self.process.returncode)
        return True

    async def answers(self, condition, seconds: float) -> None:
        """Waits until it serves; raises with the end of its log when it ends or is too late."""
        def is_there() -> bool:
            if not self.is_running:
                raise RuntimeError(f"{self.name} ended before it was ready: {self.tail()}")
            return True
        await eventually(lambda: is_there() and condition(), seconds, f"{self.name} serves")

    def tail(self, size: int = 1500) -> str:
        return self.log.read_bytes()[-size:].decode(errors="replace") if self.log.exists() else ""
