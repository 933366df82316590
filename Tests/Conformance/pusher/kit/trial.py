"""One rule being checked: what it may use, and the list of all rules."""

import asyncio
import itertools
import traceback
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, NamedTuple

from findings import Finding
from harness.cluster import App, Cluster

from .api import API
from .apps import MAIN
from .hooks import Receiver
from .socket import Message, Socket


class World(NamedTuple):
    """What all rules share."""

    cluster: Cluster
    hooks: Receiver


class Rule(NamedTuple):
    """One rule of the sheet."""

    section: str
    sentence: str
    check: Callable[["Trial"], Awaitable[None]]
    # In which part of a run it is checked: beside the others, last and alone, or only in the long run.
    part: str
    seconds: float

    @property
    def name(self) -> str:
        return self.check.__name__

    async def outcome(self, world: World) -> Finding:
        """Checks it; never raises."""
        title = f"{self.section} {self.name}: {self.sentence}"
        trial = Trial(world, self.name.replace("_", "-"))
        try:
            async with asyncio.timeout(self.seconds):
                await self.check(trial)
        except TimeoutError:
            return Finding(title, False, f"not done within {self.seconds:g} s at {_place(trial)}")
        except Exception as error:
            where = traceback.extract_tb(error.__traceback__)
            lines = [f"{one.name}:{one.lineno}" for one in where if "/rules/" in one.filename]
            return Finding(title, False, f"{type(error).__name__} at {' '.join(lines)}: {error}")
        finally:
            for task in trial.tasks:
                task.cancel()
            await asyncio.gather(*trial.tasks, return_exceptions=True)
            for socket in trial.sockets:
                socket.abort()
        return Finding(title, True)


RULES: list[Rule] = []


def rule(section: str, sentence: str, part: str = "beside", seconds: float = 45):
    """Marks a function as the check of one rule."""
    def mark(check: Callable[["Trial"], Awaitable[None]]) -> Callable[["Trial"], Awaitable[None]]:
        RULES.append(Rule(section, sentence, check, part, seconds))
        return check
    return mark


class Trial:
    """What one check uses; its channels and users are its own, so that all checks can run at once."""

    def __init__(self, world: World, name: str) -> None:
        self.world = world
        self.name = name
        self.sockets: list[Socket] = []
        self.tasks: list[asyncio.Task] = []
        self.numbers = itertools.count(1)

    # Names

    def room(self, prefix: str = "") -> str:
        """A channel that nobody else uses; what kind it is says the prefix alone, not the rule's name."""
        return f"{prefix}of-{self.name}-{next(self.numbers)}"

    def user(self) -> str:
        """A user id that nobody else uses."""
        return f"u-{self.name}-{next(self.numbers)}"

    # Places

    def base(self, node: int = 0) -> str:
        """A node's address; -1 is the balancer's."""
        nodes = self.world.cluster.nodes
        return self.world.cluster.url if node < 0 else nodes[node % len(nodes)].url

    @property
    def count(self) -> int:
        """How many nodes there are."""
        return len(self.world.cluster.nodes)

    @property
    def hooks(self) -> Receiver:
        return self.world.hooks

    def api(self, node: int = 0, app: App = MAIN) -> API:
        return API(self.base(node), app)

    async def connect(self, node: int = 0, app: App = MAIN, **options: Any) -> Socket:
        """A socket of which nothing is awaited yet."""
        socket = await Socket.connect(self.base(node), app, **options)
        self.sockets.append(socket)
        return socket

    async def open(self, node: int = 0, app: App = MAIN, **options: Any) -> Socket:
        return await (await self.connect(node, app, **options)).established()

    async def members(self, count: int, app: App = MAIN) -> list[Socket]:
        """So many sockets, spread over the nodes."""
        return list(await asyncio.gather(*(self.open(number, app) for number in range(count))))

    async def audience(self, channel: str, count: int = 3, app: App = MAIN) -> list[Socket]:
        """So many subscribers, spread over the nodes."""
        sockets = await self.members(count, app)
        await asyncio.gather(*(one.subscribe(channel) for one in sockets))
        return sockets

    def task(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task:
        """Does something beside the check; ends with it."""
        task = asyncio.create_task(work)
        self.tasks.append(task)
        return task

    async def mark(
        self, channel: str, sockets: list[Socket], node: int = 0, app: App = MAIN
    ) -> list[list[Message]]:
        """A fence over the cluster: publishes one more event on a channel that all these are subscribed to, and waits
        for it; what each heard on the channel before, from where it would go on."""
        name = f"mark-{next(self.numbers)}"
        await self.api(node, app).publish(channel, name)
        return [await until_mark(one, channel, name) for one in sockets]


async def until_mark(socket: Socket, channel: str, name: str) -> list[Message]:
    before = socket.position
    await socket.until(name, channel)
    return [one for one in socket.messages[before:socket.position - 1] if one.channel == channel]


def _place(trial: Trial) -> str:
    return "; ".join(one.account() for one in trial.sockets[:3])
