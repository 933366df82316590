"""Where a scenario plays: a cluster under load with subscribers on every node, and what the scenario found."""

import asyncio
import contextlib
import importlib
import pathlib
import random
import shutil
import time
import traceback
from collections.abc import AsyncIterator, Callable
from types import ModuleType

from findings import Finding

from . import hotel, oracle
from .cluster import Cluster, Node
from .subscriber import Subscriber, join_all
from .waiting import eventually
from .writers import Load


def load(name: str) -> ModuleType:
    """The scenario of that name."""
    return importlib.import_module(f"scenarios.{name}")


class Stage:
    """What a scenario sees."""

    def __init__(self, program: pathlib.Path, template: pathlib.Path, folder: pathlib.Path) -> None:
        self.program = program
        self.template = template
        self.folder = folder
        self.findings: list[Finding] = []

    def check(self, sentence: str, holds: object, detail: object = "") -> None:
        """Records what was found."""
        self.findings.append(Finding(sentence, bool(holds), "" if detail in ("", [], {}, set(), None) else str(detail)))

    @contextlib.asynccontextmanager
    async def cluster(
        self, tenants: list[hotel.Tenant], *, starts_redis: bool = True, **options
    ) -> AsyncIterator[Cluster]:
        """A cluster that is gone afterwards, whatever happens."""
        folder = self.folder / f"cluster-{len(list(self.folder.glob('cluster-*')))}"
        cluster = Cluster(self.program, self.template, folder, **options)
        try:
            await cluster.start(tenants, starts_redis=starts_redis)
            yield cluster
            faults = await cluster.stop()
            self.check("all nodes end on SIGTERM with 0 and nothing was logged as a crash", not faults, "\n".join(faults))
        finally:
            await cluster.kill()
            # The logs stay.
            shutil.rmtree(cluster.postgres.folder, ignore_errors=True)

    @contextlib.asynccontextmanager
    async def show(
        self, *, tenants: int = 3, writers: int = 3, pause: float = 0.05, subscribers: int = 1, starts_redis: bool = True,
        least: int = 50, allows_resync: bool = False, choose: Callable[["Show"], Callable[[], str]] | None = None,
        settle: float = 20, rooms: int = 4, **options,
    ) -> AsyncIterator["Show"]:
        """A cluster under load: writers of several tenants at random nodes, and for each tenant `subscribers` at every node
        and one at the balancer. After the body the load ends, and the oracle speaks."""
        hotels = hotel.made(tenants, max(writers, rooms))
        async with self.cluster(hotels, starts_redis=starts_redis, **options) as cluster:
            show = Show(self, cluster, hotels)
            show.load = Load(hotels, choose(show) if choose else show.any_node, writers=writers, pause=pause)
            for tenant in hotels:
                for node in cluster.nodes:
                    for _ in range(subscribers):
                        show.subscribe(tenant, lambda url=node.url: url)
                show.subscribe(tenant, lambda: cluster.url)
            try:
                await join_all(show.subscribers, 30)
                show.load.start()
                yield show
                await show.settle(least, allows_resync, settle)
            finally:
                await show.load.abandon()
                await asyncio.gather(*(one.leave() for one in show.subscribers))


class Show:
    """One cluster under load."""

    load: Load

    def __init__(self, stage: Stage, cluster: Cluster, tenants: list[hotel.Tenant]) -> None:
        self.stage = stage
        self.cluster = cluster
        self.tenants = tenants
        self.subscribers: list[Subscriber] = []

    @property
    def nodes(self) -> list[Node]:
        return self.cluster.nodes

    def any_node(self) -> str:
        """One of the nodes or the balancer, as chance will have it."""
        return random.choice([node.url for node in self.nodes] + [self.cluster.url])

    def subscribe(self, tenant: hotel.Tenant, choose: Callable[[], str]) -> Subscriber:
        """One more subscriber to all that happens to a tenant's rooms."""
        subscriber = Subscriber(tenant.manager, [tenant.channel], choose).start()
        self.subscribers.append(subscriber)
        return subscriber

    def at(self, node: Node) -> list[Subscriber]:
        """Those who are connected to a node."""
        return [one for one in self.subscribers if one.base == node.url]

    async def flow(self, count: int, seconds: float = 30) -> float:
        """Waits until so many more commands are acknowledged; how long that took."""
        wanted = len(self.load.record.done) + count
        return await eventually(
            lambda: len(self.load.record.done) >= wanted, seconds,
            f"{count} more commands are acknowledged; refused {self.load.record.refused}, "
            f"unanswered {self.load.record.unanswered}")

    async def run_for(self, seconds: float) -> int:
        """Lets the load run for so long; how many commands were acknowledged."""
        before = len(self.load.record.done)
        await asyncio.sleep(seconds)
        return len(self.load.record.done) - before

    async def joined(self, seconds: float = 30) -> None:
        """Waits until every subscriber is connected again."""
        await join_all(self.subscribers, seconds)

    async def settle(self, least: int, allows_resync: bool, seconds: float) -> None:
        """Ends the load, and asks the oracle."""
        record = await self.load.stop()
        books = await oracle.read_books(self.cluster.postgres, self.tenants)
        check = self.stage.check
        oracle.check_commands(check, record, books, least=least)
        await oracle.check_deliveries(check, self.subscribers, books, seconds=seconds, allows_resync=allows_resync)
        await oracle.check_audit(check, self.cluster.postgres, self.tenants)

    def check(self, sentence: str, holds: object, detail: object = "") -> None:
        self.stage.check(sentence, holds, detail)


def play(name: str, program: pathlib.Path, template: pathlib.Path, folder: pathlib.Path) -> tuple[list[Finding], float]:
    """Plays one scenario; never raises. What it found, and how long it took."""
    scenario = load(name)
    folder.mkdir(parents=True, exist_ok=True)
    stage = Stage(program, template, folder)
    began = time.monotonic()

    async def bounded() -> None:
        async with asyncio.timeout(getattr(scenario, "SECONDS", 120)):
            await scenario.play(stage)

    try:
        asyncio.run(bounded())
    except Exception:
        stage.check("the scenario plays to its end", False, traceback.format_exc(limit=-6))
    return stage.findings, time.monotonic() - began
