"""A session that is ended, a password that is changed, a token that expires, a user who is suspended or may do less: every node feels it."""

import asyncio
import time
import uuid

from harness import login
from harness.cluster import Cluster
from harness.http import Answer
from harness.login import SignedIn, call, sign_in
from harness.stage import Stage
from harness.subscriber import Subscriber, join_all
from harness.waiting import eventually, holds_throughout

# architecture 3: open sockets feel it within five seconds.
FELT_SECONDS = 5
REFUSED, COME_BACK = 4009, 4200


async def play(stage: Stage) -> None:
    async with stage.cluster([]) as cluster:
        await login.seed(cluster)
        for part in (
            ended_elsewhere, logged_out, password_changed, expired, suspended, permission_taken, suspended_in_database):
            await part(stage, cluster)


async def write(base: str, method: str, path: str, body: object, who: SignedIn) -> Answer:
    return await call(base, method, path, body, fields=who.bearer() | {"Idempotency-Key": str(uuid.uuid4())})


async def sockets(cluster: Cluster, who: SignedIn, token=None, channel: str = "") -> list[Subscriber]:
    """One at every node."""
    found = [
        Subscriber(who, [channel or who.channel], lambda url=node.url: url, token=token or who.token).start()
        for node in cluster.nodes]
    await join_all(found, 20)
    return found


async def leave(subscribers: list[Subscriber]) -> None:
    await asyncio.gather(*(one.leave() for one in subscribers))


async def ends(stage: Stage, what: str, subscribers: list[Subscriber], code: int, began: float) -> None:
    await eventually(lambda: all(one.losses for one in subscribers), 20, f"all sockets end: {what}")
    slowest = max(one.losses[0][0] for one in subscribers) - began
    stage.check(f"{what}: the sockets on all nodes end within {FELT_SECONDS} s", slowest <= FELT_SECONDS, f"{slowest:.2f} s")
    codes = {one.losses[0][1] for one in subscribers}
    stage.check(f"{what}: they are closed with {code}", codes == {code}, codes)


async def refuses(stage: Stage, what: str, cluster: Cluster, token: str, began: float, statuses=(401,)) -> None:
    async def is_refused() -> bool:
        answers = [await call(node.url, "GET", "/v1/me", fields={"Authorization": f"Bearer {token}"})
                   for node in cluster.nodes]
        return all(answer.status in statuses for answer in answers)
    await eventually(is_refused, 20, f"all nodes refuse the token: {what}")
    took = time.monotonic() - began
    stage.check(f"{what}: all nodes refuse the token within {FELT_SECONDS} s", took <= FELT_SECONDS, f"{took:.2f} s")


async def ended_elsewhere(stage: Stage, cluster: Cluster) -> None:
    email = "front_desk_agent@aegean.example"
    lost, kept = await sign_in(cluster.nodes[0].url, email), await sign_in(cluster.nodes[1].url, email)
    losing, keeping = await sockets(cluster, lost), await sockets(cluster, kept)
    began = time.monotonic()
    answer = await call(cluster.nodes[2].url, "DELETE", f"/v1/me/sessions/{lost.session}", fields=kept.bearer())
    stage.check("a session can be ended from another one", answer.status == 204, f"{answer.status} {answer.body[:200]!r}")
    await ends(stage, "ended from elsewhere", losing, REFUSED, began)
    await refuses(stage, "ended from elsewhere", cluster, lost.token(), began)
    stays = await holds_throughout(lambda: all(one.is_joined for one in keeping), 1)
    stage.check("the other session of the same user goes on", stays)
    await leave(losing + keeping)


async def logged_out(stage: Stage, cluster: Cluster) -> None:
    who = await sign_in(cluster.url, "room_attendant@aegean.example")
    there = await sockets(cluster, who)
    began = time.monotonic()
    answer = await call(cluster.nodes[1].url, "POST", "/v1/auth/logout", {"refresh_token": who.refresh_token},
                        fields=who.bearer())
    stage.check("one can log out", answer.status == 204, f"{answer.status} {answer.body[:200]!r}")
    await ends(stage, "logged out", there, REFUSED, began)
    await refuses(stage, "logged out", cluster, who.token(), began)
    await leave(there)


async def password_changed(stage: Stage, cluster: Cluster) -> None:
    email = "auditor@aegean.example"
    who, other = await sign_in(cluster.url, email), await sign_in(cluster.url, email)
    there = await sockets(cluster, who) + await sockets(cluster, other)
    began = time.monotonic()
    answer = await call(
        cluster.nodes[0].url, "POST", "/v1/auth/password",
        {"password": login.PASSWORD, "new_password": "another-cluster-password"}, fields=who.bearer())
    stage.check("a password can be changed", answer.status == 200, f"{answer.status} after {time.monotonic() - began:.2f} s")
    await ends(stage, "password changed", there, COME_BACK, began)
    await refuses(stage, "password changed", cluster, other.token(), began)
    await refuses(stage, "password changed, where it was", cluster, who.token(), began)
    again = await call(cluster.nodes[2].url, "GET", "/v1/me",
                       fields={"Authorization": f"Bearer {answer.json()['access_token']}"})
    stage.check("with the new token the session goes on", again.status == 200, again.status)
    await leave(there)


async def expired(stage: Stage, cluster: Cluster) -> None:
    who = await sign_in(cluster.url, "accountant@aegean.example")
    seconds = 6
    began = time.monotonic()
    token = who.short_token(seconds)
    there = await sockets(cluster, who, token=lambda: token)
    stays = await holds_throughout(lambda: all(one.is_joined for one in there), seconds - 2 - (time.monotonic() - began))
    stage.check("until a token expires its sockets stay", stays)
    await ends(stage, "expired", there, COME_BACK, began + seconds)
    await leave(there)


async def suspended(stage: Stage, cluster: Cluster) -> None:
    who = await sign_in(cluster.url, "maintenance_technician@aegean.example")
    owner = await sign_in(cluster.url, "tenant_owner@aegean.example")
    there, owners = await sockets(cluster, who), await sockets(cluster, owner)
    began = time.monotonic()
    answer = await write(cluster.nodes[1].url, "POST", f"/v1/users/{who.user}/suspend", {"reason": "lost a key"}, owner)
    stage.check("a user can be suspended", answer.status == 200, f"{answer.status} {answer.body[:200]!r}")
    await ends(stage, "suspended", there, REFUSED, began)
    await refuses(stage, "suspended", cluster, who.token(), began, statuses=(401, 403))
    stays = await holds_throughout(lambda: all(one.is_joined and not one.losses for one in owners), 1)
    stage.check("who suspended them goes on", stays)
    await leave(there + owners)


async def permission_taken(stage: Stage, cluster: Cluster) -> None:
    """Nobody hears of a hotel's money any more who has another task now; of what they may still hear they do."""
    who = await sign_in(cluster.url, "property_manager@aegean.example")
    owner = await sign_in(cluster.url, "tenant_owner@aegean.example")
    finance = f"{who.channel}.finance"
    losing, keeping = await sockets(cluster, who, channel=finance), await sockets(cluster, who)
    began = time.monotonic()
    roles = {"roles": [{"role": "room_attendant", "property_id": who.properties[0]}]}
    answer = await write(cluster.nodes[2].url, "PUT", f"/v1/users/{who.user}/roles", roles, owner)
    stage.check("a user can be given another role", answer.status == 200, f"{answer.status} {answer.body[:200]!r}")
    await ends(stage, "permission taken", losing + keeping, COME_BACK, began)
    await eventually(lambda: all(one.has_given_up for one in losing), 20, "all nodes refuse the channel")
    refused = all("403" in one.refusals[0] for one in losing)
    stage.check("permission taken: no node lets them into the channel again", refused, losing[0].refusals[:1])
    await eventually(lambda: all(one.is_joined for one in keeping), 20, "the other channel is joined again")
    stage.check("permission taken: what they may still hear they hear again", not any(one.refusals for one in keeping))
    await leave(losing + keeping)


async def suspended_in_database(stage: Stage, cluster: Cluster) -> None:
    """As an operator might do it, without any event."""
    who = await sign_in(cluster.url, "department_staff@aegean.example")
    for node in cluster.nodes:
        answer = await call(node.url, "GET", "/v1/me", fields=who.bearer())
        stage.check(f"{node.name} knows the user", answer.status == 200, answer.status)
    began = time.monotonic()
    await cluster.postgres.run(
        f"update bellhop.app_user set status = 'suspended' where email_key = '{who.email}'")
    await refuses(stage, "suspended in the database", cluster, who.token(), began, statuses=(401, 403))
