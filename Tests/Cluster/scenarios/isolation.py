"""One tenant's identity against everything of another: not found, and not a byte of the other's."""

import hmac
import itertools
import json
import re
import uuid
from collections.abc import Iterator

from harness import hotel, oracle
from harness.cluster import DOMAIN_KEY, Cluster
from harness.http import Answer, get
from harness.login import call
from harness.stage import Stage
from harness.subscriber import PATH, Subscriber, join_all
from harness.waiting import eventually
from harness.websocket import WebSocket
from harness.writers import Load

# Ends the session that asks, and so the rest of the scenario; it takes no id.
OWN_BUSINESS = {"logout"}


async def play(stage: Stage) -> None:
    ours, theirs = hotels = hotel.made(2, 4)
    async with stage.cluster(hotels, nodes=2) as cluster:
        # Something has happened there, and goes on happening.
        load = Load([theirs], lambda: cluster.url, writers=2, pause=0.1).start()
        witness = Subscriber(ours.manager, [ours.channel], lambda: cluster.nodes[1].url).start()
        try:
            await eventually(lambda: len(load.record.done) >= 20, 30, "20 commands of the other tenant are acknowledged")
            await join_all([witness], 20)
            await everything_served(stage, cluster, ours, theirs)
            await tokens(stage, cluster, ours, theirs)
            await channels(stage, cluster, ours, theirs)
            await sockets(stage, cluster, ours, theirs)
            record = await load.stop()
        finally:
            await load.abandon()
            await witness.leave()
        books = await oracle.read_books(cluster.postgres, hotels)
        strange = set(books[theirs.id].ops()) - record.begun
        stage.check("nothing was done at the other tenant", not strange, list(strange))
        stage.check("nothing was done at the own one by mistake", books[ours.id].head == 0, books[ours.id].head)
        stage.check("a subscriber of the own tenant heard nothing of the other", not witness.only.heard and not witness.faults,
                    witness.faults[:3])


def secrets(theirs: hotel.Tenant) -> list[str]:
    """What would show that something of theirs came out."""
    ids = [theirs.id, theirs.property, theirs.room_type, *theirs.rooms]
    for person in theirs.people:
        ids += [person.id, person.session, person.email]
    return [*ids, theirs.slug, f"Main house of {theirs.slug}"]


def shows(answer: Answer, theirs: hotel.Tenant, said: str) -> list[str]:
    """What of theirs is in an answer that was not in the question."""
    text = answer.body.decode(errors="replace") + str(answer.fields)
    return [secret for secret in secrets(theirs) if secret in text and secret not in said]


def without_request_id(answer: Answer) -> tuple[int, bytes]:
    return answer.status, re.sub(rb'"request_id":"[^"]*"', b"", answer.body)


# REST


async def everything_served(stage: Stage, cluster: Cluster, ours: hotel.Tenant, theirs: hotel.Tenant) -> None:
    document = (await get(f"{cluster.url}/openapi.json")).json()
    their_ids = [theirs.id, theirs.property, theirs.room_type, theirs.rooms[0], theirs.manager.id, theirs.manager.session]
    their_page = await call(cluster.url, "GET", "/v1/rooms?limit=1", fields=theirs.manager.bearer())
    cursor = their_page.json()["next"]
    stage.check("the other tenant has a cursor that could be stolen", bool(cursor))
    asked, leaks, differing, open_ones = 0, [], [], []
    calls = [
        (path, method, operation) for path, operations in document["paths"].items()
        for method, operation in operations.items() if operation["operationId"] not in OWN_BUSINESS]
    # Lists come first: what was tried and refused is told by the own audit, with the id that was tried.
    calls.sort(key=lambda one: one[1] != "get" or "{" in one[0])
    for path, method, operation in calls:
        for target, stranger, body, other_body in questions(path, method, operation, theirs, their_ids, cursor):
            # One token for both: what it says of itself is in some answers.
            bearer = ours.manager.bearer()
            answers = [
                await call(cluster.url, method.upper(), where, what,
                           fields=bearer | {"Idempotency-Key": str(uuid.uuid4())})
                for where, what in ((target, body), (stranger, other_body))]
            asked += 1
            said = target + json.dumps(body)
            if found := shows(answers[0], theirs, said):
                leaks.append(f"{method} {target} {body}: {answers[0].status} shows {found}")
            if without_request_id(answers[0]) != without_request_id(answers[1]):
                differing.append(
                    f"{method} {target} {body}: {answers[0].status} {answers[0].body[:150]!r}, an invented id "
                    f"{answers[1].status} {answers[1].body[:150]!r}")
            if "{" in path and answers[0].status not in (403, 404, 204, 400, 422):
                open_ones.append(f"{method} {target}: {answers[0].status}")
    stage.check("every operation was asked for what is another tenant's", asked > 30, asked)
    stage.check("not a byte of the other tenant came out", not leaks, "\n".join(leaks[:5]))
    stage.check("an id of the other tenant is answered as one that nobody has", not differing, "\n".join(differing[:5]))
    stage.check("no object of another tenant is there", not open_ones, "\n".join(open_ones[:5]))
    for person in theirs.people:
        mine = await call(cluster.url, "GET", "/v1/me", fields=person.bearer())
        stage.check(f"the session of the other tenant's {person.role} lives", mine.status == 200, mine.status)


def questions(
    path: str, method: str, operation: dict, theirs: hotel.Tenant, ids: list[str], cursor: str
) -> Iterator[tuple[str, str, object, object]]:
    """What to ask: with an id of theirs, and the same with one that nobody has."""
    def body(id_: str) -> object:
        if operation["operationId"] == "sendOperations":
            op = str(uuid.UUID(int=7))
            return [{"op_id": op, "effective_at": "2026-01-01T00:00:00.000Z", "call": f"PATCH /v1/rooms/{id_}",
                     "body": {"hk_status": "clean"}}]
        return {"hk_status": "clean"} if "requestBody" in operation else None

    invented = str(uuid.UUID(int=0x1234567890ABCDEF1234567890ABCDEF))
    if "{" in path:
        for id_ in ids:
            yield re.sub(r"\{[^}]*\}", id_, path), re.sub(r"\{[^}]*\}", invented, path), body(id_), body(invented)
        return
    if operation["operationId"] == "sendOperations":
        for id_ in ids:
            yield path, path, body(id_), body(invented)
        return
    yield path, path, body(""), body("")
    filters = [one["name"] for one in operation.get("parameters", []) if one["in"] == "query"]
    for name, id_ in itertools.product(filters, ids):
        yield f"{path}?{name}={id_}", f"{path}?{name}={invented}", None, None
    if "after" in filters and path != "/v1/events":
        # Its answer may well differ from that for a made-up one; that nothing comes out is looked at.
        yield f"{path}?after={cursor}", f"{path}?after={cursor}", None, None


async def tokens(stage: Stage, cluster: Cluster, ours: hotel.Tenant, theirs: hotel.Tenant) -> None:
    """Tokens that mix what is ours and theirs, well signed: they name a session that is not there."""
    usual = hotel.claims_of(ours.manager.token())
    mixed = {
        "the other tenant": {"tid": theirs.id}, "the other's user": {"sub": theirs.manager.id},
        "the other's session": {"sid": theirs.manager.session},
        "the other's user and session": {"sub": theirs.manager.id, "sid": theirs.manager.session},
        "the other's tenant and session": {"tid": theirs.id, "sid": theirs.manager.session},
        "the platform": {"tid": str(uuid.UUID(int=0))},
    }
    for what, claims in mixed.items():
        bearer = {"Authorization": f"Bearer {hotel.signed(usual | claims)}"}
        answers = [await call(cluster.url, "GET", path, fields=bearer) for path in ("/v1/me", "/v1/rooms", "/v1/events")]
        stage.check(f"a token with {what} is worth nothing", {answer.status for answer in answers} == {401},
                    [answer.status for answer in answers])


# Channels


def names(tenant: str, property_: str, user: str, thing: str) -> list[str]:
    """Every form of a channel's name."""
    at = f"tenant.{tenant}.property.{property_}"
    plain = [
        f"user.{user}", f"stay.{thing}", f"tenant.{tenant}", f"tenant.{tenant}.owners", f"tenant.{tenant}.managers",
        f"tenant.{tenant}.residents", at, f"{at}.dept.hk", f"{at}.frontdesk", f"{at}.kpi", f"{at}.kpi.revenue",
        f"{at}.finance", "system.admin",
    ]
    return (
        [f"private-{name}" for name in plain] + plain + [name.replace(".", ":") for name in plain]
        + [f"presence-{at}", f"presence-{at}.dept.hk", f"presence-thread.room.{thing}"]
        + [f"private-tenant.{tenant.upper()}", f"private-tenant.{tenant}.", f"private-tenant..{tenant}",
           f"Private-tenant.{tenant}", f"private-encrypted-tenant.{tenant}", f"private-cache-tenant.{tenant}",
           f"private-{at}.property.{property_}", f"private-#tenant.{tenant}"])


async def channels(stage: Stage, cluster: Cluster, ours: hotel.Tenant, theirs: hotel.Tenant) -> None:
    granted, leaks, differing = [], [], []
    invented = [str(uuid.UUID(int=number)) for number in range(10, 14)]
    foreign = names(theirs.id, theirs.property, theirs.manager.id, theirs.rooms[0])
    # Their property under our own tenant's name, too.
    foreign += names(ours.id, theirs.property, theirs.agent.id, theirs.rooms[0])[6:12]
    unknown = names(*invented)
    unknown += names(ours.id, invented[1], invented[2], invented[3])[6:12]
    for name, nobody in zip(foreign, unknown, strict=True):
        answers = []
        for channel in (name, nobody):
            answers.append(await call(
                cluster.url, "POST", "/broadcasting/auth", {"socket_id": "1.2", "channel_name": channel},
                fields=ours.manager.bearer()))
        if answers[0].status == 200 and theirs.id in name or b'"auth"' in answers[0].body:
            granted.append(f"{name}: {answers[0].body[:100]!r}")
        if shows(answers[0], theirs, name):
            leaks.append(name)
        if without_request_id(answers[0]) != without_request_id(answers[1]):
            differing.append(f"{name}: {answers[0].status}, {nobody}: {answers[1].status}")
    stage.check(f"no channel of another tenant is signed for ({len(foreign)} names)", not granted, "\n".join(granted[:5]))
    stage.check("no refusal shows anything of it", not leaks, leaks[:5])
    stage.check("a channel of another tenant is refused like one that is not", not differing, "\n".join(differing[:5]))


async def sockets(stage: Stage, cluster: Cluster, ours: hotel.Tenant, theirs: hotel.Tenant) -> None:
    """Signatures that are for something else, and positions in the other's stream."""
    heard: list[dict] = []
    ended: list[int | None] = []
    socket = await WebSocket.connect(
        cluster.nodes[0].url, PATH, lambda text: heard.append(json.loads(text)), ended.append)
    try:
        await eventually(lambda: heard, 10, "the connection is established")
        socket_id = json.loads(heard[0]["data"])["socket_id"]
        own = (await call(
            cluster.nodes[0].url, "POST", "/broadcasting/auth", {"socket_id": socket_id, "channel_name": ours.channel},
            fields=ours.manager.bearer())).json()
        elsewhere = (await call(
            cluster.nodes[0].url, "POST", "/broadcasting/auth", {"socket_id": "1.2", "channel_name": theirs.channel},
            fields=theirs.manager.bearer())).json()
        data = json.loads(own["channel_data"])
        changed = json.dumps({key: theirs.id if value == ours.id else value for key, value in data.items()})
        forged = hmac.digest(
            b"external-secret-external-secret", f"{socket_id}:{theirs.channel}:{own['channel_data']}".encode(), "sha256")
        wishes = [
            {"channel": theirs.channel},
            {"channel": theirs.channel, "auth": ""},
            {"channel": theirs.channel, **own},
            {"channel": theirs.channel, **elsewhere},
            {"channel": theirs.channel, "auth": own["auth"], "channel_data": changed},
            {"channel": ours.channel, "auth": own["auth"], "channel_data": changed},
            {"channel": theirs.channel, "auth": f"{DOMAIN_KEY}:{forged.hex()}", "channel_data": own["channel_data"]},
            {"channel": theirs.channel, "auth": f"external-key:{forged.hex()}", "channel_data": own["channel_data"]},
            {"channel": theirs.channel, **own, "since": 0, "epoch": 0},
            {"channel": f"private-tenant.{theirs.id}", **own, "since": 0},
        ]
        for wish in wishes:
            socket.send_text(json.dumps({"event": "pusher:subscribe", "data": wish}))
        await eventually(
            lambda: sum(one["event"] == "pusher:subscription_error" for one in heard) == len(wishes) or ended, 10,
            f"all {len(wishes)} wishes are refused: {heard[-3:]}")
        stage.check(f"none of {len(wishes)} borrowed or forged signatures opens a channel", not any(
            one["event"] == "pusher_internal:subscription_succeeded" for one in heard))
        # With the own signature it works, also from a position of the other's stream: that is a number like any other.
        epoch = (await oracle.read_books(cluster.postgres, [theirs]))[theirs.id].epoch
        socket.send_text(json.dumps({
            "event": "pusher:subscribe", "data": {"channel": ours.channel, **own, "since": 3, "epoch": epoch}}))
        await eventually(
            lambda: any(one["event"] == "bellhop:resync_required" for one in heard) or ended, 10,
            f"a position of another stream is not gone on from: {heard[-2:]}")
        told = [one for one in heard if "seq" in one and one["event"][0].isupper()]
        text = json.dumps(heard)
        found = [secret for secret in secrets(theirs) if secret in text and secret not in json.dumps(wishes)]
        stage.check("nothing of the other's stream was told", not told and not found, told[:2] + found[:3])
        stage.check("the connection was not closed for it", not ended, ended)
    finally:
        socket.abort()
