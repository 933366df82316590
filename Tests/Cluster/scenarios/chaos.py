"""Five minutes in which one thing after another breaks, as chance will have it, often two at once."""

import asyncio
import contextlib
import random
import time
from collections.abc import AsyncIterator

from harness.network import Cut
from harness.stage import Show, Stage

RUN = "long"
SECONDS = 900
CHAOS_SECONDS = 300


async def play(stage: Stage) -> None:
    async with stage.show(
        tenants=6, writers=4, pause=0.1, subscribers=2, is_durable=True, wired=0, least=1000, settle=90,
    ) as show:
        await show.flow(100)
        troubles = [
            node_killed, node_frozen, node_restarted, redis_killed, redis_frozen, subscribers_cut, postgres_killed,
            postgres_frozen, redis_out_of_reach, postgres_out_of_reach, clients_in_a_lift]
        ends = time.monotonic() + CHAOS_SECONDS
        played: list[str] = []
        while time.monotonic() < ends:
            chosen = random.sample(troubles, random.choice((1, 1, 2)))
            played += [trouble.__name__ for trouble in chosen]
            async with contextlib.AsyncExitStack() as stack:
                for trouble in chosen:
                    await stack.enter_async_context(trouble(show))
                await asyncio.sleep(random.uniform(0.5, 5))
            # What was started needs what was broken beside it.
            await asyncio.gather(*(node.ready() for node in show.nodes))
            await show.flow(30, 60)
        await show.joined(60)
        stage.check("many things went wrong", len(played) >= 15, f"{len(played)}: {' '.join(played)}")


@contextlib.asynccontextmanager
async def node_killed(show: Show) -> AsyncIterator[None]:
    node = random.choice(show.nodes)
    if node.process.is_running:
        await node.process.kill()
    try:
        yield
    finally:
        if not node.process.is_running:
            node.start()


@contextlib.asynccontextmanager
async def node_frozen(show: Show) -> AsyncIterator[None]:
    node = random.choice(show.nodes)
    node.process.freeze()
    try:
        yield
    finally:
        node.process.thaw()


@contextlib.asynccontextmanager
async def node_restarted(show: Show) -> AsyncIterator[None]:
    node = random.choice(show.nodes)
    ended = asyncio.create_task(node.process.stop(60)) if node.process.is_running else None
    try:
        yield
    finally:
        if ended is not None:
            await ended
        if not node.process.is_running:
            node.start()


@contextlib.asynccontextmanager
async def redis_killed(show: Show) -> AsyncIterator[None]:
    redis = show.cluster.redis
    if redis.process.is_running:
        await redis.process.kill()
    try:
        yield
    finally:
        if not redis.process.is_running:
            await redis.start()


@contextlib.asynccontextmanager
async def redis_frozen(show: Show) -> AsyncIterator[None]:
    show.cluster.redis.process.freeze()
    try:
        yield
    finally:
        show.cluster.redis.process.thaw()


@contextlib.asynccontextmanager
async def subscribers_cut(show: Show) -> AsyncIterator[None]:
    for _ in range(3):
        # It may be frozen or gone, by another trouble of the moment.
        with contextlib.suppress(OSError, TimeoutError, ValueError):
            await show.cluster.redis.kill_subscribers()
    yield


@contextlib.asynccontextmanager
async def postgres_killed(show: Show) -> AsyncIterator[None]:
    postgres = show.cluster.postgres
    if postgres.process.is_running:
        await postgres.kill()
    try:
        yield
    finally:
        if not postgres.process.is_running:
            await postgres.start()


@contextlib.asynccontextmanager
async def postgres_frozen(show: Show) -> AsyncIterator[None]:
    show.cluster.postgres.process.freeze()
    try:
        yield
    finally:
        show.cluster.postgres.process.thaw()


@contextlib.asynccontextmanager
async def redis_out_of_reach(show: Show) -> AsyncIterator[None]:
    show.cluster.redis_wire.cut(random.choice(list(Cut)))
    try:
        yield
    finally:
        show.cluster.redis_wire.heal()


@contextlib.asynccontextmanager
async def postgres_out_of_reach(show: Show) -> AsyncIterator[None]:
    show.cluster.postgres_wire.cut(random.choice(list(Cut)))
    try:
        yield
    finally:
        show.cluster.postgres_wire.heal()


@contextlib.asynccontextmanager
async def clients_in_a_lift(show: Show) -> AsyncIterator[None]:
    for subscriber in random.sample(show.subscribers, len(show.subscribers) // 2):
        subscriber.break_off()
    yield
