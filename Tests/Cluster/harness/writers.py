"""The load: people who say again and again what state their room is in, and do not stop asking until they are answered."""

import asyncio
import dataclasses
import itertools
import json
import random
import time
import uuid
from collections.abc import Callable, Iterable

from .hotel import Person, Tenant
from .http import Answer, HTTPClient, HTTPFailure

# A command that nobody could get done for so long is a failure.
PATIENCE = 60.0
STATES = ("clean", "dirty")


@dataclasses.dataclass(frozen=True)
class Acknowledged:
    """A command that was answered with success."""

    op: str
    tenant: str
    outcome: str
    seq: int
    began: float
    ended: float
    attempts: int


@dataclasses.dataclass
class Record:
    """What all writers of a scenario saw."""

    done: list[Acknowledged] = dataclasses.field(default_factory=list)
    # Commands that were begun, whether or not they were ever answered.
    begun: set[str] = dataclasses.field(default_factory=set)
    failures: list[str] = dataclasses.field(default_factory=list)
    # Answers that were not a success, by what they were; and how many times there was none.
    refused: dict[str, int] = dataclasses.field(default_factory=dict)
    unanswered: int = 0
    without_retry_after: int = 0
    slowest: float = 0.0


class Writer:
    """One person with one room, which nobody else touches: each command changes it, so each makes one event."""

    def __init__(
        self, person: Person, room: str, choose: Callable[[], str], record: Record, pause: float,
        limit: int | None = None,
    ) -> None:
        self.person = person
        self.room = room
        self.choose = choose
        self.record = record
        self.pause = pause
        self.limit = limit
        self.states = itertools.cycle(STATES)
        self.clients: dict[str, HTTPClient] = {}
        self.is_stopping = False
        # Made once and anew before it gets old: signing costs more than sending.
        self.bearer = person.bearer()
        self.bearer_until = time.monotonic() + 600

    async def run(self) -> None:
        count = 0
        try:
            while not self.is_stopping and (self.limit is None or count < self.limit):
                await self._command(next(self.states))
                count += 1
                if self.pause:
                    await asyncio.sleep(self.pause * random.uniform(0.5, 1.5))
        finally:
            for client in self.clients.values():
                client.close()

    async def _command(self, state: str) -> None:
        op = str(uuid.uuid4())
        self.record.begun.add(op)
        began = time.monotonic()
        body = json.dumps({"hk_status": state}).encode()
        for attempt in itertools.count(1):
            answer = await self._attempt(op, body)
            now = time.monotonic()
            if answer is not None and answer.status == 200:
                said = answer.json()
                self.record.done.append(Acknowledged(
                    op, self.person.tenant, said["outcome"], said["seq"], began, now, attempt))
                self.record.slowest = max(self.record.slowest, now - began)
                return
            if answer is not None and answer.status < 500 and answer.status != 429:
                self.record.failures.append(f"{op}: {answer.status} {answer.body[:300]!r}")
                return
            if now - began > PATIENCE:
                self.record.failures.append(f"{op}: given up after {attempt} attempts, {answer}")
                return
            await asyncio.sleep(random.uniform(0.05, 0.25))

    async def _attempt(self, op: str, body: bytes) -> Answer | None:
        base = self.choose()
        client = self.clients.setdefault(base, HTTPClient(base))
        if time.monotonic() > self.bearer_until:
            self.bearer, self.bearer_until = self.person.bearer(), time.monotonic() + 600
        try:
            answer = await client.request(
                "PATCH", f"/v1/rooms/{self.room}", body=body, seconds=12,
                fields={"Content-Type": "application/json", "Idempotency-Key": op, **self.bearer})
        except HTTPFailure:
            self.record.unanswered += 1
            return None
        if answer.status != 200:
            is_ours = "json" in answer.fields.get("content-type", "")
            code = answer.json().get("error", {}).get("code", "?") if is_ours else "balancer"
            key = f"{answer.status} {code}"
            self.record.refused[key] = self.record.refused.get(key, 0) + 1
            if is_ours and answer.status == 503 and "retry-after" not in answer.fields:
                self.record.without_retry_after += 1
        return answer


class Load:
    """All writers of a scenario."""

    def __init__(
        self, tenants: Iterable[Tenant], choose: Callable[[], str], *, writers: int, pause: float = 0.05,
        limit: int | None = None, first: int = 0,
    ) -> None:
        """So many writers for each tenant, with a room each from the `first` on."""
        self.record = Record()
        self.writers = [
            Writer(tenant.manager, room, choose, self.record, pause, limit)
            for tenant in tenants for room in tenant.rooms[first:first + writers]]
        self.tasks: list[asyncio.Task] = []

    def start(self) -> "Load":
        self.tasks = [asyncio.create_task(writer.run()) for writer in self.writers]
        return self

    async def run_to_end(self, seconds: float) -> None:
        """Waits until every writer has reached its limit."""
        async with asyncio.timeout(seconds):
            await asyncio.gather(*self.tasks)

    async def stop(self) -> Record:
        """Lets everybody finish what they are at; raises what broke a writer."""
        for writer in self.writers:
            writer.is_stopping = True
        async with asyncio.timeout(PATIENCE + 20):
            await asyncio.gather(*self.tasks)
        return self.record

    async def abandon(self) -> None:
        """On the way out of a scenario that has failed."""
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)
