"""Section 10: what the HTTP API tells of channels and users, and `info` in answers to publishes."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from urllib.parse import quote

from kit.apps import COUNTED, PLAIN
from kit.socket import holds, same
from kit.trial import Trial, rule
from harness.http import Answer


async def asked(t: Trial, path: str, node: int = 0, app=None, **own: str) -> dict:
    answer = await (t.api(node, app) if app else t.api(node)).get(path, **own)
    same(answer.status, 200, answer.body)
    holds(answer.fields.get("content-type", "").startswith("application/json"), answer.fields)
    return answer.json()


async def becomes(ask: Callable[[], Awaitable[object]], wanted: object) -> None:
    """Asks until the answer is this; what happened at other nodes is known a moment later."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + 12
    while (found := await ask()) != wanted:
        holds(loop.time() < deadline, f"{found} instead of {wanted}")
        await asyncio.sleep(0.05)


async def channels(t: Trial, prefix: str, node: int = 0, **own: str) -> dict:
    return (await asked(t, "/channels", node, filter_by_prefix=prefix, **own))["channels"]


@rule("10", "GET channels tells the occupied ones of the cluster, by their prefix; each node says the same")
async def occupied_channels(t: Trial) -> None:
    kinds = {prefix: t.room(prefix) for prefix in ("", "private-", "cache-", "presence-")}
    sockets = await t.members(4)
    for socket, name in zip(sockets, kinds.values()):
        if name.startswith("presence-"):
            await socket.join(name, "7")
        else:
            await socket.subscribe(name)
    await t.api().publish(t.room(), "ev")
    for node in range(t.count):
        for prefix, name in kinds.items():
            await becomes(lambda: channels(t, name, node), {name: {}})
            everything = (await asked(t, "/channels", node))["channels"]
            holds(set(kinds.values()) <= set(everything), everything)
    for socket in sockets:
        socket.close()
    for node in range(t.count):
        for name in kinds.values():
            await becomes(lambda: channels(t, name, node), {})


@rule("10", "where there are none the channels are `{}`, not `[]`")
async def no_channels(t: Trial) -> None:
    for own in ({"filter_by_prefix": t.room()}, {"filter_by_prefix": "presence-" + t.room(), "info": "user_count"}):
        answer = await t.api().get("/channels", **own)
        same(answer.status, 200, answer.body)
        same(json.loads(answer.body), {"channels": {}})


@rule("10", "GET channels with user_count counts distinct users, and needs a prefix that begins with presence-")
async def channels_with_counts(t: Trial) -> None:
    name = t.room("presence-")
    sockets = await t.members(4)
    for socket, user in zip(sockets, ("1", "2", "2", "3")):
        await socket.join(name, user)
    for node in range(t.count):
        await becomes(lambda: channels(t, name, node, info="user_count"), {name: {"user_count": 3}})
    for own in ({"info": "user_count"}, {"info": "user_count", "filter_by_prefix": ""},
                {"info": "user_count", "filter_by_prefix": "private-"}, {"info": "user_count", "filter_by_prefix": "presence"}):
        same((await t.api().get("/channels", **own)).status, 400, own)
    found = (await asked(t, "/channels", filter_by_prefix="presence-", info="user_count"))["channels"]
    same(found[name], {"user_count": 3})
    holds(all(channel.startswith("presence-") for channel in found), found)


@rule("10", "GET channel says whether it is occupied anywhere; an unoccupied one is 200 with false")
async def one_channel(t: Trial) -> None:
    name = t.room("private-")
    same(await asked(t, f"/channels/{name}"), {"occupied": False})
    socket = await t.open(1)
    await socket.subscribe(name)
    for node in range(t.count):
        await becomes(lambda: asked(t, f"/channels/{name}", node), {"occupied": True})
    socket.leave(name)
    for node in range(t.count):
        await becomes(lambda: asked(t, f"/channels/{name}", node), {"occupied": False})


@rule("10", "GET channel with info: user_count of a presence channel, subscription_count of others, 400 for user_count there")
async def one_channel_info(t: Trial) -> None:
    name, presence = t.room("private-"), t.room("presence-")
    sockets = await t.members(3, COUNTED)
    for socket, user in zip(sockets, ("1", "2", "2")):
        await socket.subscribe(name)
        await socket.join(presence, user)
    for node in range(t.count):
        await becomes(
            lambda: asked(t, f"/channels/{name}", node, COUNTED, info="subscription_count"),
            {"occupied": True, "subscription_count": 3})

        async def of_presence() -> dict:
            found = await asked(t, f"/channels/{presence}", node, COUNTED, info="user_count")
            return {key: found[key] for key in ("occupied", "user_count")}
        await becomes(of_presence, {"occupied": True, "user_count": 2})
    for channel in (name, t.room(), t.room("cache-"), t.room("private-encrypted-")):
        for info in ("user_count", "subscription_count,user_count"):
            same((await t.api(app=COUNTED).get(f"/channels/{channel}", info=info)).status, 400, f"{channel} {info}")
    same((await asked(t, f"/channels/{t.room('presence-')}", info="user_count")).get("occupied"), False)


@rule("10", "GET channel with cache tells data and ttl of the last event, or null")
async def channel_cache(t: Trial) -> None:
    for prefix in ("cache-", "private-cache-", "presence-cache-"):
        name = t.room(prefix)
        same((await asked(t, f"/channels/{name}", info="cache")).get("cache", "missing"), None)
        await t.api().publish(name, "ev", '{"n":1.0}')
        for node in range(t.count):
            cache = (await asked(t, f"/channels/{name}", node, info="cache"))["cache"]
            same(sorted(cache), ["data", "ttl"])
            same(cache["data"], '{"n":1.0}')
            holds(0 < cache["ttl"] <= 1800, cache)


@rule("10", "GET users tells the distinct users of a presence channel, of an unoccupied one none, and is 400 of others")
async def channel_users(t: Trial) -> None:
    name = t.room("presence-")
    same(await asked(t, f"/channels/{name}/users"), {"users": []})
    sockets = await t.members(4)
    for socket, user in zip(sockets, ('"1"', "2", '"2"', '"a b"')):
        await socket.subscribe(name, '{"user_id":%s,"user_info":{"x":1}}' % user)

    async def ids(node: int) -> list:
        found = await asked(t, f"/channels/{name}/users", node)
        holds(all(sorted(one) == ["id"] for one in found["users"]), found)
        return sorted(one["id"] for one in found["users"])
    for node in range(t.count):
        await becomes(lambda: ids(node), ["1", "2", "a b"])
    for other in (t.room(), t.room("private-"), t.room("cache-"), "presencex"):
        same((await t.api().get(f"/channels/{other}/users")).status, 400, other)


@rule("10", "names of a path may be encoded or not; the signature is over either form")
async def encoded_names(t: Trial) -> None:
    name = t.room("private-") + "-a@b,c;d=e.f"
    socket = await t.open()
    await socket.subscribe(name)
    api = t.api()
    plain, encoded = api.path(f"/channels/{name}"), api.path(f"/channels/{quote(name, safe='')}")
    for signed, sent in ((plain, plain), (plain, encoded), (encoded, encoded)):
        answer = await api.call("GET", signed, sends=sent)
        same((answer.status, answer.body.strip()[:40]), (200, b'{"occupied":true}'), f"signed {signed} sent {sent}")


@rule("10", "names that are none are refused with 400 or 404")
async def bad_name_in_path(t: Trial) -> None:
    api = t.api()
    for name in ("a%20b", "%C3%A9", "a%3Ab", "x" * 165, "%23x"):
        answer = await api.call("GET", api.path(f"/channels/{name}"))
        holds(answer.status in (400, 404), f"{name[:20]}: {answer.status}")


@rule("10", "what one app asks for tells nothing of another")
async def queries_scoped(t: Trial) -> None:
    name, presence = t.room(), t.room("presence-")
    socket = await t.open()
    await socket.subscribe(name)
    await socket.join(presence, "7")
    await becomes(lambda: channels(t, name), {name: {}})
    same(await asked(t, f"/channels/{name}", app=PLAIN), {"occupied": False})
    same((await asked(t, "/channels", app=PLAIN, filter_by_prefix=name))["channels"], {})
    same(await asked(t, f"/channels/{presence}/users", app=PLAIN), {"users": []})


def info_of(answer: Answer) -> dict:
    same(answer.status, 200, answer.body)
    return answer.json()


@rule("10", "a publish with info tells the counts of its channels")
async def publish_info(t: Trial) -> None:
    presence, private, empty = t.room("presence-"), t.room("private-"), t.room()
    sockets = await t.members(3, COUNTED)
    for socket, user in zip(sockets, ("1", "2", "2")):
        await socket.join(presence, user)
        await socket.subscribe(private)
    await becomes(lambda: asked(t, f"/channels/{private}", 0, COUNTED, info="subscription_count"),
                  {"occupied": True, "subscription_count": 3})

    async def published(names: list[str], info: str) -> dict:
        return info_of(await t.api(app=COUNTED).post(
            "/events", {"name": "ev", "data": "{}", "channels": names, "info": info}))
    await becomes(lambda: published([presence], "user_count"), {"channels": {presence: {"user_count": 2}}})
    same(await published([private, empty], "subscription_count"),
         {"channels": {private: {"subscription_count": 3}, empty: {"subscription_count": 0}}})
    found = (await published([private, presence], "subscription_count"))["channels"]
    same(found[private], {"subscription_count": 3})
    holds(presence in found, found)


@rule("10", "user_count of a channel that is no presence channel is 400, and nothing is published")
async def publish_info_refused(t: Trial) -> None:
    name = t.room("private-")
    (socket,) = await t.audience(name, 1)
    for body in ({"channel": name, "info": "user_count"}, {"channels": [name], "info": "subscription_count,user_count"},
                 {"channels": [t.room("presence-"), name], "info": "user_count"}):
        answer = await t.api().post("/events", {"name": "ev", "data": "{}", **body})
        same(answer.status, 400, body)
    event = {"name": "ev", "data": "{}", "channel": name}
    same((await t.api().batch([event, {**event, "info": "user_count"}])).status, 400)
    same([one.text for one in (await t.mark(name, [socket]))[0]], [])


@rule("10", "a batch with info is answered with one object per event, in their order")
async def batch_info(t: Trial) -> None:
    presence, private, none = t.room("presence-"), t.room("private-"), t.room()
    (socket,) = await t.members(1, COUNTED)
    await socket.join(presence, "1")
    await socket.subscribe(private)
    await becomes(lambda: asked(t, f"/channels/{private}", 0, COUNTED, info="subscription_count"),
                  {"occupied": True, "subscription_count": 1})
    events = [
        {"channel": none, "name": "a", "data": "{}"},
        {"channel": presence, "name": "b", "data": "{}", "info": "user_count"},
        {"channel": private, "name": "c", "data": "{}", "info": "subscription_count"},
        {"channel": none, "name": "d", "data": "{}"},
    ]
    async def published() -> dict:
        return info_of(await t.api(app=COUNTED).batch(events))
    await becomes(published, {"batch": [{}, {"user_count": 1}, {"subscription_count": 1}, {}]})
