"""Staff of a hotel see each other on all nodes, through a killed one too, and sockets that signed in use the bare names."""

import asyncio
import time

from harness import hotel
from harness.cluster import Cluster
from harness.http import HTTPClient
from harness.member import Colleague
from harness.stage import Stage
from harness.waiting import eventually, holds_throughout

# A lease of 5 s, a look every 1.25 s, and a busy machine.
LEASE_SECONDS = 10
# Who lost the connection is there for 15 s more.
GRACE_SECONDS = 15


async def play(stage: Stage) -> None:
    tenants = hotel.made(2, 2)
    async with stage.cluster(tenants) as cluster:
        tenant, foreign = tenants
        room = f"presence-tenant.{tenant.id}.property.{tenant.property}"
        manager, agent = (Colleague(person, room) for person in tenant.people)
        spy = Colleague(foreign.manager, room)
        everybody = [manager, agent, spy]
        try:
            await manager.connect(cluster.nodes[0].url)
            await manager.join()
            await agent.connect(cluster.nodes[2].url)
            await agent.join()
            await eventually(lambda: manager.members == agent.members == {manager.user, agent.user}, 10, "both see both")
            stage.check("the manager at one node and the attendant at another see each other", True)
            await strangers(stage, cluster, spy)
            await basement(stage, cluster, manager, agent)
            await killed(stage, cluster, manager, agent)
            await bare_names(stage, cluster, tenant, manager)
            faults = [fault for one in everybody for fault in one.faults]
            stage.check("nobody was told to have come or gone twice", not faults, faults[:3])
        finally:
            for one in everybody:
                one.close()


async def strangers(stage: Stage, cluster: Cluster, spy: Colleague) -> None:
    await spy.connect(cluster.nodes[1].url)
    await spy.join()
    stage.check("another hotel's manager gets no signature, and without one is not let in",
                spy.members is None and len(spy.refusals) == 2, spy.refusals)


async def basement(stage: Stage, cluster: Cluster, manager: Colleague, agent: Colleague) -> None:
    """The attendant's wifi goes, and she comes back at another node within the grace."""
    moves = len(manager.removed)
    agent.close()
    await asyncio.sleep(1)
    await agent.connect(cluster.nodes[1].url)
    await agent.join()
    quiet = await holds_throughout(lambda: len(manager.removed) == moves, GRACE_SECONDS + 2)
    stage.check("a connection that is lost and comes back is no farewell", quiet, manager.removed[moves:])
    agent.close()
    waited = await eventually(lambda: agent.user in manager.removed, GRACE_SECONDS + 10, "she has gone")
    stage.check(f"one that stays away is, after {GRACE_SECONDS} s", waited >= GRACE_SECONDS - 2, f"{waited:.1f} s")


async def killed(stage: Stage, cluster: Cluster, manager: Colleague, agent: Colleague) -> None:
    await agent.connect(cluster.nodes[2].url)
    await agent.join()
    await eventually(lambda: agent.user in (manager.members or ()), 10, "she is back")
    manager.removed.clear()
    began = time.monotonic()
    await cluster.nodes[2].process.kill()
    await eventually(lambda: manager.removed, 30, "she is gone with her node")
    seconds = time.monotonic() - began
    stage.check(f"who was at a killed node is gone in {LEASE_SECONDS} s, once",
                seconds <= LEASE_SECONDS and manager.removed == [agent.user], f"{seconds:.2f} s")


async def bare_names(stage: Stage, cluster: Cluster, tenant: hotel.Tenant, manager: Colleague) -> None:
    one = Colleague(tenant.manager, manager.channel)
    names = [f"tenant.{tenant.id}", f"user.{one.user}", f"#server-to-user-{one.user}"]
    try:
        await one.connect(cluster.nodes[0].url)
        await one.subscribe(names[0], {})
        stage.check("a bare name is refused to who has not signed in", len(one.refusals) == 1, one.refusals)
        await one.sign_in()
        await eventually(lambda: one.is_signed_in, 10, "signed in with /broadcasting/user-auth")
        for name in names:
            await one.subscribe(name, {})
        await one.subscribe(f"user.{tenant.agent.id}", {})
        stage.check("signed in it hears its tenant and itself by them, and nobody else", len(one.refusals) == 2, one.refusals)
        client = HTTPClient(cluster.nodes[1].url)
        try:
            body = b'{"hk_status": "clean"}'
            answer = await client.request(
                "PATCH", f"/v1/rooms/{tenant.rooms[0]}", body=body,
                fields={"Content-Type": "application/json", "Idempotency-Key": "0197b7c0-0000-7000-8000-000000000001",
                        **tenant.manager.bearer()})
        finally:
            client.close()
        await eventually(lambda: one.events, 10, f"the tenant hears of a room; the answer was {answer.status}")
        heard = [(event["event"], event["channel"]) for event in one.events]
        stage.check("its frames carry the name that was subscribed", heard == [("RoomStatusChanged", names[0])], heard)
    finally:
        one.close()
